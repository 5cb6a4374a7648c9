"""A type's own decision settings: what `settings.json` holds. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lookalike.matching.decision import Rule

MAX_BYTES_OF_SETTINGS = 65_536

_NOT_IF_LEFT_OUT = Field(exclude_if=lambda value: value is None)


class TypeSettings(BaseModel):
    """Decision settings of one type; what is left out is as the stack's.

    Attributes:
        rule: what a match is decided by.
        threshold: what the score must exceed; meant for `rule`, or for similarity where that is left out.
        vouch: which images a match must resemble to join the type: `all`, if left out, or only those that
            were `uploaded`, so that one false match can't invite more.
        max_recognized: how many recognised images the type takes; recognitions that are under way at the
            same time may exceed it by their number. No limit of its own if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Annotated[Rule | None, _NOT_IF_LEFT_OUT] = None
    threshold: Annotated[
        Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None, _NOT_IF_LEFT_OUT
    ] = None
    vouch: Annotated[Literal["all", "uploaded"] | None, _NOT_IF_LEFT_OUT] = None
    max_recognized: Annotated[Annotated[int, Field(ge=0, le=50_000)] | None, _NOT_IF_LEFT_OUT] = None


DEFAULTS = TypeSettings()
"""The settings of a type that has none of its own."""
