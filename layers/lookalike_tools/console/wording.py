"""What the console says, in words for people. Pure."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import requests
from botocore.exceptions import (
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from lookalike.matching.encodings import Encodings, Origin
from lookalike.matching.settings import Rule
from lookalike_tools.console.stack.survey import Known

FEW = 5
"""Fewer uploaded photos leave most of an object's sides unseen."""

_ENDED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
)


class Verdict(NamedTuple):
    """How a type is, and how much that matters: `good`, `look`, `bad` or `wait`."""

    words: str
    tone: str


def judge(known: Known | None) -> Verdict:
    """How a type is, in a few words: what matters most."""
    if known is None:
        return Verdict("looking", "wait")
    own = known.encodings
    if own is None or not (own.rows or own.rejected):
        return Verdict("being built", "wait")
    return next(_findings(known, own), Verdict("ready", "good"))


def _findings(known: Known, own: Encodings) -> Iterator[Verdict]:
    """What there is to look at, the worst first."""
    if not known.settings.readable:
        yield Verdict("its settings can't be read", "bad")
    if known.suspects:
        yield Verdict(f"{number(known.suspects, 'doubtful match', 'doubtful matches')} to look at", "bad")
    if known.like:
        yield Verdict(f"looks like {known.like}", "look")
    if (uploaded := known.count(Origin.UPLOADED)) < FEW:
        yield Verdict(f"{number(uploaded, 'photo')}: add angles", "look")
    if own.rejected:
        yield Verdict(f"{number(len(own.rejected), 'photo')} can't be read", "look")


def count_photos(known: Known | None) -> str:
    """How many photos of which origin a type has."""
    if known is None or known.encodings is None:
        return ""
    parts = [f"{known.count(Origin.UPLOADED):,} uploaded"]
    if appended := known.count(Origin.RECOGNIZED):
        parts.append(f"{appended:,} appended")
    if counterexamples := known.count(Origin.COUNTEREXAMPLE):
        parts.append(f"{counterexamples:,} not one")
    return ", ".join(parts)


def number(count: int, one: str, many: str | None = None) -> str:
    """A number and what there is of it: `1 photo`, `3 photos`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def per_100(rate: float) -> str:
    """A rate as so many in a hundred."""
    return f"{rate * 100:.1f}" if 0 < rate < 0.0995 else f"{rate * 100:.0f}"


def explain(error: BaseException) -> str:
    """What went wrong between the console and the stack, and what would help."""
    for cause in _causes(error):
        if isinstance(cause, NoCredentialsError | TokenRetrievalError | SSOError):
            return "There are no AWS credentials any more: sign in again. This page goes on by itself."
        if isinstance(cause, ClientError):
            code = cause.response.get("Error", {}).get("Code", "")
            if code in _ENDED:
                return "Your AWS credentials have ended: sign in again. This page goes on by itself."
            if code in ("AccessDenied", "403"):
                return f"Your AWS credentials don't allow this: {cause}"
        if isinstance(cause, ConnectionError | HTTPClientError | requests.ConnectionError | requests.Timeout):
            return (
                "The stack can't be reached: it is gone, or the network to it is. "
                "This page goes on by itself once it answers."
            )
    text = str(error)
    if "answers 403" in text:
        return "Your AWS credentials have ended, or don't allow this: sign in again."
    return text[:1].upper() + text[1:]


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def headline(answer: dict[str, Any], title: str) -> str:
    """What an answer says, in a line."""
    return f"Yes, it is {title}" if answer["match"] else f"No, not {title}"


def reasons(answer: dict[str, Any]) -> list[str]:
    """Why a candidate's answer is what it is."""
    score, threshold = answer["score"], answer["threshold"]
    said = []
    if answer["rule"] == Rule.PROBABILITY:
        said.append(
            f"{score:.3f} probable, against all other types and none of them; more than {threshold:g} counts."
        )
        said.append(f"Its nearest reference is {answer['similarity']:.3f} alike.")
    else:
        said.append(f"Its nearest reference is {score:.3f} alike; more than {threshold:g} counts.")
    if counterexample := answer.get("counterexample"):
        said.append(f"It resembles a photo that shows none of it by {counterexample['similarity']:.3f}.")
    if other := answer.get("nearest_other"):
        said.append(f"What else it may be: {other['type_id']}.")
    said.append(
        {
            "request": "The threshold was asked for.",
            "type": "The threshold is the type's own.",
            "stack": "The threshold is the stack's.",
            "default": "The threshold is the rule's.",
        }[answer["threshold_source"]]
    )
    if answer.get("notice"):
        said.append(f"{answer['notice'][:1].upper()}{answer['notice'][1:]}.")
    return said
