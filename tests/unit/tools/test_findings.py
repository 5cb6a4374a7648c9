"""What is wrong with references is shown beside what it is like."""

import numpy as np
import pytest

from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike_tools.photos.findings import Pair, find_pairs

NOTHING: dict[str, list[dict[str, object]]] = {"strays": [], "duplicates": [], "alone": []}


def references(type_id: str, *vectors: tuple[float, float, float]) -> Encodings:
    """Photos 0, 1, ... of a type."""
    rows = tuple(Row(f"{type_id}/{index}", "e", Origin.UPLOADED, "") for index in range(len(vectors)))
    return Encodings("model", type_id, np.array(vectors, np.float32), rows)


ENCODINGS = {
    "nut": references("nut", (1, 0, 0), (0.6, 0.8, 0), (0, 0, 1)),
    "bolt": references("bolt", (0, 0, -1), (0, 0.6, 0.8)),
}


def pairs(**found: list[dict[str, object]]) -> list[Pair]:
    return list(find_pairs("nut", NOTHING | found, ENCODINGS))


def test_a_photo_that_is_nearer_to_another_type_stands_beside_the_nearest_photo_of_that() -> None:
    (pair,) = pairs(strays=[{"image": "nut/2", "type_id": "bolt"}])
    assert pair[:3] + pair[4:] == ("nut", "nut/2", "bolt/1", "nearer to bolt")
    assert pair.similarity == pytest.approx(0.8)


def test_a_photo_that_adds_nothing_stands_beside_the_one_that_it_is_the_same_as() -> None:
    (pair,) = pairs(duplicates=[{"image": "nut/1", "same_as": "nut/0", "similarity": 0.995}])
    assert pair == Pair("nut", "nut/1", "nut/0", 0.995, "adds nothing")


def test_a_photo_without_a_neighbour_stands_beside_the_nearest_of_its_type() -> None:
    (pair,) = pairs(alone=[{"image": "nut/1", "similarity": 0.6}])
    assert pair[:3] + pair[4:] == ("nut", "nut/1", "nut/0", "no neighbour")
    assert pair.similarity == pytest.approx(0.6)


@pytest.mark.parametrize(
    "found",
    [
        {"strays": [{"image": "nut/gone", "type_id": "bolt"}]},
        {"strays": [{"image": "nut/2", "type_id": "gone"}]},
        {"duplicates": [{"image": "nut/1", "same_as": "nut/gone", "similarity": 0.995}]},
        {"alone": [{"image": "nut/gone", "similarity": 0.6}]},
    ],
)
def test_what_is_gone_since_is_left_out(found: dict[str, list[dict[str, object]]]) -> None:
    assert pairs(**found) == []
