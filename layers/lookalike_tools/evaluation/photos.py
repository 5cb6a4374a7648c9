"""The photos of an evaluation, and their encodings, cached between runs by a digest of the photos' bytes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lookalike.errors import ImageError
from lookalike.keys import content_digest
from lookalike.vision.encoder import Encoder
from lookalike_tools.photos.folders import LeftOut, find_photos, too_few_types

CACHE_DIR = Path(".cache")
BATCH = 16


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
    encoded, refused = _encode_photos(
        encoder, [path for paths in found.photos.values() for path in paths], console
    )
    usable = {type_id: [path for path in paths if path in encoded] for type_id, paths in found.photos.items()}
    enough = {type_id: paths for type_id, paths in usable.items() if len(paths) > references}
    too_few = [
        LeftOut(folder / found.titles.get(type_id, type_id), f"no more than {references} photos")
        for type_id in usable
        if type_id not in enough
    ]
    left_out = [*found.left_out, *refused, *too_few]
    if len(enough) < 2:
        raise too_few_types(folder, len(enough), references, left_out)
    matrices = [np.stack([encoded[path] for path in paths]) for paths in enough.values()]
    return Photos(list(enough), list(enough.values()), matrices, left_out)


def _encode_photos(
    encoder: Encoder, paths: Sequence[Path], console: Console
) -> tuple[dict[Path, NDArray[np.float32]], list[LeftOut]]:
    """The encoding, (dimension,), of each photo: from the cache, or encoded with a progress bar.

    Photos that can't be encoded are told of apart.
    """
    cache_file = CACHE_DIR / f"encodings-{encoder.model_id}.safetensors"
    known = _read_cache(cache_file)
    digests = {path: content_digest(path.read_bytes()) for path in paths}
    missing = [path for path in paths if digests[path] not in known]
    batches = [missing[start : start + BATCH] for start in range(0, len(missing), BATCH)]
    left_out: list[LeftOut] = []
    with ThreadPoolExecutor() as threads:
        for batch in track(batches, "encoding photos", console=console, disable=not batches):
            decoded = list(threads.map(lambda path: _decode(encoder, path), batch))
            left_out += [each for each in decoded if isinstance(each, LeftOut)]
            good = [
                (path, pixels)
                for path, pixels in zip(batch, decoded, strict=True)
                if not isinstance(pixels, LeftOut)
            ]
            if good:
                encoded = encoder.encode_pixels(np.stack([pixels for _, pixels in good]))
                known |= {digests[path]: row for (path, _), row in zip(good, encoded, strict=True)}
    if missing:
        CACHE_DIR.mkdir(parents=True, exist_ok=True)
        safetensors.numpy.save_file(known, cache_file)
    return {path: known[digest] for path, digest in digests.items() if digest in known}, left_out


def _read_cache(path: Path) -> dict[str, NDArray[np.float32]]:
    try:
        return safetensors.numpy.load_file(path)
    except (FileNotFoundError, safetensors.SafetensorError):
        return {}


def _decode(encoder: Encoder, path: Path) -> NDArray[np.uint8] | LeftOut:
    try:
        return encoder.preprocess(path.read_bytes())
    except ImageError as error:
        return LeftOut(path, str(error))
