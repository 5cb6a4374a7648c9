"""Deleting a live stack: what passes goes with it, what people gave stays."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from lookalike_tools.live.stack import Stack, StackError

TRIES = 5
"""The functions may write until they are gone themselves; the next try finds them gone."""

POLL_SECONDS = 5
POLLS = 360


def delete_stack(stack: Stack, poll_seconds: float = POLL_SECONDS) -> Iterator[str]:
    """Empty a stack's work bucket, then delete the stack; yields what is being done.

    CloudFormation deletes no bucket that holds anything. What functions write between the two makes it fail,
    and is removed before the next try.

    Raises:
        StackError: the stack can't be deleted.
    """
    cloudformation = stack.client("cloudformation")
    for _ in range(TRIES):
        yield f"emptying {stack.work_bucket}"
        empty_bucket(stack.client("s3"), stack.work_bucket)
        yield f"deleting the stack {stack.name}"
        try:
            cloudformation.delete_stack(StackName=stack.name)
            waiter = cloudformation.get_waiter("stack_delete_complete")
            waiter.wait(StackName=stack.name, WaiterConfig={"Delay": poll_seconds, "MaxAttempts": POLLS})
        except WaiterError:
            continue
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"the stack {stack.name} can't be deleted: {error}") from None
        return
    reasons = "; ".join(_failures(cloudformation, stack.name))
    raise StackError(f"the stack {stack.name} can't be deleted: {reasons}")


def empty_bucket(s3: Any, bucket: str) -> None:
    """Remove all objects of a bucket without versions; one that is gone is empty.

    Raises:
        StackError: some can't be removed.
    """
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            if keys := [{"Key": entry["Key"]} for entry in page.get("Contents", [])]:
                answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
                if errors := answer.get("Errors"):
                    raise StackError(f"{errors[0]['Key']} can't be removed: {errors[0]['Message']}")
    except s3.exceptions.NoSuchBucket:
        return
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{bucket} can't be emptied: {error}") from None


def companion_stacks(stack: Stack) -> list[str]:
    """SAM's own stacks of image repositories for a stack; they stay."""
    pages = stack.client("cloudformation").get_paginator("describe_stacks").paginate()
    names = [each["StackName"] for page in pages for each in page["Stacks"]]
    return [name for name in names if name.startswith(f"{stack.name}-") and name.endswith("-CompanionStack")]


def _failures(cloudformation: Any, name: str) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"] == "DELETE_FAILED"]
    return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]
