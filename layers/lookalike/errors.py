"""What can go wrong. Each message says what would be right, and is fit for whoever sent the input."""

from collections.abc import Sequence


class LookalikeError(Exception):
    """Base of all errors that the library raises on purpose."""


class ModelError(LookalikeError):
    """The model folder can't be used."""


class ImageError(LookalikeError):
    """These bytes can't be encoded: base of the reasons."""


class UnsupportedImageError(ImageError):
    """Not an image in a format we read."""


class UndecodableImageError(ImageError):
    """An image in a format we read, but damaged, or with too many pixels."""


class ImageTooLargeError(ImageError):
    """More bytes than an image may have."""


class InvalidBoxError(LookalikeError):
    """Not a valid box."""


class InvalidNameError(LookalikeError):
    """Not a valid name of an image."""


class InvalidTokenError(LookalikeError):
    """Not a valid token of a listing."""

    def __init__(self) -> None:
        """Say what to do about it."""
        super().__init__("no page gave this next_token: pass on the one of the page before, unchanged")


class TooManyImagesError(LookalikeError):
    """More images than a type may have."""


def too_many_images(type_id: str, most: int) -> TooManyImagesError:
    """What to raise of a type with more images than it may have."""
    return TooManyImagesError(
        f"type {type_id!r} has more than {most:,} images, the most a type may have: "
        "remove some, or make two types of it"
    )


class NotFoundError(LookalikeError):
    """No such type, image or query photo."""


def no_images(type_id: str) -> NotFoundError:
    """What to raise of a type without a single image: nothing else makes a type."""
    return NotFoundError(
        f"there is no type {type_id!r} with images: put reference photos under types/{type_id}/images/"
    )


class EncodingsNotReadyError(LookalikeError):
    """There are images, but their encodings for this model are still being built.

    Attributes:
        type_ids: the types to rebuild.
    """

    def __init__(self, message: str, type_ids: Sequence[str]) -> None:
        """Name the types to rebuild."""
        super().__init__(message)
        self.type_ids = tuple(type_ids)
