"""The photos of an evaluation, and their encodings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from lookalike.vision.encoder import Encoder
from lookalike_tools.evaluation.photo_encodings import encode_photos
from lookalike_tools.photos.folders import LeftOut, find_photos, too_few_types


@dataclass(frozen=True)
class Photos:
    """Of each type the files, and their encodings, (photos, dimension); and what is left out."""

    type_ids: list[str]
    paths: list[list[Path]]
    encodings: list[NDArray[np.float32]]
    left_out: list[LeftOut]


def read_photos(encoder: Encoder, folder: Path, references: int, console: Console) -> Photos:
    """The photos of each type that has more than `references`.

    Raises:
        PhotosError: there are not two such types.
    """
    found = find_photos(folder)
    encoded, refused = encode_photos(
        encoder, [path for paths in found.photos.values() for path in paths], console
    )
    usable = {type_id: [path for path in paths if path in encoded] for type_id, paths in found.photos.items()}
    enough = {type_id: paths for type_id, paths in usable.items() if len(paths) > references}
    too_few = [
        LeftOut(folder / found.titles.get(type_id, type_id), f"no more than {references} photos")
        for type_id in usable
        if type_id not in enough
    ]
    if len(enough) < 2:
        raise too_few_types(folder, len(enough), references)
    matrices = [np.stack([encoded[path] for path in paths]) for paths in enough.values()]
    return Photos(list(enough), list(enough.values()), matrices, [*found.left_out, *refused, *too_few])
