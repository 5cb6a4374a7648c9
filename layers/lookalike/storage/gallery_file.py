"""How the gallery is written down: in half precision, which moves a probability by less than 0.01. Pure."""

import json
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from lookalike.keys import is_type_id
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Fit
from lookalike.matching.learning.metric import RANK, Metric
from lookalike.matching.learning.probability import Calibration
from lookalike.storage.tensor_files import CorruptFileError, check_shape, load_tensors, save_tensors

MAX_FIT_BYTES = 2**20
"""What a gallery takes beside its types: 64 directions of 1,280 dimensions take 0.3 MB."""

_FORMAT = "lookalike-gallery-2"
_ROUNDING = 1e-2
"""More than half precision moves the length of an encoding, or of a direction."""


class _Fit(NamedTuple):
    """What the metadata say of the fit."""

    rest: float
    between: float
    dimensions: float
    offset: float
    photos: int
    types: int
    sample: tuple[str, ...]
    rows: int
    fitted_at: str


_type_ids = TypeAdapter(tuple[str, ...])
_fit = TypeAdapter(_Fit)


def dump(gallery: Gallery) -> bytes:
    """Write a gallery down."""
    fit, metric = gallery.fit, gallery.fit.metric
    described = _Fit(
        rest=metric.rest,
        between=metric.between,
        dimensions=fit.calibration.dimensions,
        offset=fit.calibration.offset,
        photos=fit.photos,
        types=fit.types,
        sample=fit.sample,
        rows=fit.rows,
        fitted_at=fit.fitted_at,
    )
    tensors: dict[str, NDArray[np.generic]] = {
        "means": gallery.means.astype(np.float16),
        "rows": gallery.rows.astype(np.int32),
        "mean": metric.mean.astype(np.float32),
        "basis": metric.basis.astype(np.float32),
        "variances": metric.variances.astype(np.float32),
    }
    metadata = {
        "format": _FORMAT,
        "model_id": gallery.model_id,
        "type_ids": json.dumps(gallery.type_ids),
        "fit": json.dumps(described._asdict()),
    }
    return save_tensors(tensors, metadata)


def load(data: bytes, model_id: str, dimension: int) -> Gallery:
    """Read what `dump` wrote, and trust nothing of it.

    Raises:
        CorruptFileError: of another model or dimension, with types that do not fit the means, or with numbers
            that no fit gives.
    """
    tensors, metadata = load_tensors(data, {"format": _FORMAT, "model_id": model_id})
    try:
        type_ids = _type_ids.validate_json(metadata["type_ids"])
        fit = _fit.validate_json(metadata["fit"])
    except (ValidationError, KeyError) as error:
        raise CorruptFileError(f"no types, or no fit: {error}") from error
    if list(type_ids) != sorted(set(type_ids)) or not all(map(is_type_id, type_ids)):
        raise CorruptFileError("types that are named twice, out of order, or by names that no type can have")
    rank = min(len(np.atleast_1d(tensors.get("variances", 0))), RANK)
    for name, dtype, shape in (
        ("means", np.float16, (len(type_ids), dimension)),
        ("rows", np.int32, (len(type_ids),)),
        ("mean", np.float32, (dimension,)),
        ("basis", np.float32, (rank, dimension)),
        ("variances", np.float32, (rank,)),
    ):
        check_shape(name, tensors.get(name), dtype, shape)
    means, mean = (tensors[name].astype(np.float32) for name in ("means", "mean"))
    basis, variances = (tensors[name].astype(np.float32) for name in ("basis", "variances"))
    rows = cast(NDArray[np.int32], tensors["rows"])
    # NaN fails each comparison too.
    lengths = np.linalg.norm(np.vstack([means, mean[np.newaxis]]).astype(np.float64), axis=1)
    if not np.all(lengths <= 1 + _ROUNDING):
        raise CorruptFileError("means that are longer than encodings are")
    if not np.all(np.abs(basis) <= 1 + _ROUNDING) or not np.all(
        np.abs(basis @ basis.T - np.eye(rank)) < _ROUNDING
    ):
        raise CorruptFileError("directions that are not orthonormal")
    positive = np.array([*variances, fit.rest, fit.between, fit.dimensions, *rows])
    if not np.all((positive > 0) & np.isfinite(positive)) or not np.isfinite(fit.offset):
        raise CorruptFileError("numbers that no fit gives")
    if min(fit.photos, fit.types, fit.rows) < 0:
        raise CorruptFileError("negative numbers of photos or types")
    return Gallery(
        model_id,
        type_ids,
        means,
        rows,
        Fit(
            Metric(mean, basis, variances, fit.rest, fit.between),
            Calibration(fit.dimensions, fit.offset),
            photos=fit.photos,
            types=fit.types,
            sample=fit.sample,
            rows=fit.rows,
            fitted_at=fit.fitted_at,
        ),
    )
