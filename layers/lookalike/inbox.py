"""Photos of the inbox: read and encoded together, so that each can then be answered for itself."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.aws.inbox_queue import Put
from lookalike.errors import ImageError, ImageTooLargeError, NotFoundError
from lookalike.keys import file_name
from lookalike.looking import QueryPhoto, encode_middles
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike.vision.images import MAX_BYTES, check_size

READERS = 4
"""Photos read at a time."""

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")


@dataclass(frozen=True, slots=True)
class Taken:
    """A photo of the inbox, ready to be recognised; or why it can't be.

    Attributes:
        photo: the query.
        context: the object's user metadata, where the object was read.
        error: a `NotFoundError` (the photo is gone, or another was put in its place), an `ImageError`, or
            what S3 failed with; then there is no photo.
    """

    photo: QueryPhoto | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None


def take(encoder: Encoder, store: Store, puts: Iterable[Put]) -> dict[Put, Taken]:
    """Read photos, several at a time, and encode the middles of all of them at once.

    Args:
        encoder: encodes them.
        store: holds them.
        puts: the photos; no more than fit into memory.
    """
    wanted = list(dict.fromkeys(puts))
    # A copy of the context for each, so that the deadline for calls applies in the threads too.
    reading = [_readers.submit(copy_context().run, _read, store, put) for put in wanted]
    taken = dict(zip(wanted, (future.result() for future in reading), strict=True))
    photos = {put: each.photo for put, each in taken.items() if each.photo}
    middles = encode_middles(encoder, [photo.data for photo in photos.values()])
    for (put, photo), middle in zip(photos.items(), middles, strict=True):
        context = taken[put].context
        if isinstance(middle, ImageError):
            taken[put] = Taken(context=context, error=middle)
        else:
            taken[put] = Taken(replace(photo, middle=middle), context)
    return taken


def _read(store: Store, put: Put) -> Taken:
    try:
        stored = store.work.get(put.key, MAX_BYTES)
    except (ClientError, BotoCoreError) as error:
        return Taken(error=error)
    if stored is None:
        return Taken(error=NotFoundError(f"{put.key} was removed before it was recognised"))
    if stored.etag.strip('"') != put.etag:
        # The bucket keeps no versions. The other photo is answered by the message of its own put.
        return Taken(
            error=NotFoundError(f"another photo was put at {put.key} before this one was recognised")
        )
    try:
        check_size(stored.size)
    except ImageTooLargeError as error:
        return Taken(context=stored.metadata, error=error)
    # Its message may come again after it has joined a type.
    return Taken(QueryPhoto(stored.data, file_name(put.key), asked_again=True), stored.metadata)
