"""Scripts can use the commands: exit statuses, and JSON on standard output and nothing else."""

import json
from pathlib import Path

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from support.deployed import Api
from support.photos.photographs import photograph


@pytest.fixture
def stack(api: Api, tmp_path: Path) -> str:
    return str(write_ready_file(api, tmp_path / "ready.json"))


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    """A photo that matches the built type, one that does not, and a file that is no photo."""
    contents = {"right.png": photograph(1, 9), "wrong.png": photograph(2), "text.png": b"no photo"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return [str(tmp_path / name) for name in contents]


@pytest.mark.parametrize(("count", "status"), [(1, 0), (2, 1), (3, 1)])
def test_recognizing_is_0_if_all_photos_match(
    stack: str, built_type: str, photos: list[str], count: int, status: int
) -> None:
    done = lookalike("recognize", built_type, *photos[:count], "--no-append", "--stack", stack)
    assert done.returncode == status, done.stderr


def test_answers_come_as_json_with_the_photo_that_each_is_about(
    stack: str, built_type: str, photos: list[str]
) -> None:
    done = lookalike("recognize", built_type, *photos, "--no-append", "--json", "--stack", stack)
    right, wrong, text = json.loads(done.stdout)
    assert [answer["photo"] for answer in (right, wrong, text)] == photos
    assert (right["match"], wrong["match"]) == (True, False)
    assert text["statusCode"] == 415


def test_types_come_as_json(stack: str, built_type: str) -> None:
    done = lookalike("types", "--json", "--stack", stack)
    (state,) = (each for each in json.loads(done.stdout) if each["type_id"] == built_type)
    assert (state["origins"], state["up_to_date"]) == (
        {"uploaded": 3, "recognized": 0, "counterexample": 0},
        True,
    )


def test_thresholds_come_as_json(stack: str, built_type: str, shared_type: str, tmp_path: Path) -> None:
    arguments = ("calibrate", built_type, shared_type, "--far", "0.4", "--json", "--stack", stack)
    done = lookalike(*arguments, folder=tmp_path)
    result = json.loads(done.stdout)
    assert [each["type_id"] for each in result["types"]] == [built_type, shared_type]
    assert result["far"] == 0.4
    assert all(0 <= each["threshold"] <= 1 for each in result["types"])


def test_wrong_use_is_2_and_a_stack_out_of_reach_3(stack: str, photos: list[str], tmp_path: Path) -> None:
    assert lookalike("recognize", "no-such-type", photos[0], "--stack", stack).returncode == 2
    assert lookalike("recognize", "--no-such-option").returncode == 2
    ready = json.loads(Path(stack).read_text())
    gone = tmp_path / "gone.json"
    gone.write_text(json.dumps(ready | {"endpoint_url": "http://127.0.0.1:9"}))
    done = lookalike("types", "--stack", str(gone))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
