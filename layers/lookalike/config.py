"""What the environment says: read here and nowhere else."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lookalike.matching.settings import KeepMissed, Look, Rule

MB_PER_CORE = 1769
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""


class Config(BaseModel):
    """The settings of a deployed function, set by the template."""

    model_config = ConfigDict(frozen=True)

    bucket: Annotated[str, Field(alias="BUCKET_NAME", min_length=3)]
    work_bucket: Annotated[str, Field(alias="WORK_BUCKET_NAME", min_length=3)]
    queue_url: Annotated[str, Field(alias="QUEUE_URL", min_length=1)]
    inbox_queue_url: Annotated[str, Field(alias="INBOX_QUEUE_URL")] = ""
    inbox_append: Annotated[bool, Field(alias="INBOX_APPEND")] = True
    event_bus: Annotated[str, Field(alias="EVENT_BUS_NAME")] = "default"
    rule: Annotated[Rule, Field(alias="RULE")] = Rule.SIMILARITY
    threshold: Annotated[float, Field(alias="THRESHOLD", ge=0, le=1)]
    odds: Annotated[float, Field(alias="ODDS", gt=0, allow_inf_nan=False)] = 1.0
    look: Annotated[Look, Field(alias="LOOK")] = Look.CENTRE
    keep_missed: Annotated[KeepMissed, Field(alias="KEEP_MISSED")] = KeepMissed.NONE
    missed_margin: Annotated[float, Field(alias="MISSED_MARGIN", ge=0, le=1)] = 0.05
    model_dir: Annotated[Path, Field(alias="MODEL_DIR")] = Path("/opt/model")
    previous_model_dir: Annotated[Path, Field(alias="PREVIOUS_MODEL_DIR")] = Path("/opt/previous")
    memory_mb: Annotated[int | None, Field(alias="AWS_LAMBDA_FUNCTION_MEMORY_SIZE", gt=0)] = None

    @property
    def cores(self) -> float | None:
        """The share of the cores that Lambda gives with the memory; None where nothing says so."""
        return self.memory_mb / MB_PER_CORE if self.memory_mb else None


def read_config() -> Config:
    """Read and check the environment.

    Raises:
        pydantic.ValidationError: naming each variable that is missing or wrong.
    """
    return Config.model_validate(os.environ)
