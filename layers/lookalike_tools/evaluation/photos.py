"""The photos of an evaluation, and their encodings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from lookalike.vision.encoder import Encoder
from lookalike_tools.evaluation.photo_encodings import encode_photos
from lookalike_tools.photos.folders import find_photos, too_few_types


@dataclass(frozen=True)
class Photos:
    """Of each type the files, and their encodings, (photos, dimension)."""

    type_ids: list[str]
    paths: list[list[Path]]
    encodings: list[NDArray[np.float32]]


def read_photos(encoder: Encoder, folder: Path, references: int, console: Console) -> Photos:
    """The photos of each type that has more than `references`; what is left out is printed.

    Raises:
        PhotosError: there are not two such types.
    """
    found = find_photos(folder)
    encoded = encode_photos(encoder, [path for paths in found.values() for path in paths], console)
    usable = {type_id: [path for path in paths if path in encoded] for type_id, paths in found.items()}
    enough = {type_id: paths for type_id, paths in usable.items() if len(paths) > references}
    if left_out := sorted(usable.keys() - enough.keys()):
        console.print(
            f"left out, with no more than {references} photos: {', '.join(left_out)}",
            style="yellow",
            soft_wrap=True,
        )
    if len(enough) < 2:
        raise too_few_types(folder, len(enough), references)
    matrices = [np.stack([encoded[path] for path in paths]) for paths in enough.values()]
    return Photos(list(enough), list(enough.values()), matrices)
