"""What the API takes and answers, as its OpenAPI description tells it."""

import re
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lookalike.keys import QUERY_KEY_PATTERN, TYPE_ID_PATTERN, parse_inbox_key
from lookalike.matching.decision import DECIMALS
from lookalike.matching.diagnosis import Diagnosis
from lookalike.matching.encodings import Origin
from lookalike.matching.policy import Source
from lookalike.matching.settings import Look, Rule, TypeSettings

TypeId = Annotated[str, Path(pattern=TYPE_ID_PATTERN, description="The type.")]
ImageName = Annotated[str, Path(min_length=1, description="The image's name within its type.")]
Threshold = Annotated[
    float | None,
    Query(
        ge=0, le=1, allow_inf_nan=False, description="What the rule's score must exceed; else the type's own."
    ),
]
Append = Annotated[bool, Query(description="Whether a match joins the type's images.")]
AppendIfAsked = Annotated[bool, Query(description="Whether a match joins the images of its type.")]
MAX_FILENAME_CHARS = 255
Filename = Annotated[
    str | None,
    Query(min_length=1, max_length=MAX_FILENAME_CHARS, description="What the photo is called; kept with it."),
]
Token = Annotated[
    str | None,
    Query(pattern=r"^[!-~]{1,2048}$", description="The `next_token` of the page before."),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many to list at most.")]
ImageOrigin = Annotated[
    Literal[Origin.UPLOADED, Origin.RECOGNIZED] | None,
    Query(description="Only images that were `uploaded`, or `recognized`: the newest first."),
]
Diagnose = Annotated[bool, Query(description="Whether to tell what is wrong with its photos.")]
MissedType = Annotated[
    str | None, Query(pattern=TYPE_ID_PATTERN, description="Only photos that came closest to this type.")
]
MissedLimit = Annotated[int, Query(ge=1, le=500, description="How many to list at most.")]
MediaType = Annotated[
    str,
    Query(pattern=r"^(image/[a-z0-9.+-]+|application/octet-stream)$", description="The photo's media type."),
]
Rounded = Annotated[float, AfterValidator(lambda value: round(value, DECIMALS))]


Looked = Annotated[
    Look | None,
    Query(
        description="Where in the photo objects are looked for; else as the type's settings or the stack say."
    ),
]
LookedForAll = Annotated[
    Look | None,
    Query(
        description="Where in the photo objects are looked for, for all types alike; else as the stack says. "
        "A type's own `look` counts where photos are recognised by its name."
    ),
]
ImageBox = Annotated[
    str | None,
    Query(
        description="Where the object is: `x0,y0,x1,y1` in parts of the upright photo's width and height. "
        "Without it, the middle square counts."
    ),
]


class QueryReference(BaseModel):
    """A query photo that was put through a presigned upload."""

    query_key: Annotated[str, Field(pattern=QUERY_KEY_PATTERN)]


def _is_of_a_photo(key: str) -> str:
    if re.fullmatch(QUERY_KEY_PATTERN, key) or parse_inbox_key(key):
        return key
    raise ValueError(f"{key!r} is no photo's key: give queries/... as an upload gave it, or inbox/TYPE/NAME")


class DirectQuestion(BaseModel):
    """A direct invocation: what is asked of a photo in the bucket."""

    model_config = ConfigDict(extra="forbid")

    type_id: Annotated[
        Annotated[str, Field(pattern=TYPE_ID_PATTERN)] | None, Field(description="None: of all types.")
    ] = None
    photo: Annotated[str, AfterValidator(_is_of_a_photo)]
    threshold: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False)] = None
    append: Annotated[bool | None, Field(description="As the API's where it is left out.")] = None
    look: Look | None = None


class Neighbour(BaseModel):
    """A reference image near to the query."""

    image: str
    similarity: Rounded


class OtherType(BaseModel):
    """Another type, and the similarity of its prototype to the query."""

    type_id: str
    similarity: Rounded


class Candidate(BaseModel):
    """Whether a photo shows an object of a type, and what decided."""

    type_id: str
    match: bool
    similarity: Annotated[Rounded, Field(description="Cosine similarity to the nearest image.")]
    rule: Rule
    score: Annotated[Rounded, Field(description="By the rule; a match exceeds the threshold.")]
    threshold: Rounded
    threshold_source: Source
    look: Look
    box: Annotated[
        list[float],
        Field(
            min_length=4,
            max_length=4,
            description="Of the view that decided: x0, y0, x1, y1 in parts of the upright photo's size.",
        ),
    ]
    views: Annotated[int, Field(description="How many views of the photo were looked at.")]
    notice: Annotated[str | None, Field(description="Why something is not as the type's settings ask.")]
    nearest_other: Annotated[OtherType | None, Field(description="By probability: what else it may be.")]
    counterexample: Annotated[
        Neighbour | None,
        Field(description="The one that the photo resembles more than any reference, by the rule: no match."),
    ]
    nearest: list[Neighbour]


