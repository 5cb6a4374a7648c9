"""What the images install is what the tests ran with, and nothing that a registry changed since."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> set[tuple[str, str]]:
    return set(PIN.findall((ROOT / lock).read_text()))


def test_the_images_install_versions_that_were_tested() -> None:
    assert pins("requirements.txt")
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_the_images_install_nothing_but_hashed_pins_and_name_no_index() -> None:
    entries = (ROOT / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    assert all(re.fullmatch(r"\S+==\S+(\s+--hash=sha256:[0-9a-f]{64})+", entry) for entry in entries)
