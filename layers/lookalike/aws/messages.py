"""What the messages in the queue say. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Self
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lookalike.keys import TYPE_ID_PATTERN, parse_image_key

MOST_IMAGES = 100
"""Images that a message names at most: with keys of 1,024 bytes it stays within SQS's 256 KB."""

MOST_TYPES = 1000
"""Types that a message names at most, likewise."""

TypeId = Annotated[str, StringConstraints(pattern=TYPE_ID_PATTERN)]


class Sweep(BaseModel):
    """A look at one slice of all types, for what lost events left behind.

    Attributes:
        slice: which slice; today's if None.
        after: the type that it has come to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slice: int | None = None
    after: str = ""


class Message(BaseModel):
    """What a message asks for.

    Attributes:
        rebuild: a type to bring up to date.
        images: keys of the images to look at, and no others; None for all of the type's. A type that was
            never built is looked at whole. Without `rebuild`, each image tells its type.
        refresh: types whose prototypes the gallery is to have as their encodings say.
        sweep: a slice of all types to rebuild.
        tries: how often this was postponed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rebuild: TypeId | None = None
    images: tuple[str, ...] | None = None
    refresh: tuple[TypeId, ...] | None = None
    sweep: Sweep | None = None
    tries: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.model_fields_set & {"rebuild", "images", "refresh", "sweep"}:
            raise ValueError("it asks for nothing")
        return self

    def types(self) -> Iterator[tuple[str, str | None]]:
        """Each type to bring up to date, with an image to look at; None for all of its images."""
        for key in self.images or ():
            # S3 tells of settings too.
            if image := parse_image_key(key):
                yield image.type_id, key
        if self.rebuild and self.images is None:
            yield self.rebuild, None

    @property
    def type_ids(self) -> set[str]:
        """The types to bring up to date."""
        return {type_id for type_id, _ in self.types()} | ({self.rebuild} if self.rebuild else set())


@dataclass(slots=True)
class Wanted:
    """What the messages of a batch want of one type.

    Attributes:
        images: keys of the images to look at.
        everything: whether all images are to be looked at.
        tries: how often the message was postponed that was postponed most.
    """

    images: set[str] = field(default_factory=set)
    everything: bool = False
    tries: int = 0


def read_message(body: str) -> Message:
    """What a message asks for; S3's notifications ask for a look at the objects that they tell of.

    Raises:
        ValueError: the message is neither a request nor a notification of S3.
    """
    try:
        message = json.loads(body)
        if "Records" in message:
            return Message(images=tuple(_keys_told(message)))
        if message.get("Event") == "s3:TestEvent":
            return Message(images=())
        return Message.model_validate(message)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"neither a request nor a notification of S3: {body[:200]!r}") from error


def wanted_of_types(messages: Iterable[Message]) -> dict[str, Wanted]:
    """What messages want together, by type: however many there are, each type and image once."""
    wanted: dict[str, Wanted] = {}
    for message in messages:
        for type_id in sorted(message.type_ids):
            of_type = wanted.setdefault(type_id, Wanted())
            of_type.tries = max(of_type.tries, message.tries)
        for type_id, image in message.types():
            if image is None:
                wanted[type_id].everything = True
            else:
                wanted[type_id].images.add(image)
    return wanted


def _keys_told(message: Any) -> list[str]:
    # S3 URL-encodes keys in notifications, a space as a plus:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    return [unquote_plus(record["s3"]["object"]["key"]) for record in message["Records"]]
