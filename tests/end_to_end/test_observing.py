"""What happened can be told from JSON logs, by request, and from metrics."""

import json
from typing import Any

from deployed import Api, eventually, logged
from photographs import photograph


def test_a_recognition_is_logged_under_its_requests_id(api: Api, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(1), append=False)

    def line() -> dict[str, Any] | None:
        lines = (line for line in logged(api, "RecognizeLogs") if line.get("type_id") == built_type)
        return next((line for line in lines if line["message"] == "recognised"), None)

    found = eventually(line)
    assert found["correlation_id"]
    assert found["level"] == "INFO"
    assert (found["match"], found["similarity"]) == (True, answer.json()["similarity"])


def test_a_rebuild_is_logged_under_its_messages_id(api: Api, built_type: str) -> None:
    def line() -> dict[str, Any] | None:
        return next(
            (li for li in logged(api, "RebuildEncodingsLogs") if li.get("type_id") == built_type), None
        )

    found = eventually(line)
    assert found["correlation_id"]
    assert found["rows"] <= 3


def test_metrics_tell_matches_rows_and_times(api: Api, built_type: str) -> None:
    api.recognize(built_type, photograph(1), append=False)

    def metrics() -> dict[str, Any] | None:
        return next((line for line in logged(api, "RecognizeLogs") if "Matched" in line), None)

    found = eventually(metrics)
    (described,) = found["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Lookalike"
    units = {metric["Name"]: metric["Unit"] for metric in described["Metrics"]}
    assert units == {
        "Matched": "Count",
        "Missed": "Count",
        "Appended": "Count",
        "AppendAttempts": "Count",
        "Rows": "Count",
        "EncodeTime": "Milliseconds",
        "LoadTime": "Milliseconds",
    }


def test_logs_hold_neither_images_nor_signed_urls(api: Api, built_type: str) -> None:
    upload = api.call("POST", "/uploads").json()
    api.recognize(built_type, photograph(1))
    text = json.dumps(eventually(lambda: logged(api, "RecognizeLogs")))
    assert not [
        value
        for name, value in upload["fields"].items()
        if name.startswith("x-amz-signature") and value in text
    ]
    assert "iVBORw0KGgo" not in text  # how a PNG starts in base64
