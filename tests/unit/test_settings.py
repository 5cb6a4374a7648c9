"""A type's settings have limits, and what they leave out is the stack's to say."""

import pytest
from pydantic import ValidationError

from lookalike.matching.settings import DEFAULTS, TypeSettings


def test_what_is_written_is_read_again() -> None:
    text = '{"rule":"similarity","threshold":0.9,"vouch":"uploaded","max_recognized":100}'
    assert TypeSettings.model_validate_json(text).model_dump_json() == text


def test_what_is_left_out_is_not_written() -> None:
    assert DEFAULTS.model_dump_json() == "{}"
    assert TypeSettings(threshold=0.9).model_dump_json() == '{"threshold":0.9}'


@pytest.mark.parametrize(("name", "limits"), [("threshold", (0, 1)), ("max_recognized", (0, 50_000))])
def test_the_limits_themselves_are_allowed(name: str, limits: tuple[int, int]) -> None:
    for limit in limits:
        assert getattr(TypeSettings.model_validate({name: limit}), name) == limit


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", -0.001),
        ("threshold", 1.001),
        ("threshold", float("nan")),
        ("max_recognized", -1),
        ("max_recognized", 50_001),
        ("max_recognized", 1.5),
        ("vouch", "recognized"),
        ("rule", "distance"),
    ],
)
def test_what_is_beyond_the_limits_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        TypeSettings.model_validate({name: value})
