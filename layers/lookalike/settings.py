"""A type's own decision settings: what `settings.json` holds. Pure."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lookalike.decision import Rule

_NOT_IF_LEFT_OUT = Field(exclude_if=lambda value: value is None)


class TypeSettings(BaseModel):
    """Decision settings of one type; what is left out is as the stack's.

    Attributes:
        rule: what a match is decided by.
        threshold: what the score must exceed; meant for `rule`, or for similarity where that is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Annotated[Rule | None, _NOT_IF_LEFT_OUT] = None
    threshold: Annotated[
        Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None, _NOT_IF_LEFT_OUT
    ] = None
