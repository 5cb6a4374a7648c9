"""Image bytes to the pixels that an encoder takes. Pure: no AWS, no model."""

import contextlib
import math
import threading
import warnings
from importlib import import_module
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lookalike.errors import ImageError, ImageTooLargeError, UndecodableImageError, UnsupportedImageError
from lookalike.vision import avif, heif

FORMATS = {
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "HEIF": "image/heif",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
}
"""The formats we read, by Pillow's name, and their media types."""

HEADER_BYTES = 64
"""Enough of a file to recognise its format."""

MAX_BYTES = 20 * 1024 * 1024
"""The largest image file we read. A 12-megapixel phone photo has 3 to 6 MB."""

MAX_PIXELS = 50_000_000
"""The most pixels of a JPEG that we decode: 48-megapixel phones fit."""

MAX_PIXELS_OF = dict.fromkeys(FORMATS, 25_000_000) | {
    "JPEG": MAX_PIXELS,
    "WEBP": 12_500_000,
    "AVIF": 12_500_000,
}
"""The most pixels of an image, by format: bounds memory, see `MOST_MEMORY`. Decoded images take 4 bytes a
pixel, and as much again while they are turned or converted; WebP's decoder keeps three canvases more, AVIF's
the picture in its own colours, which may be deep, and a copy."""

MAX_CMYK_PIXELS = 25_000_000
"""The most pixels of a CMYK image: a progressive JPEG's decoder keeps all of them, at 2 bytes a channel."""

MAX_DECODED_PIXELS = 20_000_000
"""The most pixels that a JPEG is decoded to. Larger ones are decoded scaled, all but long and narrow ones."""

LARGE_PIXELS = 2_000_000
"""A JPEG that is decoded to more pixels is prepared alone, as are images of the other formats, which are not
decoded scaled: however many threads prepare images, memory is bounded."""

MOST_MEMORY = 300 * 1024 * 1024
"""Bytes that preparing one image may take; 200 MB more for a HEIF image that hides how deep its colours are,
or an AVIF image with film grain in deep colours and a deep transparency."""

BAND_PIXELS = 1_000_000
"""How many pixels are converted at once."""

_alone = threading.Lock()

_PLUGINS = ("Bmp", "Gif", "Jpeg", "Png", "Tiff", "WebP")
# Not Image.init(): it would load all formats that Pillow knows, at each cold start.
for _plugin in _PLUGINS:
    import_module(f"PIL.{_plugin}ImagePlugin")
# Pillow warns above a limit of its own; ours is lower and answers with an error.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def sniff_format(data: bytes) -> str:
    """The image format, one of `FORMATS`, that the first bytes announce, whatever a file's name claims.

    Args:
        data: of an image file; its first `HEADER_BYTES` are enough.

    Raises:
        UnsupportedImageError: not an image in a format we read.
    """
    if heif.is_heif(data):
        return "HEIF"
    if avif.is_avif(data):
        return "AVIF"
    for name in map(str.upper, _PLUGINS):
        _, accepts = Image.OPEN[name]
        if accepts and accepts(data[:16]) is True:
            return name
    raise UnsupportedImageError(
        f"not an image in a format we read ({', '.join(FORMATS)}): convert it, or check what was sent"
    )


SCALED_DECODING = 2.5
"""A JPEG is decoded at a half, a quarter or an eighth of its size while its shorter side stays at least this
many times what is needed. Encodings then keep a cosine similarity above 0.99 to those of all pixels, and of
more than 0.999 in the median, which falls below that at 2."""


def decode(data: bytes, shorter_side: int | None = None) -> Image.Image:
    """Decode an image's bytes to 8-bit RGB, upright as its EXIF orientation says; the first frame of several.

    Args:
        data: of an image file.
        shorter_side: what it will be scaled down to, in pixels: large JPEGs are then decoded at part of their
            size, which is several times faster; None for all pixels.

    Raises:
        ImageTooLargeError: more than `MAX_BYTES`.
        UnsupportedImageError: not an image in a format we read.
        UndecodableImageError: damaged, truncated, or more than `MAX_PIXELS`.
    """
    check_size(len(data))
    image_format = sniff_format(data)
    most = MAX_PIXELS_OF[image_format]
    try:
        if image_format in ("AVIF", "HEIF") and _most_pixels_inside(data, image_format) > most:
            raise Image.DecompressionBombError
        image = Image.open(BytesIO(data), formats=[image_format])
        pixels = image.width * image.height
        if image.info.get("bit_depth", 8) > 8:
            most = min(most, heif.MAX_DEEP_PIXELS)
        if image.mode == "CMYK":
            most = min(most, MAX_CMYK_PIXELS)
        if shorter_side and image_format == "JPEG" and pixels <= most:
            _scale_while_decoding(image, shorter_side)
            if image.width * image.height > MAX_DECODED_PIXELS:
                most = MAX_DECODED_PIXELS
        if pixels <= most:
            image.load()
            # A photo with broken EXIF is still a photo.
            with contextlib.suppress(Exception):
                ImageOps.exif_transpose(image, in_place=True)
            return _to_rgb(image)
    except Image.DecompressionBombError:
        pixels = None
    except ImageError:
        raise
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        # What they say tells of their own insides, not of the image.
        raise UndecodableImageError(
            f"this {image_format} image can't be decoded: it is damaged or incomplete"
        ) from error
    raise UndecodableImageError(
        f"this {image_format} image has too many pixels{f' ({pixels:,})' if pixels else ''}; "
        f"at most {most:,} are decoded: scale it down"
    )


