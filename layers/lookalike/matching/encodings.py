"""A type's encodings: what they hold, and how they change. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lookalike.vision.boxes import Box


class Origin(StrEnum):
    """Why an image is there: a person put it, recognition did, or a person says that it shows none."""

    UPLOADED = "uploaded"
    RECOGNIZED = "recognized"
    COUNTEREXAMPLE = "counterexample"


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the matrix encodes.

    Attributes:
        image: the image's key.
        etag: which version of the image it is.
        origin: why the image is there.
        time: when the image came, ISO 8601 in UTC.
        similarity: of a recognised image, its cosine similarity to the image it was nearest to when it came.
        nearest: of a recognised image, the key of that image.
        filename: of a recognised image, what it was called where it came from.
        digest: of its bytes, of an image that a person decided about.
        box: where the object is; of a recognised image the window that matched; None for the middle square.
    """

    image: str
    etag: str
    origin: Origin
    time: str
    similarity: float | None = None
    nearest: str | None = None
    filename: str | None = None
    box: Box | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An image that can't be encoded, and why.

    Attributes:
        time: when the image came, ISO 8601 in UTC; when it was refused, of one that is too large to be read.
        box: what its metadata says of the object's place, right or wrong.
    """

    image: str
    etag: str
    reason: str
    time: str
    box: str | None = None


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A row with its encoding, of shape (dimension,) and length 1."""

    row: Row
    encoding: NDArray[np.float32]


@dataclass(frozen=True)
class Encodings:
    """All encodings of one type by one model, those of its counterexamples among them.

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

    @property
    def is_built(self) -> bool:
        """Whether all images have been looked at once, and there are references."""
        return self.complete and any(row.origin is not Origin.COUNTEREXAMPLE for row in self.rows)

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

    def without(self, images: Collection[str]) -> Self:
        """Without the rows and rejections of images with these keys."""
        return self.keep_only({key: etag for key, etag in self.etags().items() if key not in images})

    def find_recognized(self, digest: str) -> str | None:
        """The key of the recognised image whose bytes have this digest; its name may hold more."""
        recognized = (row.image for row in self.rows if row.origin is Origin.RECOGNIZED)
        return next((image for image in recognized if digest in image), None)

    def is_rejected(self, digest: str) -> bool:
        """Whether a person said of the bytes with this digest that they show none."""
        return any(row.digest == digest or digest in row.image for row in self.counterexamples.rows)

    @cached_property
    def references(self) -> Self:
        """Without the counterexamples."""
        return self.of_origin(Origin.UPLOADED, Origin.RECOGNIZED)

    @cached_property
    def counterexamples(self) -> Self:
        """Only the counterexamples."""
        return self.of_origin(Origin.COUNTEREXAMPLE)

    def of_origin(self, *origins: Origin) -> Self:
        """Only the rows of images of some origins."""
        kept = [index for index, row in enumerate(self.rows) if row.origin in origins]
        if len(kept) == len(self.rows):
            return self
        return replace(self, matrix=self.matrix[kept], rows=tuple(self.rows[index] for index in kept))

    def append(self, encoded: Iterable[EncodedImage], rejected: Iterable[Rejection] = ()) -> Self:
        """With more rows and rejections; an image that is accounted for already is replaced."""
        encoded, rejected = list(encoded), list(rejected)
        replaced = {entry.row.image for entry in encoded} | {entry.image for entry in rejected}
        others = self if replaced.isdisjoint(self.etags()) else self.without(replaced)
        return replace(
            self,
            matrix=np.concatenate([others.matrix, *(entry.encoding[np.newaxis] for entry in encoded)]),
            rows=(*others.rows, *(entry.row for entry in encoded)),
            rejected=(*others.rejected, *rejected),
        )


def now() -> str:
    """This second, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
