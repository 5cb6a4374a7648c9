"""People's commands work against a live stack, and say in one line why they can't."""

import json
from pathlib import Path

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from lookalike.keys import encodings_key
from support.deployed import Api


@pytest.fixture
def ready_file(api: Api, tmp_path: Path) -> Path:
    return write_ready_file(api, tmp_path / "ready.json")


def test_types_are_rebuilt_by_name(ready_file: Path, built_type: str) -> None:
    done = lookalike("rebuild", built_type, "--stack", str(ready_file))
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stdout


def delete_encodings(api: Api, type_id: str) -> str:
    """Delete a type's encodings while nothing builds them; their key."""
    api.wait_until_quiet()
    (encodings,) = (key for key in api.objects() if key.endswith(f"/{type_id}.safetensors"))
    api.s3.delete_object(Bucket=api.stack.work_bucket, Key=encodings)
    return encodings


def test_all_types_are_rebuilt(ready_file: Path, api: Api, built_type: str) -> None:
    encodings = delete_encodings(api, built_type)
    done = lookalike("rebuild", "--all", "--stack", str(ready_file))
    assert done.returncode == 0, done.stderr
    assert encodings in api.objects()
    state = api.type(built_type)
    assert (state["up_to_date"], state["encodings"]) == (True, 3)


def test_dead_letters_are_redriven(ready_file: Path, api: Api, built_type: str) -> None:
    delete_encodings(api, built_type)
    dead_letter = json.dumps({"rebuild": built_type})
    sqs = api.stack.client("sqs")
    sqs.send_message(QueueUrl=api.stack.dead_letter_queue_url, MessageBody=dead_letter)
    sqs.send_message(QueueUrl=api.stack.inbox_dead_letter_queue_url, MessageBody='{"Event": "s3:TestEvent"}')
    done = lookalike("redrive", "--stack", str(ready_file))
    assert done.returncode == 0, done.stderr
    assert "moved back to the queue: 1" in done.stdout
    assert "moved back to the inbox's queue: 1" in done.stdout
    api.wait_until_built(built_type, 3)


def test_there_are_no_old_encodings_before_an_upgrade(ready_file: Path, api: Api, built_type: str) -> None:
    before = api.objects()
    done = lookalike("remove-old-encodings", "--stack", str(ready_file), "--yes")
    assert done.returncode == 0, done.stderr
    assert "no encodings but those of the model that is running" in done.stdout
    assert api.objects() == before
    assert api.type(built_type)["encodings"] == 3


def test_encodings_of_another_model_are_removed_and_nothing_else(
    ready_file: Path, api: Api, built_type: str
) -> None:
    api.wait_until_quiet()
    before = api.objects()
    old = encodings_key("other-model", built_type)
    api.s3.put_object(Bucket=api.stack.work_bucket, Key=old, Body=b"of a model that is gone")
    assert api.objects().keys() == {*before, old}
    done = lookalike("remove-old-encodings", "--stack", str(ready_file), "--yes")
    assert done.returncode == 0, done.stderr
    assert "encodings of 1 types by other-model removed" in done.stdout
    assert api.objects() == before


def test_a_type_that_is_not_there_is_named(ready_file: Path) -> None:
    done = lookalike("rebuild", "no-such-type", "--stack", str(ready_file))
    assert done.returncode == 2
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
    done = lookalike("rebuild", "--all", "--stack", stack, environment=environment)
    assert done.returncode == (2 if "ready file" in told else 3)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_rebuilding_nothing_is_told_what_to_name() -> None:
    done = lookalike("rebuild")
    assert done.returncode == 2
    assert "--all" in done.stderr
