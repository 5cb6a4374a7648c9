"""Files that people and their enemies send instead of a photo, and odd photos that are photos still."""

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from support.photos.photographs import encoded, photograph

FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")


def no_images() -> Iterator[tuple[str, bytes]]:
    """Files of other kinds, by what they are: 415."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("photo.png", photograph(1))
    yield "text", b"hello"
    yield "html", b"<!doctype html><script>alert(1)</script>"
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    yield "xml bomb", b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    yield "pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run"
    yield "zip", zipped.getvalue()
    yield "pickle", pickle.dumps({"photo": photograph(1)})
    yield "gzip", zlib.compress(photograph(1), wbits=31)
    yield "program", b"\x7fELF\x02\x01\x01" + bytes(57)
    yield "film", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64)
    yield "icon", encoded(Image.new("RGB", (16, 16)), "ICO")
    yield "zeros", bytes(10_000)
    yield "photo behind a byte", b"\x00" + photograph(1)


def damaged_images() -> Iterator[tuple[str, bytes]]:
    """Images that can't be decoded, by what is wrong with them: 422."""
    for image_format in FORMATS:
        whole = photograph(1, image_format=image_format)
        for part in (0.3, 0.6, 0.9):
            yield f"{image_format} cut at {part}", whole[: int(len(whole) * part)]
        yield f"{image_format} of only a header", whole[:16]
    png = photograph(1)
    yield "PNG with a wrong checksum", png[:40] + bytes([png[40] ^ 255]) + png[41:]
    yield "PNG bomb", _png(60_000, 60_000, b"\x00" * 1000)
    yield "PNG of no width", _png(0, 10, b"")
    yield "PNG with a text bomb", _png(8, 8, bytes(8 * 25), text=bytes(200_000_000))
    yield "JPEG of huge dimensions", _jpeg(65_500, 65_500)
    yield "GIF bomb", b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + _gif_frame(65535, 65535)
    yield "TIFF bomb", encoded(Image.new("1", (20_000, 20_000)), "TIFF", compression="group4")
    yield "WEBP bomb", encoded(Image.new("RGB", (16_000, 1_600)), "WEBP", quality=1)
    yield "HEIF of nothing but a header", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
    yield "HEIF of huge dimensions", _heif(30_000, 30_000)
    yield "HEIF with more pixels than it declares", _heif(16, 16)
    yield "AVIF of nothing but a header", b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif" + bytes(64)
    yield "AVIF of huge dimensions", _avif(30_000, 30_000)
    yield (
        "AVIF film",
        encoded(
            Image.new("RGB", (64, 64)),
            "AVIF",
            save_all=True,
            append_images=[Image.new("RGB", (64, 64), "red")],
        ),
    )
    yield "BMP of huge dimensions", _bmp(2**31 - 1, 2**31 - 1)
    yield "BMP of negative width", _bmp(-5, 5)


def odd_images() -> Iterator[tuple[str, bytes]]:
    """Photos all the same, by what is odd about them: they are encoded."""
    rgb = Image.open(io.BytesIO(photograph(1)))
    frames = [rgb, rgb.rotate(90)]
    yield "broken EXIF", encoded(rgb, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff broken")
    yield "animated GIF", encoded(rgb, "GIF", save_all=True, append_images=frames)
    yield "animated WEBP", encoded(rgb, "WEBP", save_all=True, append_images=frames)
    yield "animated PNG", encoded(rgb, "PNG", save_all=True, append_images=frames)
    yield "TIFF of pages", encoded(rgb, "TIFF", save_all=True, append_images=frames)
    yield "16 bits", encoded(Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257))
    yield "CMYK", encoded(rgb.convert("CMYK"), "JPEG")
    yield "palette", encoded(rgb.convert("P"))
    yield "transparent palette", encoded(rgb.convert("P"), transparency=0)
    yield "alpha", encoded(rgb.convert("RGBA"))
    yield "AVIF with alpha", encoded(rgb.convert("RGBA"), "AVIF")
    yield "grey AVIF", encoded(rgb.convert("L"), "AVIF")
    yield "HEIF with alpha", encoded(rgb.convert("RGBA"), "HEIF")
    yield "grey HEIF", encoded(rgb.convert("L"), "HEIF")
    yield "one bit", encoded(rgb.convert("1"))
    yield "one pixel", encoded(rgb.resize((1, 1)))
    yield "very wide", encoded(rgb.resize((20_000, 2)))
    yield "very tall", encoded(rgb.resize((1, 20_000)))
    yield "progressive", encoded(rgb, "JPEG", progressive=True)
    yield "rubbish behind", encoded(rgb, "JPEG") + b"<script>" * 1000
    for mode in ("RGB", "RGBA", "LA", "P"):
        yield f"25 megapixels of {mode}", encoded(Image.new(mode, (5000, 5000), 77))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, pixels: bytes, text: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    note = _chunk(b"zTXt", b"note\x00\x00" + zlib.compress(text, 9)) if text else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + note
        + _chunk(b"IDAT", zlib.compress(pixels))
        + _chunk(b"IEND", b"")
    )


def _jpeg(width: int, height: int) -> bytes:
    data = encoded(Image.new("RGB", (8, 8)), "JPEG")
    start = data.index(b"\xff\xc0") + 5
    return data[:start] + struct.pack(">HH", height, width) + data[start + 4 :]


def _heif(width: int, height: int) -> bytes:
    data = encoded(Image.new("RGB", (512, 512)), "HEIF")
    start = data.index(b"ispe") + 8
    return data[:start] + struct.pack(">II", width, height) + data[start + 8 :]


def _avif(width: int, height: int) -> bytes:
    data = encoded(Image.new("RGB", (512, 512)), "AVIF", speed=10)
    start = data.index(b"ispe") + 8
    return data[:start] + struct.pack(">II", width, height) + data[start + 8 :]


def _gif_frame(width: int, height: int) -> bytes:
    return b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02L\x01\x00;"


def _bmp(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("RGB", (8, 8)), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)
