"""What exporting says when the Hugging Face hub does not have the model, or does not answer."""

import http.server
import os
import subprocess
import sys
import threading
from ast import literal_eval
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow


# In a process of its own, since the hub's address is read at import. That takes seconds: both tests share it.
EXPORT_TWICE = """
import sys, time
from pathlib import Path
from lookalike_tools.export.exporter import export_model
from lookalike_tools.export.source import ExportError
for _ in range(2):
    start = time.monotonic()
    try:
        export_model("clip-ViT-B-32", "fp32", Path(sys.argv[1]))
    except ExportError as error:
        assert time.monotonic() - start < 5
        print(repr(str(error)), flush=True)
    input()
"""


class EmptyHub(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Errors(NamedTuple):
    of_an_empty_hub: str
    of_none: str


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    """What exporting says of a hub that knows no model, and then of one that is gone."""
    folder = tmp_path_factory.mktemp("hub")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyHub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORT_TWICE, str(folder / "model")],
            env=os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "cache"), "NO_PROXY": "*"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        of_an_empty_hub = process.stdout.readline()
        server.shutdown()
    of_none, _ = process.communicate("\n\n", timeout=120)
    assert process.returncode == 0
    assert not (folder / "model").exists()
    return Errors(literal_eval(of_an_empty_hub), literal_eval(of_none))


def test_a_hub_out_of_reach_is_told_in_one_line_at_once(errors: Errors) -> None:
    assert "the Hugging Face hub can't be reached" in errors.of_none
    assert "\n" not in errors.of_none


def test_a_name_that_the_hub_does_not_know_is_told(errors: Errors) -> None:
    assert "neither a folder here nor a model on the Hugging Face hub" in errors.of_an_empty_hub
    assert "\n" not in errors.of_an_empty_hub
