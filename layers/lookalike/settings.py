"""A type's own decision settings: what `settings.json` holds. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class TypeSettings(BaseModel):
    """Decision settings of one type; what is left out is as the stack's.

    Attributes:
        threshold: the cosine similarity to exceed.
        vouch: which images a match must resemble to join the type: `all`, if left out, or only those that
            were `uploaded`, so that one false match can't invite more.
        max_recognized: how many recognised images the type takes; recognitions that are under way at the
            same time may exceed it by their number. No limit of its own if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    vouch: Literal["all", "uploaded"] | None = None
    max_recognized: Annotated[int, Field(ge=0, le=50_000)] | None = None


DEFAULTS = TypeSettings()
"""The settings of a type that has none of its own."""
