"""`lookalike evaluate` says of any folder of photos how well each rule does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from support.photographs import photograph
from support.thumbnail_model import save_thumbnail_model

COMMAND = Path(sys.executable).with_name("lookalike")
TYPES, SHOTS = 8, 7


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of eight types, and things that lie about."""
    photos = tmp_path / "photos"
    for subject in range(TYPES):
        (photos / f"type-{subject}").mkdir(parents=True)
        for shot in range(SHOTS):
            (photos / f"type-{subject}" / f"{shot}.png").write_bytes(photograph(subject, shot))
    (photos / "type-0" / "notes.txt").write_text("no photo")
    (photos / "type-0" / "cut.png").write_bytes(photograph(0)[:-200])
    (photos / "few").mkdir()
    (photos / "few" / "1.png").write_bytes(photograph(50))
    save_thumbnail_model(tmp_path / "model")
    return photos


def evaluate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own program)
        [COMMAND, "evaluate", folder, "--model", folder.parent / "model", *arguments],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_each_rule_has_its_figures_as_json(folder: Path) -> None:
    done = evaluate(folder, "--json", "--references", "3", "--repeats", "2")
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert [rule["rule"] for rule in result["rules"]] == ["similarity", "relative"]
    for rule in result["rules"]:
        assert rule["eer"] == pytest.approx(0, abs=0.01)
        assert rule["tar_at_far_1pct"] == rule["top1"] == 1
        for name in ("eer", "tar_at_far_1pct", "tar_at_far_01pct", "top1"):
            low, high = rule[f"{name}_interval"]
            assert 0 <= low <= rule[name] + 1e-9 <= high + 2e-9 <= 1 + 3e-9
        assert {"siblings", "others", "unknown", "confusions"} <= rule.keys()
    assert (result["types"], result["photos"], result["references"]) == (TYPES, TYPES * SHOTS, 3)
    assert result["stand_in"]


def test_people_get_a_table_and_are_told_of_a_stand_in_and_of_what_is_left_out(folder: Path) -> None:
    done = evaluate(folder, "--repeats", "2")
    assert done.returncode == 1, "a photo and a folder were left out"
    assert "not CLIP's figures" in done.stdout
    assert "equal error rate" in done.stdout
    left_out = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    for name, reason in (("cut.png", "damaged"), ("notes.txt", "not an image"), ("few", "no more than 5")):
        assert any(f"{name}: " in line and reason in line for line in left_out), name


def test_photos_are_encoded_once(folder: Path) -> None:
    assert "encoding photos" in evaluate(folder, "--repeats", "1").stderr
    (folder / "type-0" / "cut.png").unlink()
    (folder / "type-1" / "0.png").rename(folder / "type-1" / "renamed.png")
    assert "encoding photos" not in evaluate(folder, "--repeats", "1").stderr


@pytest.mark.parametrize("name", ["report.png", "deep/report.html"])
def test_the_report_is_a_picture_or_a_page(folder: Path, name: str) -> None:
    done = evaluate(folder, "--repeats", "2", "--report", name)
    assert done.returncode == 1, done.stderr
    path = folder.parent / name
    if path.suffix == ".png":
        assert Image.open(path).width > 1000
    else:
        assert "data:image/png;base64," in path.read_text()


@pytest.mark.parametrize(("change", "told"), [("missing", "is no folder"), ("few", "two are needed")])
def test_too_few_photos_are_told_in_one_line(folder: Path, change: str, told: str) -> None:
    done = evaluate(folder / "few" if change == "few" else folder / "missing", "--model", "../model")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
