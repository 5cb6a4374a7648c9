"""Encodings that others wrote, or that broke, are never believed: they are built anew."""

import json
import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lookalike.errors import EncodingsNotReadyError
from lookalike.keys import encodings_key, image_key
from lookalike.matching.encodings import Encodings
from lookalike.rebuilding.reconciling import rebuild
from lookalike.recognition import load_encodings
from lookalike.storage.encodings_file import dump, load
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.photos.photographs import photograph

TYPE = "hex-nut"


def foreign(**changes: Any) -> Callable[[bytes], bytes]:
    """Encodings of this type, but for what is changed."""

    def change(good: bytes) -> bytes:
        metadata = read_header(good)["__metadata__"]
        return dump(replace(load(good, Encodings.empty(metadata["model_id"], TYPE, 192)), **changes))

    return change


def read_header(data: bytes) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return header


def claim_millions_of_rows(good: bytes) -> bytes:
    header = read_header(good)
    header["encodings"] |= {"shape": [10_000_000, 192], "data_offsets": [0, 7_680_000_000]}
    claimed = json.dumps(header).encode()
    return len(claimed).to_bytes(8, "little") + claimed + good[-768:]


UNIT = np.eye(1, 192, dtype=np.float32)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"not safetensors",
    "rubbish": lambda _: b"\x10" * 500,
    "pickle": pickle.dumps,
    "an image": lambda _: photograph(1),
    "cut": lambda good: good[:-1],
    "more behind": lambda good: good + b"\x00" * 768,
    "a header longer than the file": lambda good: (2**40).to_bytes(8, "little") + good[8:],
    "millions of rows claimed": claim_millions_of_rows,
    "another dimension": foreign(matrix=np.eye(1, 512, dtype=np.float32)),
    "NaN": foreign(matrix=UNIT * np.float32("nan")),
    "not of length 1": foreign(matrix=UNIT * 2),
    "doubled rows": foreign(matrix=np.concatenate([UNIT, UNIT])),
    "another model": foreign(model_id="another"),
    "another type": foreign(type_id="another"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_encodings_that_can_not_be_trusted_are_built_anew(
    encoder: Encoder, store: Store, damage: Callable[[bytes], bytes]
) -> None:
    key = image_key(TYPE, "1.png")
    store.put_image(key, photograph(1), "image/png")
    rebuild(encoder, store, TYPE, time.monotonic() + 60)
    where: Any = {"Bucket": store.work.name, "Key": encodings_key(encoder.model_id, TYPE)}
    good = store.work.client.get_object(**where)["Body"].read()
    store.work.client.put_object(**where, Body=damage(good))
    with pytest.raises(EncodingsNotReadyError):
        load_encodings(store, TYPE)
    rebuild(encoder, store, TYPE, time.monotonic() + 60)
    encodings = load_encodings(store, TYPE)
    assert [row.image for row in encodings.rows] == [key]
    (vector,) = encodings.matrix
    assert vector == pytest.approx(encoder.encode([photograph(1)])[0])
