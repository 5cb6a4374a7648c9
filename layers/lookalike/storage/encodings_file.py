"""How a type's encodings are written down: the matrix, and all else in the header's metadata. Pure."""

import json
from dataclasses import replace

import numpy as np
from pydantic import TypeAdapter, ValidationError

from lookalike.matching.encodings import Encodings, Rejection, Row
from lookalike.storage.tensor_files import CorruptFileError, load_unit_rows, save_matrix

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
    return save_matrix(_TENSOR, encodings.matrix.astype(np.float32, copy=False), metadata)


def load(data: bytes, empty: Encodings) -> Encodings:
    """Read what `dump` wrote, and trust nothing of it.

    Args:
        data: the file.
        empty: encodings without a row, of the model, type and dimension that the file must be of.

    Raises:
        CorruptFileError: of another model, type or dimension, or damaged.
    """
    expected = {"format": _FORMAT, "model_id": empty.model_id, "type_id": empty.type_id}
    matrix, metadata = load_unit_rows(data, _TENSOR, empty.matrix.shape[1], expected)
    try:
        rows = _rows.validate_json(metadata["rows"])
        rejected = _rejected.validate_json(metadata["rejected"])
        built_at = metadata["built_at"]
    except (ValidationError, KeyError) as error:
        raise CorruptFileError(f"no rows: {error}") from error
    if len(rows) != len(matrix):
        raise CorruptFileError(f"{len(matrix)} encodings for {len(rows)} rows")
    complete = metadata.get("complete") != "false"
    return replace(
        empty, matrix=matrix, rows=rows, rejected=rejected, complete=complete, built_at=built_at or None
    )
