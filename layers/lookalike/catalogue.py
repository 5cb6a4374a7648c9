"""What is known: a type's state, and the state of each of its images."""

from collections import Counter
from typing import Literal, NamedTuple

from lookalike import keys
from lookalike.encodings import Encodings, Origin, Rejection
from lookalike.errors import NotFoundError
from lookalike.settings import TypeSettings
from lookalike.store import ListedImage, Page, Store


class TypeState(NamedTuple):
    """A type as it stands.

    Attributes:
        type_id: the type.
        images: how many images it has.
        origins: how many rows there are by the origin of their images.
        rejected: the images that can't be encoded.
        built_at: when its encodings last changed; None if there are none yet.
        settings: its own decision settings.
        up_to_date: whether its encodings say what its images say.
    """

    type_id: str
    images: int
    origins: dict[Origin, int]
    rejected: tuple[Rejection, ...]
    built_at: str | None
    settings: TypeSettings
    up_to_date: bool


class ImageState(NamedTuple):
    """An image as it stands; its origin is known once it is encoded."""

    name: str
    listed: ListedImage
    state: Literal["encoded", "rejected", "waiting"]
    origin: Origin | None
    reason: str | None


def describe_type(store: Store, type_id: str) -> TypeState:
    """Describe a type.

    Raises:
        NotFoundError: it has neither images nor encodings.
    """
    encodings, images = _encodings(store, type_id), store.image_etags(type_id)
    if not images and not encodings.rows:
        raise NotFoundError(
            f"there is no type {type_id!r}: put reference photos under {keys.images_prefix(type_id)}"
        )
    counted = Counter(row.origin for row in encodings.rows)
    return TypeState(
        type_id=type_id,
        images=len(images),
        origins={origin: counted[origin] for origin in Origin},
        rejected=encodings.rejected,
        built_at=encodings.built_at,
        settings=store.read_settings(type_id),
        up_to_date=encodings.is_current(images),
    )


def describe_images(store: Store, type_id: str, token: str | None, limit: int) -> Page[ImageState]:
    """Describe a page of a type's images, in order of their names.

    Raises:
        NotFoundError: the type has no image.
    """
    page = store.list_images(type_id, token, limit)
    if not page.items and not token:
        raise NotFoundError(f"type {type_id!r} has no images: put some under {keys.images_prefix(type_id)}")
    encodings = _encodings(store, type_id)
    rows = {(row.image, row.etag): row for row in encodings.rows}
    rejected = {(entry.image, entry.etag): entry for entry in encodings.rejected}

    def state(image: ListedImage) -> ImageState:
        name = image.key.removeprefix(keys.images_prefix(type_id))
        version = image.key, image.etag
        if row := rows.get(version):
            return ImageState(name, image, "encoded", row.origin, None)
        if entry := rejected.get(version):
            return ImageState(name, image, "rejected", None, entry.reason)
        return ImageState(name, image, "waiting", None, None)

    return Page([state(image) for image in page.items], page.next_token)


def _encodings(store: Store, type_id: str) -> Encodings:
    encodings, _ = store.read_encodings(type_id)
    return encodings or Encodings.empty(store.model.model_id, type_id, store.model.dimension)
