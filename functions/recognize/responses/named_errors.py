"""Errors by the names that workflows catch, and that `Photo Refused` tells."""

from botocore.exceptions import BotoCoreError, ClientError

from lookalike import errors


class NamedError(Exception):
    """Base of all of them: Lambda gives callers an error's class name, without a module."""


class BadRequest(NamedError):
    """What is asked can't be read."""


class NotFound(NamedError):
    """No such type or photo."""


class NotReady(NamedError):
    """The type's encodings are still being built: ask again in a moment."""


class ImageRefused(NamedError):
    """The photo is none that can be recognised."""


class TooManyImages(NamedError):
    """The type has more images than it may have."""


class StorageFailed(NamedError):
    """Storage can't be reached: ask again in a moment."""


_NAMES: tuple[tuple[type[Exception], type[NamedError]], ...] = (
    (errors.NotFoundError, NotFound),
    (errors.EncodingsNotReadyError, NotReady),
    (errors.ImageError, ImageRefused),
    (errors.TooManyImagesError, TooManyImages),
    (ClientError, StorageFailed),
    (BotoCoreError, StorageFailed),
)


def by_name(error: Exception) -> NamedError | None:
    """An error of the library or of S3 by its name; None for one that nobody foresaw."""
    return next((name(str(error)) for kind, name in _NAMES if isinstance(error, kind)), None)
