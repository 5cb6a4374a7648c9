"""A type's photos, those that may do harm first. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lookalike.keys import parse_image_key
from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike_tools.console.addresses import picture_address
from lookalike_tools.console.stack.survey import Picture, picture_of
from lookalike_tools.console.widgets.tiles import Tile


@dataclass(frozen=True)
class PhotoOf:
    """A photo of a type.

    Attributes:
        row: what is known of it.
        similarity: cosine similarity to the nearest other photo of the type; None while it is not known.
        nearer: another type that it resembles more; None if there is none.
    """

    row: Row
    similarity: float | None
    nearer: str | None

    @property
    def name(self) -> str:
        """What its file is called, or was called where it came from."""
        image = parse_image_key(self.row.image)
        return self.row.filename or (image.name if image else self.row.image)

    @property
    def shows_it(self) -> bool:
        """Whether it shows the type; False for a counterexample."""
        return self.row.origin is not Origin.COUNTEREXAMPLE

    @property
    def picture(self) -> Picture:
        """As it is shown."""
        return picture_of(self.row)


FILTERS: dict[str, Callable[[PhotoOf], bool]] = {
    "All": lambda photo: photo.shows_it,
    "Uploaded": lambda photo: photo.row.origin is Origin.UPLOADED,
    "Appended": lambda photo: photo.row.origin is Origin.RECOGNIZED,
    "Doubtful": lambda photo: photo.nearer is not None,
    "Not one": lambda photo: not photo.shows_it,
}

ORIGINS = {Origin.UPLOADED: "uploaded", Origin.RECOGNIZED: "appended", Origin.COUNTEREXAMPLE: "not one"}


def list_photos(
    encodings: Encodings, nearer: Mapping[int, str], similarities: Sequence[float] | None
) -> list[PhotoOf]:
    """The photos of a type: those first that resemble another type more, then the least alike.

    Args:
        encodings: of the type.
        nearer: the types that rows resemble more, by the number of the row.
        similarities: of each row to the nearest other; None while they are not known.
    """
    photos = [
        PhotoOf(row, None if similarities is None else similarities[index], nearer.get(index))
        for index, row in enumerate(encodings.rows)
    ]
    if similarities is None:
        return photos
    return sorted(photos, key=lambda photo: (photo.nearer is None, photo.similarity))


def photo_tile(photo: PhotoOf) -> Tile:
    """How a photo is shown in the grid."""
    alike = "" if photo.similarity is None else f"{photo.similarity:.3f}"
    origin = ORIGINS[photo.row.origin]
    mark = f"like {photo.nearer}" if photo.nearer else ""
    return Tile(
        id=photo.row.image,
        pictures=[picture_address(photo.picture)],
        title=alike,
        note=photo.name if photo.row.origin is Origin.UPLOADED else f"{origin}, {photo.name}",
        tone="bad" if photo.nearer else "",
        mark=mark,
    )
