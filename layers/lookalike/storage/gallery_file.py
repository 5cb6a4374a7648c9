"""How the gallery is written down: prototypes in half precision, which moves a cosine by less than 0.0001.

Pure.
"""

import json

import numpy as np
from pydantic import TypeAdapter, ValidationError

from lookalike.keys import is_type_id
from lookalike.matching.gallery import Gallery
from lookalike.storage.tensor_files import CorruptFileError, load_unit_rows, save_matrix

_TENSOR = "prototypes"
_FORMAT = "lookalike-gallery-1"
_type_ids = TypeAdapter(tuple[str, ...])


def dump(gallery: Gallery) -> bytes:
    """Write a gallery down."""
    metadata = {"format": _FORMAT, "model_id": gallery.model_id, "type_ids": json.dumps(gallery.type_ids)}
    return save_matrix(_TENSOR, gallery.matrix.astype(np.float16), metadata)


def load(data: bytes, empty: Gallery) -> Gallery:
    """Read what `dump` wrote, and trust nothing of it.

    Args:
        data: the file.
        empty: a gallery without a type, of the model and dimension that the file must be of.

    Raises:
        CorruptFileError: of another model or dimension, or damaged.
    """
    expected = {"format": _FORMAT, "model_id": empty.model_id}
    matrix, metadata = load_unit_rows(data, _TENSOR, empty.matrix.shape[1], expected)
    try:
        type_ids = _type_ids.validate_json(metadata["type_ids"])
    except (ValidationError, KeyError) as error:
        raise CorruptFileError(f"no types: {error}") from error
    if list(type_ids) != sorted(set(type_ids)) or not all(map(is_type_id, type_ids)):
        raise CorruptFileError("types that are named twice, out of order, or by names that no type can have")
    if len(type_ids) != len(matrix):
        raise CorruptFileError(f"{len(matrix)} prototypes for {len(type_ids)} types")
    return Gallery(empty.model_id, type_ids, matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
