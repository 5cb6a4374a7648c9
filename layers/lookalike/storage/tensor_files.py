"""Tensors in the bucket: safetensors with metadata, and no trust in what is read. Pure."""

import json
import struct
from collections.abc import Mapping

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from lookalike.errors import LookalikeError

Tensor = NDArray[np.generic]


class CorruptFileError(LookalikeError):
    """These bytes are not what should lie here."""


def save_tensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Tensors and metadata as safetensors."""
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    return safetensors.numpy.save(contiguous, dict(metadata))


def load_tensors(data: bytes, expected: Mapping[str, str]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read what `save_tensors` wrote.

    Args:
        data: the file.
        expected: what the metadata must say.

    Raises:
        CorruptFileError: not safetensors, or other metadata.
    """
    try:
        tensors = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CorruptFileError(f"no safetensors: {error}") from error
    metadata = _read_metadata(data)
    said = {key: metadata.get(key) for key in expected}
    if said != dict(expected):
        raise CorruptFileError(f"{said} instead of {dict(expected)}")
    return tensors, metadata


def check_shape(name: str, tensor: Tensor | None, dtype: type, shape: tuple[int, ...]) -> None:
    """Check what a tensor is.

    Raises:
        CorruptFileError: it is not there, or of another type or shape.
    """
    if tensor is None:
        raise CorruptFileError(f"there is no tensor {name}")
    if tensor.dtype != dtype or tensor.shape != shape:
        wanted = f"{np.dtype(dtype)} {shape}"
        raise CorruptFileError(f"{name} is {tensor.dtype} {tensor.shape} instead of {wanted}")


def _read_metadata(data: bytes) -> dict[str, str]:
    """The metadata in the header, which safetensors itself reads from files only."""
    try:
        # The header is a JSON text after its length.
        (header_length,) = struct.unpack_from("<Q", data)
        metadata: dict[str, str] = json.loads(data[8 : 8 + header_length])["__metadata__"]
        return dict(metadata)
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptFileError(f"safetensors without metadata: {error}") from error
