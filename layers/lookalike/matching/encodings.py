"""A type's encodings: what they hold, how they change, how they are written down. Pure."""

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from lookalike.errors import LookalikeError


class Origin(StrEnum):
    """Who put an image there."""

    UPLOADED = "uploaded"
    RECOGNIZED = "recognized"


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the matrix encodes.

    Attributes:
        image: the image's key.
        etag: which version of the image it is.
        origin: who put the image there.
        time: when the image came, ISO 8601 in UTC.
        similarity: of a recognised image, its cosine similarity to the image it was nearest to when it came.
        nearest: of a recognised image, the key of that image.
    """

    image: str
    etag: str
    origin: Origin
    time: str
    similarity: float | None = None
    nearest: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An image that can't be encoded, and why."""

    image: str
    etag: str
    reason: str
    time: str


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A row with its encoding, of shape (dimension,) and length 1."""

    row: Row
    encoding: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encodings:
    """All encodings of one type by one model.

    Attributes:
        matrix: (rows, dimension), float32, rows of length 1.
        rows: what each row of the matrix encodes.
        rejected: the images that have no row, with the reason.
        complete: False while they are built for the first time, and not all images have been looked at yet.
        built_at: when they last changed, ISO 8601 in UTC; None for encodings that were never written.
    """

    model_id: str
    type_id: str
    matrix: NDArray[np.float32]
    rows: tuple[Row, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    complete: bool = True
    built_at: str | None = field(default=None, compare=False)

    @classmethod
    def empty(cls, model_id: str, type_id: str, dimension: int) -> Self:
        """Encodings without a row."""
        return cls(model_id, type_id, np.empty((0, dimension), np.float32))

    def etags(self) -> dict[str, str]:
        """ETag of each image that these encodings account for, with a row or as rejected, by its key."""
        return {row.image: row.etag for row in self.rows} | {
            entry.image: entry.etag for entry in self.rejected
        }

    def missing_from(self, listed: Mapping[str, str]) -> list[str]:
        """Keys of the listed images (key to ETag) that are new or have changed, in order of their keys."""
        known = self.etags()
        return sorted(key for key, etag in listed.items() if known.get(key) != etag)

    def is_current(self, listed: Mapping[str, str]) -> bool:
        """Whether these encodings say just what the listed images (key to ETag) say."""
        return self.etags() == dict(listed)

    def keep_only(self, listed: Mapping[str, str]) -> Self:
        """Without the rows and rejections of images that are gone or have changed."""
        kept = [index for index, row in enumerate(self.rows) if listed.get(row.image) == row.etag]
        return replace(
            self,
            matrix=self.matrix[kept],
            rows=tuple(self.rows[index] for index in kept),
            rejected=tuple(entry for entry in self.rejected if listed.get(entry.image) == entry.etag),
        )

    def of_origin(self, origin: Origin) -> Self:
        """Only the rows of images of one origin."""
        kept = [index for index, row in enumerate(self.rows) if row.origin is origin]
        return replace(self, matrix=self.matrix[kept], rows=tuple(self.rows[index] for index in kept))

    def append(self, encoded: Iterable[EncodedImage], rejected: Iterable[Rejection] = ()) -> Self:
        """With more rows and rejections; an image that is accounted for already is replaced."""
        encoded, rejected = list(encoded), list(rejected)
        replaced = {entry.row.image for entry in encoded} | {entry.image for entry in rejected}
        known = self.etags()
        others = self
        if not replaced.isdisjoint(known):
            others = self.keep_only({key: etag for key, etag in known.items() if key not in replaced})
        return replace(
            self,
            matrix=np.concatenate([others.matrix, *(entry.encoding[np.newaxis] for entry in encoded)]),
            rows=(*others.rows, *(entry.row for entry in encoded)),
            rejected=(*others.rejected, *rejected),
        )


class CorruptEncodingsError(LookalikeError):
    """These bytes are no encodings of this type by this model."""


def now() -> str:
    """This second, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


_TENSOR = "encodings"
_FORMAT = "lookalike-encodings-1"
_rows = TypeAdapter(tuple[Row, ...])
_rejected = TypeAdapter(tuple[Rejection, ...])


def dump(encodings: Encodings, built_at: str) -> bytes:
    """Write encodings down as safetensors: the matrix, and all else in the header's metadata."""
    metadata = {
        "format": _FORMAT,
        "model_id": encodings.model_id,
        "type_id": encodings.type_id,
        "built_at": built_at,
        "complete": json.dumps(encodings.complete),
        "rows": _rows.dump_json(encodings.rows, exclude_none=True).decode(),
        "rejected": _rejected.dump_json(encodings.rejected).decode(),
    }
    matrix = np.ascontiguousarray(encodings.matrix, np.float32)
    return safetensors.numpy.save({_TENSOR: matrix}, metadata)


def read_metadata(data: bytes) -> dict[str, str]:
    """The metadata in the header of safetensors, which the library reads from files only.

    Raises:
        CorruptEncodingsError: there is none.
    """
    try:
        # The header is a JSON text after its length.
        (header_length,) = struct.unpack_from("<Q", data)
        metadata: dict[str, str] = json.loads(data[8 : 8 + header_length])["__metadata__"]
        return metadata
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise CorruptEncodingsError(f"safetensors without metadata: {error}") from error


def load(data: bytes, model_id: str, type_id: str, dimension: int) -> Encodings:
    """Read what `dump` wrote, and trust nothing of it.

    Raises:
        CorruptEncodingsError: not safetensors, of another model or type, of another dimension, with a number
            of rows that does not fit the matrix, or with rows that are not of length 1.
    """
    try:
        matrix = safetensors.numpy.load(data)[_TENSOR]
        metadata = read_metadata(data)
        encodings = Encodings(
            model_id=metadata["model_id"],
            type_id=metadata["type_id"],
            matrix=matrix,
            rows=_rows.validate_json(metadata["rows"]),
            rejected=_rejected.validate_json(metadata["rejected"]),
            complete=metadata.get("complete") != "false",
            built_at=metadata["built_at"],
        )
    except (safetensors.SafetensorError, ValidationError, ValueError, KeyError, TypeError) as error:
        raise CorruptEncodingsError(f"not encodings: {error}") from error
    if metadata.get("format") != _FORMAT:
        raise CorruptEncodingsError(f"format {metadata.get('format')!r} instead of {_FORMAT!r}")
    if (encodings.model_id, encodings.type_id) != (model_id, type_id):
        raise CorruptEncodingsError(f"encodings of {encodings.type_id!r} by {encodings.model_id!r}")
    if matrix.dtype != np.float32 or matrix.shape != (len(encodings.rows), dimension):
        raise CorruptEncodingsError(f"{matrix.dtype} matrix {matrix.shape} for {len(encodings.rows)} rows")
    # Rounding to float32 moves a unit vector's squared length by far less; NaN fails the comparison too.
    if not np.all(np.abs(np.einsum("ij,ij->i", matrix, matrix) - 1) < 2e-3):
        raise CorruptEncodingsError("rows that are not of length 1")
    return encodings