class RankedCandidate(Candidate):
    """A type that a photo was compared with, among all types."""

    probability: Annotated[Rounded, Field(description="Against all types, and against none of them.")]


class RecognizeAnswer(Candidate):
    """Whether a photo shows an object of a type, and what became of it."""

    appended: Annotated[str | None, Field(description="Key of the image that joined the type's images.")]
    pending: Annotated[bool, Field(description="The image is saved; its encoding will be made by its event.")]
    encodings: int
    model: str


class IdentifyAnswer(BaseModel):
    """Which type a photo shows."""

    match: Annotated[str | None, Field(description="The most probable type that matches.")]
    candidates: Annotated[list[RankedCandidate], Field(description="The most probable types, best first.")]
    none: Annotated[Rounded, Field(description="How probable it is that the photo shows none of the types.")]
    appended: Annotated[str | None, Field(description="Key of the image that joined the type's images.")]
    pending: Annotated[bool, Field(description="The image is saved; its encoding will be made by its event.")]
    types: Annotated[int, Field(description="How many types the photo was compared with.")]
    model: str


class EventPhoto(BaseModel):
    """What an event says of the photo that it is about."""

    photo: Annotated[str | None, Field(description="Its key, where it lies in the bucket.")] = None
    filename: Annotated[
        str | None,
        AfterValidator(lambda name: name and name[:MAX_FILENAME_CHARS]),
        Field(description="What it is called, where that is known."),
    ] = None
    version: Annotated[str | None, Field(description="Of a photo of the inbox: its ETag.")] = None
    id: Annotated[str | None, Field(description="Of a photo of the inbox: one for each put of it.")] = None
    context: Annotated[dict[str, str], Field(description="Of a photo of the inbox: its user metadata.")] = {}


class UploadAnswer(BaseModel):
    """A form to POST a photo with: all `fields`, then the photo as `file`."""

    url: str
    fields: dict[str, str]
    query_key: str


class TypeEntry(BaseModel):
    """One type."""

    type_id: str


class Learnt(BaseModel):
    """What is known of all types together: when it was learnt, among how many types, from how many photos."""

    fitted_at: str
    types: int
    photos: int
    notice: Annotated[str | None, Field(description="Said where there are more types than it can hold.")]


class TypesAnswer(BaseModel):
    """A page of the types."""

    types: list[TypeEntry]
    gallery: Annotated[Learnt | None, Field(description="None until the first type is built.")]
    next_token: str | None


class RejectedImage(BaseModel):
    """An image that can't be encoded, and why."""

    image: str
    reason: str


MOST_REJECTED = 1000
"""Rejected images in one answer: bounds its size, for Lambda sends 6 MB at most."""


class TypeAnswer(BaseModel):
    """One type as it stands."""

    type_id: str
    images: int
    counterexamples: int
    encodings: Annotated[int, Field(description="Of its images.")]
    origins: Annotated[dict[str, int], Field(description="Encodings by the origin of their images.")]
    rejected: Annotated[
        list[RejectedImage],
        Field(description=f"The first {MOST_REJECTED:,}; the list of images tells of each."),
    ]
    model: str
    built_at: str | None
    settings: TypeSettings
    notice: Annotated[str | None, Field(description="What of the settings is passed over, and why.")]
    up_to_date: Annotated[bool, Field(description="Whether the encodings say what the images say.")]
    diagnosis: Annotated[
        Diagnosis | None, Field(description="What is wrong with its references, where `diagnose` asks.")
    ]


class ImageEntry(BaseModel):
    """One image of a type: `encoded`, `rejected` with a reason, or `waiting` to be encoded."""

    name: str
    image: str
    size: int
    modified: str
    state: str
    origin: str | None
    similarity: Annotated[
        Rounded | None, Field(description="Of a recognised image: to the nearest image, when it came.")
    ]
    nearest: Annotated[str | None, Field(description="Of a recognised image: key of that image.")]
    filename: Annotated[str | None, Field(description="Of a recognised image: what it was called.")]
    box: Annotated[
        list[float] | None,
        Field(description="Where the object is, or the window that matched; null for the middle square."),
    ]
    reason: str | None


class ImagesAnswer(BaseModel):
    """A page of a type's images."""

    images: list[ImageEntry]
    next_token: str | None


class ImageAnswer(BaseModel):
    """An image that was put; its encoding is made in a moment."""

    image: str
    etag: str


class HealthAnswer(BaseModel):
    """What is running."""

    status: str
    model: str
    stand_in: bool
    version: str
