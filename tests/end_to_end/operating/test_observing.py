"""What happened can be told from JSON logs, by request, and from metrics."""

import base64
from typing import Any

import requests

from support.deployed import Api, eventually, log_lines, logged
from support.photos.photographs import photograph


def test_a_recognition_is_logged_under_its_requests_id(api: Api, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(1), append=False)

    def line() -> dict[str, Any] | None:
        lines = (line for line in logged(api, "RecognizeLogs") if line.get("type_id") == built_type)
        return next((line for line in lines if line["message"] == "recognised"), None)

    found = eventually(line)
    assert found["correlation_id"]
    assert found["level"] == "INFO"
    assert (found["match"], found["similarity"]) == (True, answer.json()["similarity"])


def test_what_a_recognition_came_to_is_logged(api: Api, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(1, 9)).json()
    told = {name: value for name, value in answer.items() if name != "nearest"}

    def line() -> dict[str, Any] | None:
        lines = (line for line in logged(api, "RecognizeLogs") if line.get("type_id") == built_type)
        return next((line for line in lines if line["message"] == "recognised"), None)

    found = eventually(line)
    assert found["attempts"] == 1
    assert {name: found.get(name) for name in told} == told
    assert "nearest" not in found


def test_what_a_photo_was_identified_as_is_logged(api: Api, new_type: str) -> None:
    subject = 7777
    api.upload(new_type, "1.png", photograph(subject))

    def identified() -> dict[str, Any] | None:
        headers = {"Content-Type": "image/png"}
        answer = api.call("POST", "/recognize", data=photograph(subject), headers=headers)
        return answer.json() if answer.ok and answer.json()["match"] == new_type else None

    answer = eventually(identified)
    # A line names the type as those of the other route do.
    told = {name: value for name, value in answer.items() if name not in ("candidates", "match")}
    told["type_id"] = answer["match"]

    def line() -> dict[str, Any] | None:
        lines = (line for line in logged(api, "RecognizeLogs") if line.get("message") == "identified")
        return next((line for line in lines if line.get("type_id") == new_type), None)

    found = eventually(line)
    assert {name: found.get(name) for name in told} == told
    assert found["correlation_id"]
    assert "candidates" not in found


def test_a_rebuild_is_logged_under_its_messages_id(api: Api, built_type: str) -> None:
    def line() -> dict[str, Any] | None:
        lines = (line for line in logged(api, "RebuildEncodingsLogs") if line.get("type_id") == built_type)
        # One that found others at the type has no rows to tell of.
        return next((line for line in lines if "rows" in line), None)

    found = eventually(line)
    assert found["correlation_id"]
    assert found["rows"] <= 3


def test_metrics_tell_matches_rows_and_times(api: Api, built_type: str) -> None:
    api.recognize(built_type, photograph(1), append=False)

    def metrics() -> dict[str, Any] | None:
        return next((line for line in logged(api, "RecognizeLogs") if "Matched" in line), None)

    found = eventually(metrics)
    (described,) = found["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Lookalike/lookalike"
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


def test_logs_hold_neither_images_nor_signed_urls(api: Api, new_type: str) -> None:
    photo = photograph(1)
    api.upload(new_type, "1.png", photo)
    api.wait_until_built(new_type, 1)
    sent = api.recognize(new_type, photo)
    upload = api.call("POST", "/uploads").json()
    assert requests.post(upload["url"], upload["fields"], files={"file": photo}, timeout=60).ok
    put = api.call("POST", f"/types/{new_type}/recognize", json={"query_key": upload["query_key"]})
    assert (sent.status_code, put.status_code) == (200, 200)

    def all_told() -> bool:
        recognitions = [line for line in logged(api, "RecognizeLogs") if line.get("type_id") == new_type]
        rebuilds = [line for line in logged(api, "RebuildEncodingsLogs") if line.get("type_id") == new_type]
        return len(recognitions) == 2 and bool(rebuilds)

    eventually(all_told)
    text = "\n".join([*log_lines(api, "RecognizeLogs"), *log_lines(api, "RebuildEncodingsLogs")])
    secrets = [upload["fields"][name] for name in ("policy", "x-amz-signature", "x-amz-security-token")]
    assert not [secret for secret in secrets if secret in text]
    assert "x-amz-signature" not in text.lower()
    assert base64.b64encode(photo[:12]).decode() not in text
    assert "IHDR" not in text
