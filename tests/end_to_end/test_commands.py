"""People's commands work against a live stack, and say in one line why they can't."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployed import Api

COMMAND = Path(sys.executable).with_name("lookalike")


def lookalike(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(  # noqa: S603 (our own program)
        [COMMAND, *arguments],
        env=env | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def ready_file(api: Api, tmp_path: Path) -> Path:
    names = ("api_url", "bucket", "endpoint_url", "region")
    path = tmp_path / "ready.json"
    path.write_text(json.dumps({name: getattr(api.stack, name) for name in names}))
    return path


def test_types_are_rebuilt_by_name(ready_file: Path, built_type: str) -> None:
    done = lookalike("rebuild", built_type, "--stack", str(ready_file))
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stdout


def test_all_types_are_rebuilt(ready_file: Path, api: Api, built_type: str) -> None:
    done = lookalike("rebuild", "--all", "--stack", str(ready_file))
    assert done.returncode == 0, done.stderr
    assert api.type(built_type)["up_to_date"]


def test_there_are_no_old_encodings_before_an_upgrade(ready_file: Path, api: Api, built_type: str) -> None:
    before = api.objects()
    done = lookalike("remove-old-encodings", "--stack", str(ready_file), "--yes")
    assert done.returncode == 0, done.stderr
    assert "no encodings but those of the model that is running" in done.stdout
    assert api.objects() == before
    assert api.type(built_type)["encodings"] == 3


def test_a_type_that_is_not_there_is_named(ready_file: Path) -> None:
    done = lookalike("rebuild", "no-such-type", "--stack", str(ready_file))
    assert done.returncode == 1
    assert done.stderr.startswith("lookalike: ")
    assert "no-such-type" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("stack", "environment", "told"),
    [
        ("lookalike", {}, "region"),
        ("lookalike", {"AWS_REGION": "eu-central-1"}, "credentials"),
        (__file__, {}, "is no ready file"),
    ],
)
def test_a_stack_that_can_not_be_found_is_told_why(
    stack: str, environment: dict[str, str], told: str
) -> None:
    done = lookalike("rebuild", "--all", "--stack", stack, **environment)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_rebuilding_nothing_is_told_what_to_name() -> None:
    done = lookalike("rebuild")
    assert done.returncode == 2
    assert "--all" in done.stderr
