"""Where an image comes from, as S3 keeps it with the image: it outlives the encodings. Pure."""

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from lookalike.keys import is_counterexample
from lookalike.matching.encodings import Origin, Row
from lookalike.vision.boxes import Box, format_box, object_in_square, parse_box

BOX = "box"
"""Name of the metadata that tells where the object is."""

MAX_FILENAME_BYTES = 255
"""What is kept of a file's name: with a key of 1,024 bytes it fits into S3's 2 KB of metadata as base64."""


MAX_CALLER = 200
"""What is kept of the name of who gave a verdict: ARNs of sessions have up to about as many characters."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why an image is there; of one that was recognised also how.

    Attributes:
        similarity: to the image it was nearest to.
        nearest: that image's key.
        filename: what it was called where it came from; the first `MAX_FILENAME_BYTES` of it are kept.
        box: where the object is, of an uploaded one; the window that matched, of a recognised one.
        digest: of its bytes, of one that a person decided about.
    """

    origin: Origin = Origin.UPLOADED
    similarity: float | None = None
    nearest: str | None = None
    filename: str | None = None
    box: Box | None = None
    digest: str | None = None

    def row(self, image: str, etag: str, time: str) -> Row:
        """The row of the image with this key, ETag and time; that it is a counterexample, its key says."""
        origin = Origin.COUNTEREXAMPLE if is_counterexample(image) else self.origin
        return Row(
            image, etag, origin, time, self.similarity, self.nearest, self.filename, self.box, self.digest
        )


def to_metadata(provenance: Provenance) -> dict[str, str]:
    """Object metadata, which S3 takes as ASCII: keys and names go as base64."""
    metadata = {"origin": str(provenance.origin)}
    if provenance.similarity is not None:
        metadata["similarity"] = f"{provenance.similarity:.6f}"
    if provenance.nearest is not None:
        metadata["nearest"] = _encoded(provenance.nearest)
    if provenance.filename is not None:
        kept = provenance.filename.encode(errors="replace")[:MAX_FILENAME_BYTES]
        metadata["filename"] = urlsafe_b64encode(kept).decode()
    if provenance.box is not None:
        metadata[BOX] = format_box(provenance.box)
    if provenance.digest is not None:
        metadata["digest"] = provenance.digest
    return metadata


def verdict_to_metadata(verdict: str, by: str | None, at: str, moved_from: str) -> dict[str, str]:
    """What a person decided, who, when, and where the photo was before (a prefix), as object metadata."""
    metadata = {"verdict": verdict, "verdict-at": at, "moved-from": moved_from}
    return metadata | ({"verdict-by": by.encode("ascii", "replace").decode()[:MAX_CALLER]} if by else {})


def moved_from(metadata: Mapping[str, str]) -> str | None:
    """The prefix under which a photo was before a verdict moved it; None if none did."""
    return metadata.get("moved-from")


def from_metadata(metadata: Mapping[str, str]) -> Provenance:
    """Read what `to_metadata` wrote; anything else counts as uploaded, or as not known.

    Raises:
        InvalidBoxError: what it says of a box is none.
    """
    box = parse_box(metadata[BOX]) if BOX in metadata else None
    if metadata.get("origin") != Origin.RECOGNIZED:
        return Provenance(filename=_text(metadata.get("filename")), box=box, digest=metadata.get("digest"))
    return Provenance(
        Origin.RECOGNIZED,
        _similarity(metadata.get("similarity", "")),
        _text(metadata.get("nearest")),
        _text(metadata.get("filename")),
        box,
    )


def known_by_people(metadata: Mapping[str, str]) -> dict[str, str]:
    """What stays of a photo's metadata once a person says where its object is: all but how it came there."""
    how = {"origin", "similarity", "nearest"} if metadata.get("origin") == Origin.RECOGNIZED else set()
    return {name: value for name, value in metadata.items() if name not in how | {BOX}}


def object_box(provenance: Provenance) -> Box | None:
    """Where the object is, as people draw it: of a recognised image, the window that matched is known."""
    if provenance.box and provenance.origin is Origin.RECOGNIZED:
        return object_in_square(provenance.box)
    return provenance.box


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


def _similarity(text: str) -> float | None:
    try:
        similarity = float(text)
    except ValueError:
        return None
    return similarity if math.isfinite(similarity) else None


def _text(encoded: str | None) -> str | None:
    if encoded is None:
        return None
    try:
        # A name may have been cut within a character.
        return urlsafe_b64decode(encoded).decode(errors="ignore")
    except (ValueError, binascii.Error):
        return None
