"""Images read, decoded and encoded: what comes of each, while S3, threads and the model take turns."""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError
from numpy.typing import NDArray

from lookalike.errors import ImageError, InvalidBoxError, NotFoundError
from lookalike.matching.encodings import EncodedImage, Origin, Rejection, Row, now
from lookalike.rebuilding.image_versions import Version, etag_of
from lookalike.storage.bucket import StoredObject
from lookalike.storage.provenance import BOX, from_metadata
from lookalike.storage.store import Store
from lookalike.vision.encoder import BATCH, Encoder

READERS = 4
"""Images read at a time: keeps the cores busy while S3 is waited for."""

DECODERS = 2
"""Images decoded at a time: bounds memory, at what `lookalike.vision.images.MAX_PIXELS_OF` allows each."""

AHEAD = 2 * BATCH
"""Images that may be read before they are encoded: bounds memory."""

MOST_UNREAD = 8
"""Images that S3 may fail to give before a rebuild gives up: then S3 fails, not one of its objects."""

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
_decoding = threading.Semaphore(DECODERS)

StorageError = ClientError | BotoCoreError
Outcome = EncodedImage | Rejection | StorageError | None
"""What came of a version of an image; None if it is gone."""
Prepared = tuple[Row, NDArray[np.uint8]] | Rejection | StorageError | None


def head_images(store: Store, keys: Collection[str]) -> list[StoredObject]:
    """Those of some images that there are, without their bytes."""
    return [image for image in _readers.map(store.head_image, sorted(keys)) if image]


def encode_images(
    encoder: Encoder, store: Store, versions: Sequence[Version], save_at: float
) -> Iterator[tuple[Version, Outcome]]:
    """What comes of versions of images, until it is time to save: of at least one batch.

    While a batch is encoded, the next images are read and decoded.

    Args:
        encoder: encodes the images.
        store: holds them.
        versions: the images; one that changed meanwhile is told as what it is now.
        save_at: when to stop, in `time.monotonic()` seconds.
    """
    waiting = iter(versions)

    def read_ahead(count: int) -> Iterator[tuple[Version, Future[Prepared]]]:
        for version in islice(waiting, count):
            yield version, _readers.submit(_prepare, encoder, store, version)

    reading = deque(read_ahead(AHEAD))
    encoded_any, unread = False, 0
    try:
        while reading and unread < MOST_UNREAD:
            if encoded_any and time.monotonic() >= save_at:
                return
            asked, rows, pixels = [], [], []
            for _ in range(min(BATCH, len(reading))):
                version, future = reading[0]
                # A read that hangs must not keep what was encoded from being saved.
                wait([future], max(0, save_at - time.monotonic()) if encoded_any else None)
                if not future.done():
                    break
                prepared = future.result()
                reading.popleft()
                reading.extend(read_ahead(1))
                if isinstance(prepared, tuple):
                    asked.append(version)
                    rows.append(prepared[0])
                    pixels.append(prepared[1])
                elif isinstance(prepared, Rejection):
                    yield _found(version, prepared), prepared
                else:
                    unread += prepared is not None
                    yield version, prepared
            if rows:
                encodings = encoder.encode_pixels(np.stack(pixels))
                for version, row, encoding in zip(asked, rows, encodings, strict=True):
                    yield _found(version, row), EncodedImage(row, encoding)
            encoded_any = True
    finally:
        for _, future in reading:
            future.cancel()


def _found(asked: Version, entry: Row | Rejection) -> Version:
    """The version that was found: the one asked for, or that of other bytes, which came meanwhile."""
    return asked if entry.etag == etag_of(asked[1]) else (entry.image, entry.etag)


def _prepare(encoder: Encoder, store: Store, version: Version) -> Prepared:
    """Read and decode an image: its row and pixels, or why there are none; None if it is gone."""
    key, etag = version[0], etag_of(version[1])
    try:
        image = store.get_image(key)
    except NotFoundError:
        return None
    except ImageError as error:
        return Rejection(key, etag, str(error), now())
    except (ClientError, BotoCoreError) as error:
        return error
    came = image.modified.isoformat()
    try:
        row = from_metadata(image.metadata).row(key, image.etag, came)
        with _decoding:
            return row, _preprocess(encoder, image, row)
    except (ImageError, InvalidBoxError) as error:
        return Rejection(key, image.etag, str(error), came, image.metadata.get(BOX))


def _preprocess(encoder: Encoder, image: StoredObject, row: Row) -> NDArray[np.uint8]:
    """What is encoded of an image: its middle, the square around its box, or the window that matched."""
    if row.box and row.origin is Origin.RECOGNIZED:
        return encoder.preprocess_window(image.data, row.box)
    return encoder.preprocess(image.data, row.box)
