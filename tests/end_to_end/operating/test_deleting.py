"""A stack is deleted: what can be made again goes, what people gave stays and moves into another stack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from end_to_end.commands.command_line import lookalike, write_ready_file
from lookalike.keys import Folder, image_key, settings_key
from lookalike_tools.live.deleting import delete_stack
from lookalike_tools.live.stack import Stack
from lookalike_tools.local.stack import local_stack
from support.deployed import Api
from support.photos.photographs import photograph

TYPE = "hex-nut"


@pytest.fixture
def own_api(model_dir: Path) -> Iterator[Api]:
    """A stack of its own: it is deleted."""
    with local_stack(model_dir) as stack:
        yield Api(stack, stack.emulator)


def status(api: Api) -> str:
    try:
        (described,) = api.stack.client("cloudformation").describe_stacks(StackName=api.stack.name)["Stacks"]
    except ClientError:
        return "GONE"
    return str(described["StackStatus"])


def exists(api: Api, bucket: str) -> bool:
    return bucket in [each["Name"] for each in api.s3.list_buckets()["Buckets"]]


def test_the_work_bucket_goes_with_the_stack_and_photos_stay(own_api: Api, tmp_path: Path) -> None:
    key = own_api.upload(TYPE, "1.png", photograph(1))
    own_api.wait_until_built(TYPE, 1)
    ready = write_ready_file(own_api, tmp_path / "ready.json")
    refused = lookalike("delete", "--stack", str(ready))
    assert refused.returncode == 1
    assert f"settings in {own_api.stack.bucket} stay" in refused.stdout
    assert own_api.type(TYPE)["up_to_date"]

    done = lookalike("delete", "--stack", str(ready), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"stay in the bucket {own_api.stack.bucket}" in done.stdout
    assert f"lookalike import s3://{own_api.stack.bucket}" in done.stdout
    assert status(own_api) == "GONE"
    assert not exists(own_api, own_api.stack.work_bucket)
    body = own_api.s3.get_object(Bucket=own_api.stack.bucket, Key=key)["Body"].read()
    assert body == photograph(1)


class KeepsFullBuckets:
    """CloudFormation as it is on AWS: it deletes no bucket that holds anything, nor the stack of one."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.real = stack, stack.client("cloudformation")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def delete_stack(self, **arguments: Any) -> None:
        listed = self.stack.client("s3").list_objects_v2(Bucket=self.stack.work_bucket)
        self.failed = listed["KeyCount"] > 0
        if not self.failed:
            self.real.delete_stack(**arguments)

    def get_waiter(self, name: str) -> Any:
        return self if self.failed else self.real.get_waiter(name)

    def wait(self, **_: Any) -> None:
        raise WaiterError("StackDeleteComplete", "DELETE_FAILED", {})


@dataclass(frozen=True)
class OnAws(Stack):
    """A stack whose CloudFormation keeps full buckets."""

    def client(self, service: str) -> Any:
        return (
            KeepsFullBuckets(self.on_this_machine())
            if service == "cloudformation"
            else super().client(service)
        )

    def on_this_machine(self) -> Stack:
        return Stack(**vars(self))


def test_what_is_written_after_the_bucket_was_emptied_is_removed_by_another_try(own_api: Api) -> None:
    """As by a function that is not yet gone."""
    names = [field.name for field in fields(Stack)]
    stack = OnAws(**{name: getattr(own_api.stack, name) for name in names})
    doings = delete_stack(stack, poll_seconds=1)
    emptying, deleting = f"emptying {stack.work_bucket}", f"deleting the stack {stack.name}"
    assert [next(doings), next(doings)] == [emptying, deleting]
    own_api.s3.put_object(Bucket=stack.work_bucket, Key="queries/late", Body=b"")
    assert list(doings) == [emptying, deleting]
    assert status(own_api) == "GONE"


def test_what_another_stack_left_behind_is_taken_over(api: Api, new_type: str, tmp_path: Path) -> None:
    """With boxes, origins, counterexamples and settings; a second time nothing is left to do."""
    old = f"left-behind-{new_type}"
    api.s3.create_bucket(Bucket=old)
    box = {"box": "0.25,0.25,0.75,0.75"}
    image, appended = image_key(new_type, "ä 1.png"), image_key(new_type, "2.png")
    counterexample = image_key(new_type, "3.png", Folder.COUNTEREXAMPLES)
    origin = {"origin": "recognized", "similarity": "0.95"}
    given = {
        image: (photograph(1), box),
        appended: (photograph(1, 2), origin),
        counterexample: (photograph(2), {}),
    }
    for key, (data, metadata) in given.items():
        api.s3.put_object(Bucket=old, Key=key, Body=data, Metadata=metadata, ContentType="image/png")
    settings = json.dumps({"threshold": 0.7})
    api.s3.put_object(Bucket=old, Key=settings_key(new_type), Body=settings)
    api.s3.put_object(Bucket=old, Key="types/notes.txt", Body=b"no type's")
    ready = str(write_ready_file(api, tmp_path / "ready.json"))

    done = lookalike("import", f"s3://{old}", "--stack", ready)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 photos and settings of 1 types copied, 0 were there already." in done.stdout
    for key, (data, metadata) in given.items():
        copied = api.s3.get_object(Bucket=api.stack.bucket, Key=key)
        assert (copied["Body"].read(), copied["Metadata"], copied["ContentType"]) == (
            data,
            metadata,
            "image/png",
        )
    state = api.type(new_type)
    assert state["settings"] == {"threshold": 0.7}
    assert (state["origins"]["uploaded"], state["origins"]["recognized"]) == (1, 1)

    api.s3.put_object(Bucket=api.stack.bucket, Key=settings_key(new_type), Body=b'{"threshold": 0.8}')
    again = lookalike("import", f"s3://{old}", "--stack", ready)
    assert "0 photos and settings of 1 types copied, 4 were there already." in again.stdout
    assert api.type(new_type)["settings"] == {"threshold": 0.8}


def test_a_bucket_that_is_not_there_is_wrong_use(api: Api, tmp_path: Path) -> None:
    ready = str(write_ready_file(api, tmp_path / "ready.json"))
    done = lookalike("import", "s3://no-such-bucket", "--stack", ready)
    assert done.returncode == 2
    assert "no-such-bucket can't be listed" in done.stderr