def _most_pixels_inside(data: bytes, image_format: str) -> int:
    """Of the largest picture in a container, which may be larger than the image says that it is."""
    if image_format == "AVIF":
        avif.load_decoder()
        return avif.most_pixels_coded(data)
    heif.load_decoder()
    return heif.most_pixels_declared(data)


def check_size(byte_count: int) -> None:
    """Check an image's size in bytes, best before reading it.

    Raises:
        ImageTooLargeError: more than `MAX_BYTES`.
    """
    if byte_count > MAX_BYTES:
        raise ImageTooLargeError(
            f"the image has {byte_count:,} bytes; at most {MAX_BYTES:,} are read: scale it down"
        )


def resize_and_crop(image: Image.Image, size: int) -> Image.Image:
    """The centre square of an image whose shorter side is scaled to `size` pixels, bicubic.

    This is what CLIP's processor does: the longer side is truncated to whole pixels, then the middle is
    cropped.
    """
    width, height = image.size
    shorter = min(width, height)
    scaled_width, scaled_height = size * width // shorter, size * height // shorter
    left, top = (scaled_width - size) // 2, (scaled_height - size) // 2
    if scaled_width * scaled_height <= MAX_PIXELS:
        scaled = image.resize((scaled_width, scaled_height), Image.Resampling.BICUBIC)
        return scaled.crop((left, top, left + size, top + size))
    # Of an extreme aspect ratio only the part that stays is resampled; Pillow may round it otherwise.
    x, y = width / scaled_width, height / scaled_height
    box = (left * x, top * y, (left + size) * x, (top + size) * y)
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box)


def preprocess(data: bytes, size: int) -> NDArray[np.uint8]:
    """An image's bytes to RGB pixels of shape (size, size, 3).

    Raises:
        ImageError: as `decode`.
    """
    with memory_bounded(data, size):
        return np.asarray(resize_and_crop(decode(data, size), size))


def memory_bounded(data: bytes, shorter_side: int) -> contextlib.AbstractContextManager[object]:
    """To decode an image within: where that takes much memory, one thread waits for the other."""
    return _alone if _takes_much_memory(data, shorter_side) else contextlib.nullcontext()


def decodes_alike(data: bytes, shorter_side: int, other: int) -> bool:
    """Whether an image that can be decoded has the same pixels for two shorter sides, see `decode`."""
    sizes = set()
    for side in (shorter_side, other):
        with Image.open(BytesIO(data), formats=[sniff_format(data)]) as image:
            _scale_while_decoding(image, side)
            sizes.add(image.size)
    return len(sizes) == 1


def affordable(data: bytes, shorter_side: int, least: int) -> int:
    """The shorter side to decode an image for: as wanted, or less where that is more than is decoded.

    Args:
        data: of an image file.
        shorter_side: what is wanted, in pixels.
        least: below this it is not lowered.
    """
    while shorter_side > least and _decoded_pixels(data, shorter_side) > MAX_DECODED_PIXELS:
        shorter_side = max(shorter_side // 2, least)
    return shorter_side


def _takes_much_memory(data: bytes, shorter_side: int) -> bool:
    if sniff_format(data) != "JPEG":
        return True
    pixels = _decoded_pixels(data, shorter_side)
    return not 0 < pixels <= LARGE_PIXELS


def _decoded_pixels(data: bytes, shorter_side: int) -> int:
    """How many pixels a JPEG is decoded to; 0 of other formats and of what can't be read."""
    try:
        with Image.open(BytesIO(data), formats=["JPEG"]) as image:
            _scale_while_decoding(image, shorter_side)
            return image.width * image.height
    except Exception:  # what is wrong with it is for decoding to tell
        return 0


def _scale_while_decoding(image: Image.Image, shorter_side: int) -> None:
    image.draft(None, (math.ceil(SCALED_DECODING * shorter_side),) * 2)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    rgb = Image.new("RGB", image.size)
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        rgb.paste(_band_to_rgb(band), (0, top))
    return rgb


def _band_to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow would clip 16-bit grey at 255, which leaves a white image.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        # CLIP's processor shows what is transparent as white.
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
