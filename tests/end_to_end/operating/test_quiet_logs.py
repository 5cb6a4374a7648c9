"""The functions' logs hold what people need, and no warnings about nothing."""

import json

import pytest

from support.deployed import Api, eventually, log_lines


def test_messages_that_tell_of_no_photo_leave_no_warning(api: Api) -> None:
    """S3 sends such a message when its notifications are set up."""
    api.wait_until_quiet()
    message = json.dumps({"Event": "s3:TestEvent", "Bucket": api.stack.bucket})
    before = len(log_lines(api, "RebuildEncodingsLogs"))
    api.stack.client("sqs").send_message(QueueUrl=api.stack.queue_url, MessageBody=message)
    api.wait_until_quiet()
    eventually(lambda: len(log_lines(api, "RebuildEncodingsLogs")) > before)
    assert not [line for line in log_lines(api, "RebuildEncodingsLogs") if "No application metrics" in line]


@pytest.mark.parametrize("path", ["/health", "/types"])
def test_requests_without_figures_leave_no_warning(api: Api, path: str) -> None:
    assert api.call("GET", path).status_code == 200
    eventually(lambda: log_lines(api, "RecognizeLogs"))
    assert not [line for line in log_lines(api, "RecognizeLogs") if "No application metrics" in line]
