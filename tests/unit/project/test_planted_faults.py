"""The planted faults keep up with the code: each is where its list says, and the tests beside it exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
LISTS = {path.name: path for path in sorted((ROOT / "tests/planted_faults").glob("*.toml"))}


def faults_of(name: str) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = tomllib.loads(LISTS[name].read_text("utf-8"))["fault"]
    return faults


def exists(test: str) -> bool:
    """Whether there is a test of this pytest id, or a file of tests."""
    file, _, name = test.partition("::")
    path = ROOT / file
    if not path.is_file():
        return False
    function = name.partition("[")[0]
    return not name or re.search(rf"^def {re.escape(function)}\(", path.read_text("utf-8"), re.M) is not None


@pytest.mark.parametrize("name", LISTS)
def test_each_snippet_occurs_once_and_is_replaced_by_another(name: str) -> None:
    for fault in faults_of(name):
        text = (ROOT / fault["file"]).read_text("utf-8")
        assert text.count(fault["find"]) == 1, f"{fault['file']}: {fault['find']!r}"
        assert fault["replace"] != fault["find"], fault["why"]


@pytest.mark.parametrize("name", LISTS)
def test_each_test_that_is_to_notice_exists(name: str) -> None:
    for fault in faults_of(name):
        assert fault["tests"], fault["why"]
        assert not [test for test in fault["tests"] if not exists(test)], fault["why"]
