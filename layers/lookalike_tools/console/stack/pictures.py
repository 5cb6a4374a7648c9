"""Photos as a browser shows them: made small on this machine, and kept in memory alone."""

import threading
from collections import OrderedDict
from io import BytesIO
from secrets import token_urlsafe

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter
from PIL import Image
from starlette.responses import Response

from lookalike import keys
from lookalike.errors import ImageError, InvalidBoxError
from lookalike.vision.boxes import Box, parse_box, square_around
from lookalike.vision.images import decode
from lookalike_tools.live.stack import Stack

SMALL = 320
"""Side of a small picture in pixels: sharp in a tile on a display of two pixels a point."""

LARGE = 1600
"""Longer side of a large picture, at most."""

MAX_CACHE_BYTES = 64 * 1024 * 1024
"""Some 3,000 small pictures."""

MAX_HELD = 30
"""Photos that were tried and not put anywhere yet."""

AT_ONCE = 4
"""Photos decoded at the same time: bounds memory."""

_NO_PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="320" height="320">'
    b'<g fill="none" stroke="#8b8e94" stroke-width="2.5"><rect x="28" y="32" width="40" height="32" rx="4"/>'
    b'<path d="M28 57l11-11 9 9 7-7 13 12M26 26l44 44"/></g></svg>'
)


class Pictures:
    """Small and large pictures of a stack's photos, and of photos that were only tried.

    What was made is kept until `MAX_CACHE_BYTES` are reached, and ends with the process.
    """

    def __init__(self, stack: Stack) -> None:
        """Make pictures of the photos of a stack."""
        self._stack = stack
        self._s3 = stack.client("s3")
        self._made: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._bytes = 0
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._decoding = threading.Semaphore(AT_ONCE)
        self.router = APIRouter()
        self.router.add_api_route("/pictures/{size}", self._show, methods=["GET"])
        self.router.add_api_route("/tried/{name}/{size}", self._show_tried, methods=["GET"])

    def hold(self, photo: bytes) -> str:
        """Keep a photo that was tried until many others follow; returns its address, without a size."""
        name = token_urlsafe(12)
        with self._lock:
            self._held[name] = photo
            while len(self._held) > MAX_HELD:
                self._held.popitem(last=False)
        return f"/tried/{name}"

    def _show(self, size: str, key: str, v: str, box: str = "") -> Response:
        if not key.startswith((keys.TYPES_PREFIX, keys.MISSED_PREFIX)):
            return Response(status_code=404)
        cached = (size, key, v, box)
        with self._lock:
            if made := self._made.get(cached):
                self._made.move_to_end(cached)
                return _jpeg(made)
        try:
            with self._decoding:
                made = _make(self._read(key), size, parse_box(box) if box else None)
        except (ClientError, BotoCoreError, ImageError, InvalidBoxError):
            # The page tells what is wrong; a picture that can't be shown is no error of the browser's.
            return Response(_NO_PICTURE, media_type="image/svg+xml", headers=_NOT_STORED)
        self._keep(cached, made)
        return _jpeg(made)

    def _show_tried(self, name: str, size: str) -> Response:
        with self._lock:
            photo = self._held.get(name)
        if photo is None:
            return Response(_NO_PICTURE, media_type="image/svg+xml", headers=_NOT_STORED)
        return _jpeg(_make(photo, size, None))

    def _read(self, key: str) -> bytes:
        missed = key.startswith(keys.MISSED_PREFIX)
        bucket = self._stack.work_bucket if missed else self._stack.bucket
        data: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return data

    def _keep(self, cached: tuple[str, ...], made: bytes) -> None:
        with self._lock:
            self._bytes += len(made) - len(self._made.pop(cached, b""))
            self._made[cached] = made
            while self._bytes > MAX_CACHE_BYTES:
                self._bytes -= len(self._made.popitem(last=False)[1])


_NOT_STORED = {"Cache-Control": "no-store"}


def _make(photo: bytes, size: str, box: Box | None) -> bytes:
    if size == "small":
        image = decode(photo, None if box else SMALL)
        square = square_around(box or Box(0, 0, 1, 1), *image.size)
        image = image.crop(square.pixels(*image.size))
        image = image.resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    else:
        image = decode(photo, LARGE)
        image.thumbnail((LARGE, LARGE))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def _jpeg(made: bytes) -> Response:
    return Response(made, media_type="image/jpeg", headers=_NOT_STORED)
