"""What the console says of types, answers and troubles."""

from dataclasses import replace

import numpy as np
import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from lookalike.matching.encodings import Encodings, Origin, Rejection, Row
from lookalike.matching.settings import StoredSettings
from lookalike_tools.console.stack.survey import Known
from lookalike_tools.console.wording import explain, judge, per_100, reasons
from lookalike_tools.live.stack import StackError

ROWS = tuple(Row(f"types/nut/images/{i}", "e", Origin.UPLOADED, "") for i in range(6))
BUILT = Encodings("model", "nut", np.eye(6, dtype=np.float32), ROWS)
READY = Known("nut", "e", BUILT, StoredSettings(), {}, None)


def test_a_type_is_ready_when_nothing_is_to_be_done() -> None:
    assert judge(READY) == ("ready", "good")


def test_a_type_without_encodings_is_being_built() -> None:
    assert judge(replace(READY, encodings=None)) == ("being built", "wait")
    assert judge(None) == ("looking", "wait")


def test_the_worst_is_said_first() -> None:
    appended = replace(BUILT, rows=(*ROWS[:5], replace(ROWS[5], origin=Origin.RECOGNIZED)))
    both = replace(READY, encodings=appended, nearer={5: "bolt"}, like="bolt")
    assert judge(both) == ("1 doubtful match to look at", "bad")
    assert judge(replace(both, nearer={})) == ("looks like bolt", "look")


def test_few_photos_ask_for_more() -> None:
    few = replace(BUILT, matrix=BUILT.matrix[:4], rows=ROWS[:4])
    assert judge(replace(READY, encodings=few)) == ("4 photos: add angles", "look")


def test_photos_that_can_not_be_read_are_counted() -> None:
    broken = replace(BUILT, rejected=(Rejection("types/nut/images/b", "e", "damaged", ""),))
    assert judge(replace(READY, encodings=broken)) == ("1 photo can't be read", "look")


def wrapped(cause: Exception) -> StackError:
    """As the tools raise it, with the cause behind it."""
    try:
        try:
            raise cause
        except type(cause) as error:
            raise StackError(f"the bucket can't be read: {error}") from None
    except StackError as error:
        return error


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (NoCredentialsError(), "There are no AWS credentials any more"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "GetObject"), "Your AWS credentials have ended"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), "don't allow this"),
        (EndpointConnectionError(endpoint_url="http://x"), "The stack can't be reached"),
        (requests.ConnectionError("refused"), "The stack can't be reached"),
    ],
)
def test_a_trouble_is_explained_by_its_cause(cause: Exception, words: str) -> None:
    assert words in explain(wrapped(cause))


def test_any_other_error_speaks_for_itself() -> None:
    assert explain(StackError("the photo is gone")) == "The photo is gone"


def test_an_answer_is_explained_by_its_rule() -> None:
    answer = {
        "match": True,
        "rule": "similarity",
        "score": 0.9312,
        "similarity": 0.9312,
        "threshold": 0.9,
        "threshold_source": "type",
        "nearest_other": None,
        "notice": None,
    }
    assert reasons(answer) == [
        "Its nearest reference is 0.931 alike; more than 0.9 counts.",
        "The threshold is the type's own.",
    ]
    probable = answer | {"rule": "probability", "score": 0.7, "nearest_other": {"type_id": "bolt"}}
    assert reasons(probable)[0].startswith("0.700 probable, against all other types")
    assert "What else it may be: bolt." in reasons(probable)
    assert reasons(answer | {"notice": "settings can't be read"})[-1] == "Settings can't be read."


@pytest.mark.parametrize(("rate", "said"), [(0, "0"), (0.004, "0.4"), (0.126, "13"), (1, "100")])
def test_rates_are_said_of_a_hundred(rate: float, said: str) -> None:
    assert per_100(rate) == said
