"""What exporting says when the Hugging Face hub does not have the model, or does not answer."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def export_from_hub(endpoint: str, folder: Path) -> str:
    """Export in a process of its own, since the hub's address is read at import; return its error."""
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from lookalike_tools.export.exporter import export_model\n"
        "from lookalike_tools.export.source import ExportError\n"
        "start = time.monotonic()\n"
        "try:\n"
        "    export_model('clip-ViT-B-32', 'fp32', Path(sys.argv[1]))\n"
        "except ExportError as error:\n"
        "    assert time.monotonic() - start < 5\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(folder / "model")],
        env=os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "cache"), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert not (folder / "model").exists()
    return result.stdout


class EmptyHub(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def empty_hub() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyHub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_hub_out_of_reach_is_told_in_one_line_at_once(tmp_path: Path) -> None:
    error = export_from_hub("http://127.0.0.1:9", tmp_path)
    assert "the Hugging Face hub can't be reached" in error
    assert error.count("\n") == 1


def test_a_name_that_the_hub_does_not_know_is_told(empty_hub: str, tmp_path: Path) -> None:
    error = export_from_hub(empty_hub, tmp_path)
    assert "neither a folder here nor a model on the Hugging Face hub" in error
    assert error.count("\n") == 1
