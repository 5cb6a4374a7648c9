"""Tables of commands are whole in a terminal of 80 columns."""

from pathlib import Path

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from support.deployed import Api
from support.photos.photographs import photograph

NAMES = [f"an-adjustable-open-end-spanner-with-a-long-name-{size}" for size in ("06mm", "08mm")]


@pytest.fixture(scope="module")
def stack(api: Api, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A stack with two types of long names, and few photos."""
    for subject, name in enumerate(NAMES):
        for shot in range(3):
            api.upload(name, f"{shot}.png", photograph(700 + subject, shot))
        settings = {"title": f"Spanner, long [{name[-4:]}]", "threshold": 0.9, "vouch": "uploaded"}
        assert api.call("PUT", f"/types/{name}/settings", json=settings).status_code == 200
    for name in NAMES:
        api.wait_until_built(name, 3)
    return str(write_ready_file(api, tmp_path_factory.mktemp("narrow") / "ready.json"))


def test_types_are_listed_whole(stack: str) -> None:
    done = lookalike("types", "--stack", stack, environment={"COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    headings, *_ = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert headings == ["type", "title", "settings", "uploaded", "recognized", "rejected"]
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_calibrating_warns_once_below_a_table_that_is_whole(stack: str, tmp_path: Path) -> None:
    arguments = ("calibrate", *NAMES, "--far", "0.001", "--stack", stack)
    done = lookalike(*arguments, folder=tmp_path, environment={"COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "type threshold false accepts true accepts" in text
    assert text.count("too few for 0.10% false accepts") == 1
    assert "999 photos are needed" in text
    assert text.count("of its own are too few") == 1
    assert "…" not in done.stdout
