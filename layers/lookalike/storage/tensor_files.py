"""Matrices in the bucket: safetensors with metadata, and no trust in what is read. Pure."""

import json
import struct
from collections.abc import Mapping

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from lookalike.errors import LookalikeError


class CorruptFileError(LookalikeError):
    """These bytes are not what should lie here."""


def save_matrix(name: str, matrix: NDArray[np.floating], metadata: Mapping[str, str]) -> bytes:
    """A matrix and its metadata as safetensors."""
    return safetensors.numpy.save({name: np.ascontiguousarray(matrix)}, dict(metadata))


def load_unit_rows(
    data: bytes, name: str, dimension: int, expected: Mapping[str, str]
) -> tuple[NDArray[np.float32], dict[str, str]]:
    """Read what `save_matrix` wrote: (rows, dimension), of length 1, and the metadata.

    Args:
        data: the file.
        name: of the matrix.
        dimension: of its rows.
        expected: what the metadata must say.

    Raises:
        CorruptFileError: not safetensors, other metadata, another dimension, or rows not of length 1.
    """
    try:
        stored = safetensors.numpy.load(data)[name]
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CorruptFileError(f"no safetensors with {name}: {error}") from error
    metadata = _read_metadata(data)
    said = {key: metadata.get(key) for key in expected}
    if said != dict(expected):
        raise CorruptFileError(f"{said} instead of {dict(expected)}")
    if stored.dtype not in (np.float32, np.float16) or stored.ndim != 2 or stored.shape[1] != dimension:
        raise CorruptFileError(f"{name} {stored.shape} {stored.dtype} instead of {dimension} dimensions")
    matrix = stored.astype(np.float32, copy=False)
    lengths = np.einsum("ij,ij->i", matrix, matrix)
    # Rounding moves a unit vector's squared length by less; NaN fails the comparison too.
    if not np.all(np.abs(lengths - 1) < (2e-3 if stored.dtype == np.float32 else 2e-2)):
        raise CorruptFileError("rows that are not of length 1")
    return matrix, metadata


def _read_metadata(data: bytes) -> dict[str, str]:
    """The metadata in the header, which safetensors itself reads from files only."""
    try:
        # The header is a JSON text after its length.
        (header_length,) = struct.unpack_from("<Q", data)
        metadata: dict[str, str] = json.loads(data[8 : 8 + header_length])["__metadata__"]
        return dict(metadata)
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptFileError(f"safetensors without metadata: {error}") from error
