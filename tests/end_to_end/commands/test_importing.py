"""What is imported keeps its name, and what is not is told."""

from pathlib import Path
from uuid import uuid4

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from support.deployed import Api
from support.photos.photographs import photograph


@pytest.fixture
def stack(api: Api, tmp_path: Path) -> str:
    return str(write_ready_file(api, tmp_path / "ready.json"))


def test_a_folder_with_a_space_becomes_a_type_with_a_title(api: Api, stack: str, tmp_path: Path) -> None:
    name = f"hard hats {uuid4().hex[:8]}"
    (tmp_path / "photos" / name).mkdir(parents=True)
    (tmp_path / "photos" / name / "1.png").write_bytes(photograph(1))
    done = lookalike("import", str(tmp_path / "photos"), "--stack", stack)
    assert done.returncode == 0, done.stdout + done.stderr
    type_id = name.replace(" ", "-")
    assert f"'{name}' is the type {type_id}." in done.stdout
    assert api.type(type_id)["settings"] == {"title": name}
    assert name in lookalike("types", "--stack", stack, environment={"COLUMNS": "200"}).stdout


def test_what_was_asked_for_and_not_done_is_an_exit_status(stack: str, tmp_path: Path) -> None:
    type_id = f"type-{uuid4().hex[:12]}"
    for folder in (type_id, "螺丝", "empty"):
        (tmp_path / "photos" / folder).mkdir(parents=True)
    for folder in (type_id, "螺丝"):
        (tmp_path / "photos" / folder / "1.png").write_bytes(photograph(1))
    done = lookalike("import", str(tmp_path / "photos"), "--stack", stack)
    assert done.returncode == 1
    assert "1 photos of 1 types put" in done.stdout
    assert "empty: no photos in it" in done.stdout
    assert "螺丝: a type's name needs a letter" in done.stdout
