"""How a type's encodings are written down: the matrix, and all else in the header's metadata. Pure."""

import json
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from lookalike.matching.encodings import Encodings, Rejection, Row
from lookalike.storage.tensor_files import CorruptFileError, check_shape, load_tensors, save_tensors

_TENSOR = "encodings"
_FORMAT = "lookalike-encodings-1"
_rows = TypeAdapter(tuple[Row, ...])
_rejected = TypeAdapter(tuple[Rejection, ...])


def dump(encodings: Encodings) -> bytes:
    """Write encodings down."""
    metadata = {
        "format": _FORMAT,
        "model_id": encodings.model_id,
        "type_id": encodings.type_id,
        "built_at": encodings.built_at or "",
        "complete": json.dumps(encodings.complete),
        "rows": _rows.dump_json(encodings.rows, exclude_none=True).decode(),
        "rejected": _rejected.dump_json(encodings.rejected).decode(),
    }
    return save_tensors({_TENSOR: encodings.matrix.astype(np.float32, copy=False)}, metadata)


def load(data: bytes, empty: Encodings) -> Encodings:
    """Read what `dump` wrote, and trust nothing of it.

    Args:
        data: the file.
        empty: encodings without a row, of the model, type and dimension that the file must be of.

    Raises:
        CorruptFileError: of another model, type or dimension, or damaged.
    """
    expected = {"format": _FORMAT, "model_id": empty.model_id, "type_id": empty.type_id}
    tensors, metadata = load_tensors(data, expected)
    try:
        rows = _rows.validate_json(metadata["rows"])
        rejected = _rejected.validate_json(metadata["rejected"])
        built_at = metadata["built_at"]
    except (ValidationError, KeyError) as error:
        raise CorruptFileError(f"no rows: {error}") from error
    check_shape(_TENSOR, tensors.get(_TENSOR), np.float32, (len(rows), empty.matrix.shape[1]))
    matrix = cast(NDArray[np.float32], tensors[_TENSOR])
    # Rounding moves a unit vector's squared length by less; NaN fails the comparison too.
    if not np.all(np.abs(np.einsum("ij,ij->i", matrix, matrix) - 1) < 2e-3):
        raise CorruptFileError("rows that are not of length 1")
    complete = metadata.get("complete") != "false"
    return replace(
        empty, matrix=matrix, rows=rows, rejected=rejected, complete=complete, built_at=built_at or None
    )
