"""Describing: a type as it stands, what is wrong with its photos, and each of its images."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Literal

from lookalike import keys
from lookalike.errors import InvalidTokenError, no_images
from lookalike.keys import Folder
from lookalike.matching.diagnosis import Diagnosis, diagnose
from lookalike.matching.encodings import Encodings, Origin, Rejection, Row
from lookalike.matching.settings import StoredSettings
from lookalike.rebuilding.image_versions import list_versions
from lookalike.storage.bucket import Page, StoredObject
from lookalike.storage.store import Store


@dataclass(frozen=True, slots=True)
class TypeState:
    """A type as it stands.

    Attributes:
        images: how many images it has.
        counterexamples: how many counterexamples.
        origins: how many rows there are by the origin of their images.
        rejected: the images that can't be encoded.
        built_at: when its encodings last changed; None if there are none yet.
        settings: its own decision settings.
        up_to_date: whether its encodings say what its images say.
    """

    type_id: str
    images: int
    counterexamples: int
    origins: dict[Origin, int]
    rejected: tuple[Rejection, ...]
    built_at: str | None
    settings: StoredSettings
    up_to_date: bool


@dataclass(frozen=True, slots=True)
class ImageState:
    """An image as it stands; its row is known once it is encoded."""

    name: str
    listed: StoredObject
    state: Literal["encoded", "rejected", "waiting"]
    row: Row | None = None
    reason: str | None = None


def describe_type(store: Store, type_id: str) -> TypeState:
    """Describe a type.

    Raises:
        NotFoundError: the bucket holds nothing of it.
    """
    encodings = _encodings(store, type_id)
    images = list_versions(store, encodings)
    if not images and not encodings.rows and not store.has_type(type_id):
        raise no_images(type_id)
    counterexamples = sum(map(keys.is_counterexample, images))
    counted = Counter(row.origin for row in encodings.rows)
    return TypeState(
        type_id=type_id,
        images=len(images) - counterexamples,
        counterexamples=counterexamples,
        origins={origin: counted[origin] for origin in Origin},
        rejected=encodings.rejected,
        built_at=encodings.built_at,
        settings=store.read_settings(type_id),
        up_to_date=encodings.is_current(images),
    )


def diagnose_type(store: Store, type_id: str) -> Diagnosis:
    """Find what is wrong with a type's references, from its encodings and what is known of all types."""
    return diagnose(_encodings(store, type_id), store.read_gallery())


def describe_images(
    store: Store, type_id: str, token: str | None, limit: int, folder: Folder = Folder.IMAGES
) -> Page[ImageState]:
    """Describe a page of a type's images, or of its counterexamples, in order of their names.

    Raises:
        NotFoundError: the type has no image; asked for counterexamples, the bucket holds nothing of it.
        InvalidTokenError: the token is of no page.
    """
    page = store.list_images(type_id, token, limit, folder)
    nothing = not page.items and not token and not page.next_token
    if nothing and (folder is Folder.IMAGES or not store.has_type(type_id)):
        raise no_images(type_id)
    return Page(_states(store, type_id, page.items), page.next_token)


def describe_images_of(
    store: Store, type_id: str, origin: Origin, token: str | None, limit: int
) -> Page[ImageState]:
    """Describe a page of a type's encoded images of one origin, the newest first, for people to review.

    Raises:
        NotFoundError: the type has no image.
        InvalidTokenError: the token is of no page.
        TooManyImagesError: it has more than a type may have.
    """
    listed = list(store.all_images(type_id))
    if not listed:
        raise no_images(type_id)
    states = [state for state in _states(store, type_id, listed) if state.row and state.row.origin is origin]
    states.sort(key=_age, reverse=True)
    # The token names the last image of the page before: images that have come or gone move no others.
    last = _read_token(token) if token else None
    later = [state for state in states if last is None or _age(state) < last]
    page = later[:limit]
    return Page(page, urlsafe_b64encode(_age(page[-1]).encode()).decode() if len(later) > limit else None)


def _age(state: ImageState) -> str:
    return f"{state.listed.modified.astimezone(UTC).isoformat(timespec='milliseconds')} {state.name}"


def _read_token(token: str) -> str:
    try:
        return urlsafe_b64decode(token).decode()
    except ValueError:
        raise InvalidTokenError from None


def _states(store: Store, type_id: str, images: Iterable[StoredObject]) -> list[ImageState]:
    encodings = _encodings(store, type_id)
    rows = {(row.image, row.etag): row for row in encodings.rows}
    rejected = {(entry.image, entry.etag): entry for entry in encodings.rejected}

    def state(image: StoredObject) -> ImageState:
        name = image.key.removeprefix(keys.type_prefix(type_id)).partition("/")[2]
        version = image.key, image.etag
        if row := rows.get(version):
            return ImageState(name, image, "encoded", row)
        if entry := rejected.get(version):
            return ImageState(name, image, "rejected", reason=entry.reason)
        return ImageState(name, image, "waiting")

    return [state(image) for image in images]


def _encodings(store: Store, type_id: str) -> Encodings:
    encodings, _ = store.read_encodings(type_id)
    return encodings or store.no_encodings(type_id)
