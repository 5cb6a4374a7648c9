"""Photos that people move and draw boxes on keep what is known of them."""

from typing import Any

import pytest

from lookalike.keys import image_key
from lookalike.matching.encodings import Origin
from lookalike.storage.provenance import Provenance, from_metadata, to_metadata
from lookalike.vision.boxes import Box, format_box, object_in_square
from lookalike_tools.console.stack.changes import move_photos, set_box
from support.deployed import Api
from support.photos.photographs import photograph

WINDOW = Box(0.25, 0.25, 0.75, 0.75)


@pytest.fixture
def appended(api: Api, new_type: str) -> str:
    """A photo that joined a type by a window of it."""
    key = image_key(new_type, "1.png")
    how = Provenance(Origin.RECOGNIZED, 0.97, image_key(new_type, "0.png"), "bench 3.png", WINDOW)
    api.s3.put_object(Bucket=api.stack.bucket, Key=key, Body=photograph(1), Metadata=to_metadata(how))
    return key


def metadata(api: Api, key: str) -> dict[str, Any]:
    found: dict[str, Any] = api.s3.head_object(Bucket=api.stack.bucket, Key=key)["Metadata"]
    return found


def test_a_moved_photo_keeps_its_name_and_the_part_that_counts(
    api: Api, appended: str, new_type: str
) -> None:
    (moved,) = move_photos(api.stack, [appended], f"{new_type}-2")
    known = from_metadata(metadata(api, moved))
    assert (known.origin, known.filename) == (Origin.UPLOADED, "bench 3.png")
    assert known.box == object_in_square(WINDOW)


def test_a_box_that_is_drawn_changes_nothing_else(api: Api, appended: str) -> None:
    api.call(
        "POST", f"/types/{appended.split('/')[1]}/verdicts", json={"photo": appended, "verdict": "is_one"}
    ).raise_for_status()
    before = metadata(api, appended)
    box = Box(0.1, 0.2, 0.3, 0.4)
    set_box(api.stack, appended, box)
    assert metadata(api, appended) == before | {"box": format_box(box)}
    set_box(api.stack, appended, None)
    assert metadata(api, appended) == {name: value for name, value in before.items() if name != "box"}
