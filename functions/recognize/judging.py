"""What people decide, as the API takes it, and what waits for them, as it answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lookalike.keys import MAX_KEY_BYTES
from lookalike.verdicts import Verdict
from recognize.schemas import Rounded


class VerdictRequest(BaseModel):
    """What a person decided about a photo that is in the bucket."""

    model_config = ConfigDict(extra="forbid")

    photo: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_KEY_BYTES,
            description="Key of one of the type's images or counterexamples, or of a missed photo.",
        ),
    ]
    verdict: Annotated[Verdict, Field(description="Whether it shows an object of the type.")]
    box: Annotated[
        list[float] | None, Field(description="Where the object is; else as known.", max_length=4)
    ] = None


class VerdictAnswer(BaseModel):
    """Where the photo is from now on; its encoding is made in a moment."""

    image: str
    verdict: Verdict


class MissedPhoto(BaseModel):
    """A photo that did not match, and waits for a decision."""

    photo: Annotated[str, Field(description="Its key, for a verdict.")]
    type_id: Annotated[str, Field(description="The type it came closest to.")]
    score: Annotated[Rounded, Field(description="By the rule; a match exceeds the threshold.")]
    threshold: Rounded
    similarity: Annotated[Rounded | None, Field(description="To the nearest image.")]
    nearest: Annotated[str | None, Field(description="Key of that image.")]
    filename: str | None
    box: Annotated[list[float] | None, Field(description="The window that came closest, or null.")]
    modified: str


class MissedAnswer(BaseModel):
    """The missed photos that wait for a decision, the closest first."""

    missed: list[MissedPhoto]
    more: Annotated[bool, Field(description="Whether others wait beside these.")]
