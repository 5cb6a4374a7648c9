"""What passes on the bus of a live stack is printed as it passes."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from end_to_end.commands.command_line import COMMAND, write_ready_file
from lookalike.keys import inbox_key
from support.deployed import Api
from support.photos.photographs import photograph


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_events_are_followed_until_interrupted(
    api: Api, shared_type: str, tmp_path: Path, number: signal.Signals
) -> None:
    ready = write_ready_file(api, tmp_path / "ready.json")
    rules = api.stack.client("events")
    before = {rule["Name"] for rule in rules.list_rules()["Rules"]}
    with subprocess.Popen(
        [COMMAND, "events", "--follow", "--stack", ready],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as following:
        assert following.stdout
        assert following.stderr
        assert following.stderr.readline() == "listening\n"
        keys = [inbox_key(shared_type, f"followed-{photo}.png") for photo in range(2)]
        for key in keys:
            api.s3.put_object(Bucket=api.stack.work_bucket, Key=key, Body=photograph(2))
        told: set[str] = set()
        while not set(keys) <= told:
            event = json.loads(following.stdout.readline())
            told.add(event["detail"].get("photo"))
        following.send_signal(number)
        assert following.wait(timeout=60) == 0
    assert {rule["Name"] for rule in rules.list_rules()["Rules"]} == before
