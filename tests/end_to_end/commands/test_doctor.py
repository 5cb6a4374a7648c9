"""`lookalike doctor` looks at each part, and says what to do."""

import json
from pathlib import Path

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from support.deployed import Api, eventually
from support.encodings.thumbnail_model import save_thumbnail_model


@pytest.fixture
def stack(api: Api, tmp_path: Path) -> str:
    return str(write_ready_file(api, tmp_path / "ready.json"))


def parts(text: str) -> dict[str, str]:
    """What each part's line says, by the part."""
    lines = (line[6:].partition(": ") for line in text.splitlines() if not line.startswith(" "))
    return {part: found for part, _, found in lines}


def test_each_part_is_told_and_all_is_well(api: Api, stack: str, model_dir: Path) -> None:
    done = lookalike("doctor", "--stack", stack, "--model", str(model_dir))
    told = parts(done.stdout)
    assert list(told) == [
        "Python",
        "torch",
        "model",
        "credentials",
        "region",
        "stack",
        "queue",
        "dead letters",
        "inbox",
        "inbox's dead letters",
        "stack's model",
    ]
    assert done.returncode == 0, done.stdout
    assert told["queue"].endswith("waiting or being worked on")
    assert api.stack.api_url in told["stack"]
    assert told["credentials"] == "by the stack's ready file"


def test_the_queue_of_a_quiet_stack_is_empty(api: Api, stack: str) -> None:
    # A sweep or the gallery's refresh may send a message between any two looks.
    def found() -> str:
        api.wait_until_quiet()
        return parts(lookalike("doctor", "--stack", stack).stdout)["queue"]

    eventually(lambda: found().startswith("0 "))


def test_dead_letters_are_told_with_what_to_do(api: Api, stack: str, model_dir: Path) -> None:
    sqs = api.stack.client("sqs")
    sqs.send_message(QueueUrl=api.stack.dead_letter_queue_url, MessageBody=json.dumps({"rebuild": "nut"}))
    done = lookalike("doctor", "--stack", stack, "--model", str(model_dir))
    sqs.purge_queue(QueueUrl=api.stack.dead_letter_queue_url)
    assert done.returncode == 1
    assert parts(done.stdout)["dead letters"] == "1"
    assert "lookalike redrive" in done.stdout


def test_a_local_model_that_is_another_than_the_stacks_is_told(stack: str, tmp_path: Path) -> None:
    other = save_thumbnail_model(tmp_path / "other")
    done = lookalike("doctor", "--stack", stack, "--model", str(other))
    assert done.returncode == 1
    assert "here it is thumbnail-1" in parts(done.stdout)["stack's model"]
    assert "stand-in, not CLIP" in done.stdout


def test_without_model_credentials_region_and_stack_each_is_told_with_what_to_do(tmp_path: Path) -> None:
    done = lookalike("doctor", folder=tmp_path)
    assert done.returncode == 1
    told = parts(done.stdout)
    assert (told["credentials"], told["region"]) == ("none", "none")
    for advice in ("make model", "aws configure", "AWS_REGION", "make deploy", "lookalike local"):
        assert advice in done.stdout
    assert "Traceback" not in done.stderr
