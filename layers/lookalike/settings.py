"""A type's own decision settings: what `settings.json` holds. Pure."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class TypeSettings(BaseModel):
    """Decision settings of one type; what is left out is as the stack's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
