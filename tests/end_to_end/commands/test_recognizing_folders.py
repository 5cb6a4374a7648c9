"""Whole folders are recognised by one command, by the API or by the inbox; answers go to a file."""

import csv
import json
from pathlib import Path

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from support.deployed import Api
from support.photos.photographs import photograph


@pytest.fixture(scope="module")
def stack(api: Api, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_ready_file(api, tmp_path_factory.mktemp("ready") / "ready.json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of subject 1 and 2, and what is no photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for subject in (1, 2):
        for shot in range(3):
            (folder / f"{subject}-{shot}.png").write_bytes(photograph(subject, 10 * subject + shot))
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.mark.parametrize("way", [["--no-append"], ["--inbox"]], ids=["API", "inbox"])
def test_a_folder_is_written_to_a_table(stack: str, built_type: str, folder: Path, way: list[str]) -> None:
    out = folder / "answers.csv"
    done = lookalike("recognize", built_type, str(folder), "--out", str(out), "--stack", stack, *way)
    rows = {Path(row["photo"]).name: row for row in csv.DictReader(out.read_text("utf-8").splitlines())}
    assert sorted(rows) == sorted(path.name for path in folder.glob("*.png"))
    matches = sum(row["match"] == "True" for row in rows.values())
    assert f"{matches} of 6 photos match" in done.stdout
    assert all(rows[f"1-{shot}.png"]["nearest"] for shot in range(3))
    assert "notes.txt" in done.stderr


def test_json_lines_have_all_that_the_api_answers(stack: str, shared_type: str, folder: Path) -> None:
    out = folder / "answers.jsonl"
    photo = str(folder / "1-0.png")
    lookalike("recognize", shared_type, photo, "--no-append", "--out", str(out), "--stack", stack)
    (line,) = out.read_text("utf-8").splitlines()
    answer = json.loads(line)
    assert answer["photo"] == photo
    assert {"match", "score", "threshold_source", "nearest", "model"} <= answer.keys()


def test_a_photo_that_the_inbox_refuses_is_told_with_the_reason(stack: str, tmp_path: Path) -> None:
    photo = tmp_path / "1.png"
    photo.write_bytes(photograph(1))
    done = lookalike("recognize", "no-such-type", str(photo), "--inbox", "--stack", stack)
    assert done.returncode == 1
    assert "there is no type 'no-such-type'" in done.stdout


def test_what_can_not_be_asked_for_is_wrong_use(stack: str, folder: Path, tmp_path: Path) -> None:
    for wrong in (
        [str(tmp_path / "none.png")],
        [str(folder), "--out", str(folder / "answers.txt")],
        [str(folder), "--inbox", "--no-append"],
    ):
        done = lookalike("recognize", "shared-type", *wrong, "--stack", stack)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
