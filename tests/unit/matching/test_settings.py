"""A type's settings have limits, and what they leave out is the stack's to say."""

import pytest
from pydantic import ValidationError

from lookalike.matching.settings import DEFAULTS, Rule, TypeSettings, parse_settings


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
        ("threshold", True),
        ("threshold", "0.9"),
        ("max_recognized", True),
        ("max_recognized", "100"),
        ("max_recognized", 100.0),
        ("vouch", "recognized"),
        ("rule", "distance"),
    ],
)
def test_what_is_beyond_the_limits_or_no_number_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        TypeSettings.model_validate({name: value})


def test_unknown_fields_are_passed_over_and_named() -> None:
    """As after going back to a version that knows less: the threshold still holds."""
    parsed = parse_settings(b'{"threshold": 0.95, "colour": "red", "angle": 7}')
    assert parsed.settings == TypeSettings(threshold=0.95)
    assert parsed.readable
    assert parsed.notice == "settings.json has unknown fields, which are ignored: angle, colour"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "7",
        '{"threshold": 7}',
        '{"rule": "distance"}',
        "[" * 60_000,
        '{"rule": ["relative"]}',
        '{"a": NaN',
    ],
)
def test_settings_that_can_not_be_read_say_so(text: str) -> None:
    parsed = parse_settings(text.encode())
    assert parsed.settings == DEFAULTS
    assert not parsed.readable
    assert "nothing is appended" in (parsed.notice or "")


def test_what_is_wrong_with_settings_is_named() -> None:
    assert "threshold: " in (parse_settings(b'{"threshold": 7}').notice or "")


def test_good_settings_need_no_notice() -> None:
    parsed = parse_settings(b'{"threshold": 0.95}')
    assert (parsed.notice, parsed.readable) == (None, True)


@pytest.mark.parametrize("threshold", ["", ', "threshold": 0.1'])
def test_the_rule_that_is_gone_becomes_the_one_in_its_place(threshold: str) -> None:
    parsed = parse_settings(f'{{"rule": "relative", "vouch": "uploaded"{threshold}}}'.encode())
    assert parsed.settings == TypeSettings(rule=Rule.PROBABILITY, vouch="uploaded")
    assert parsed.readable
    assert "probability decides" in (parsed.notice or "")


def test_all_that_is_wrong_with_settings_is_told_in_one_line() -> None:
    notice = parse_settings(b'{"threshold": 7, "max_recognized": -1}').notice or ""
    assert notice.startswith("settings.json can't be read (threshold: ")
    assert "; max_recognized: " in notice
    assert notice.endswith(", and nothing is appended until it is put right")


def test_each_thing_passed_over_is_told() -> None:
    gone, unknown = (parse_settings(b'{"rule": "relative", "angle": 7}').notice or "").split("; ")
    assert gone.endswith("with a threshold of its own") and unknown.endswith("ignored: angle")
