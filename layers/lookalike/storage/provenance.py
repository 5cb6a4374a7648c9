"""Where an image comes from, as S3 keeps it with the image: it outlives the encodings. Pure."""

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple

from lookalike.matching.encodings import Origin


class Provenance(NamedTuple):
    """Who put an image there; for a recognised one also which image it was nearest to, and how similar."""

    origin: Origin = Origin.UPLOADED
    similarity: float | None = None
    nearest: str | None = None


def to_metadata(provenance: Provenance) -> dict[str, str]:
    """Object metadata, which S3 takes as ASCII of 2 KB at most: keys of 1,024 bytes fit as base64."""
    metadata = {"origin": str(provenance.origin)}
    if provenance.similarity is not None:
        metadata["similarity"] = f"{provenance.similarity:.6f}"
    if provenance.nearest is not None:
        metadata["nearest"] = urlsafe_b64encode(provenance.nearest.encode()).decode()
    return metadata


def from_metadata(metadata: Mapping[str, str]) -> Provenance:
    """What `to_metadata` wrote; whatever else people put there counts as an upload, or as not known."""
    if metadata.get("origin") != Origin.RECOGNIZED:
        return Provenance()
    try:
        similarity = float(metadata["similarity"])
        nearest = urlsafe_b64decode(metadata["nearest"]).decode()
    except (KeyError, ValueError, binascii.Error):
        return Provenance(Origin.RECOGNIZED)
    return Provenance(Origin.RECOGNIZED, similarity if math.isfinite(similarity) else None, nearest)
