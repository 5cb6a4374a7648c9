"""A type's own decision settings: what `settings.json` holds. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

MAX_BYTES_OF_SETTINGS = 65_536

MAX_NOTICE_CHARS = 500
"""What is told of settings that are passed over: answers and events have limits."""

_NOT_IF_LEFT_OUT = Field(exclude_if=lambda value: value is None)


class Rule(StrEnum):
    """What a match is decided by; `lookalike.matching.rules` says how."""

    SIMILARITY = "similarity"
    PROBABILITY = "probability"


class Look(StrEnum):
    """Where in a photo an object is looked for."""

    CENTRE = "centre"
    ANYWHERE = "anywhere"


Vouch = Literal["all", "uploaded"]
"""Which images a match must resemble to join the type."""


class KeepMissed(StrEnum):
    """Which queries that did not match are kept for people to decide about."""

    NONE = "none"
    CLOSE = "close"
    ALL = "all"


RETIRED_RULE = "relative"
"""A rule that settings may still name; `probability` decides instead."""


class TypeSettings(BaseModel):
    """Decision settings of one type, and its title; what is left out is as the stack's.

    Attributes:
        title: what people call the type, where that can't be its name.
        rule: what a match is decided by.
        threshold: what the score must exceed; meant for `rule`, or for similarity where that is left out.
        vouch: which images a match must resemble to join the type: `all`, if left out, or only those that
            were `uploaded`, so that one false match can't invite more.
        max_recognized: how many recognised images the type takes; recognitions that are under way at the
            same time may exceed it by their number. No limit of its own if left out.
        look: where in a photo the object is looked for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[Annotated[str, Field(min_length=1, max_length=255)] | None, _NOT_IF_LEFT_OUT] = None
    rule: Annotated[Rule | None, _NOT_IF_LEFT_OUT] = None
    threshold: Annotated[
        Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)] | None, _NOT_IF_LEFT_OUT
    ] = None
    vouch: Annotated[Vouch | None, _NOT_IF_LEFT_OUT] = None
    max_recognized: Annotated[
        Annotated[int, Field(strict=True, ge=0, le=50_000)] | None, _NOT_IF_LEFT_OUT
    ] = None
    look: Annotated[Look | None, _NOT_IF_LEFT_OUT] = None


DEFAULTS = TypeSettings()
"""The settings of a type that has none of its own."""


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What a type's `settings.json` says.

    Attributes:
        settings: the type's own; all left out where they can't be read.
        notice: what of them is passed over, for people to put right; None if nothing is.
        readable: False where the type's own bounds are not known, so that nothing may join it.
    """

    settings: TypeSettings = DEFAULTS
    notice: str | None = None
    readable: bool = True


def unreadable(reason: str) -> StoredSettings:
    """What holds for a type whose settings can't be read."""
    return StoredSettings(
        notice=f"settings.json can't be read ({reason[:MAX_NOTICE_CHARS]}): the stack's rule and threshold "
        "decide, and nothing is appended until it is put right",
        readable=False,
    )


_fields = TypeAdapter(dict[str, Any])


def parse_settings(data: bytes) -> StoredSettings:
    """Read `settings.json`: unknown fields are passed over with a notice, and so is what can't be read."""
    notices = []
    try:
        fields = _fields.validate_json(data)
        if (rule := fields.get("rule")) == RETIRED_RULE:
            notices.append(
                f"the rule {rule} is gone: {Rule.PROBABILITY} decides, with a threshold of its own"
            )
            fields = fields | {"rule": Rule.PROBABILITY, "threshold": None}
        unknown = sorted(fields.keys() - TypeSettings.model_fields.keys())
        known = {name: value for name, value in fields.items() if name not in unknown}
        settings = TypeSettings.model_validate(known)
    except ValidationError as error:
        reasons = "; ".join(
            ": ".join(filter(None, (".".join(map(str, entry["loc"])), entry["msg"])))
            for entry in error.errors()
        )
        return unreadable(reasons)
    if unknown:
        named = ", ".join(unknown)[:MAX_NOTICE_CHARS]
        notices.append(f"settings.json has unknown fields, which are ignored: {named}")
    return StoredSettings(settings, "; ".join(notices) or None)
