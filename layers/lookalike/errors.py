"""What can go wrong, told so that a person knows what would be right.

Each message is fit to be shown to whoever sent the input.
"""


class LookalikeError(Exception):
    """Base of all errors that the library raises on purpose."""


class ModelError(LookalikeError):
    """The model folder can't be used."""


class ImageError(LookalikeError):
    """These bytes can't be encoded: base of the reasons."""


class UnsupportedImageError(ImageError):
    """Not an image, or not in a format we read."""


class UndecodableImageError(ImageError):
    """An image in a format we read, but damaged, or with too many pixels."""


class ImageTooLargeError(ImageError):
    """More bytes than an image may have."""


class InvalidNameError(LookalikeError):
    """A name that an image can't have."""


class InvalidTokenError(LookalikeError):
    """A token that no page of a listing gave."""


class TooManyImagesError(LookalikeError):
    """More images than a type may have."""


class NotFoundError(LookalikeError):
    """No such type, image or query photo."""


class EncodingsNotReadyError(LookalikeError):
    """The type has images, but its encodings for this model are still being built."""
