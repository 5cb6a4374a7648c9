"""What the pages for people name exists: files, tests, commands of make."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    page
    for page in (
        *ROOT.glob("*.md"),
        *ROOT.glob(".github/*.md"),
        *ROOT.glob("functions/**/*.md"),
        *ROOT.glob("layers/**/*.md"),
        *ROOT.glob("tests/*.md"),
    )
)
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_its_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@every_page
def test_the_tests_that_it_names_exist(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)(?:\.py)?`", page.read_text(encoding="utf-8")))
    files = {path.stem for path in ROOT.glob("tests/**/test_*.py")}
    assert [name for name in sorted(named) if name not in files and f"def {name}(" not in TESTS] == []


@every_page
def test_the_targets_that_it_names_exist(page: Path) -> None:
    named = set(re.findall(r"(?:^ *|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert sorted(named - TARGETS) == []


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").stat().st_size <= 12 * 1024
