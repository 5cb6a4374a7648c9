"""`lookalike evaluate` says of any folder of photos how well each rule does."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lookalike_tools.parts import PARTS, render
from support.encodings.thumbnail_model import save_thumbnail_model
from support.photos.photographs import photograph

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


def evaluate(folder: Path, *arguments: str, model: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "evaluate", folder, "--model", model or folder.parent / "model", *arguments],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def figures(folder: Path, *arguments: str, model: Path | None = None) -> dict[str, Any]:
    done = evaluate(folder, "--json", *arguments, model=model)
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_each_rule_has_its_figures_as_json(folder: Path) -> None:
    result = figures(folder, "--references", "3", "--repeats", "2")
    assert [rule["rule"] for rule in result["rules"]] == ["similarity", "probability"]
    for rule in result["rules"]:
        assert rule["eer"] == pytest.approx(0, abs=0.01)
        assert rule["tar_at_far_1pct"] == rule["top1"] == 1
        for name in ("eer", "tar_at_far_1pct", "tar_at_far_01pct", "top1", "calibration_error"):
            low, high = rule[f"{name}_interval"]
            assert 0 <= low <= rule[name] + 1e-9 <= high + 2e-9 <= 1 + 3e-9
        assert {"siblings", "others", "unknown", "confusions"} <= rule.keys()
    assert (result["types"], result["photos"], result["references"]) == (TYPES, TYPES * SHOTS, 3)
    assert result["stand_in"]


def test_probability_says_how_honest_it_is_and_when_a_photo_shows_no_known_type(folder: Path) -> None:
    similarity, probability = figures(folder, "--references", "3", "--repeats", "2")["rules"]
    assert similarity["none"] is None
    assert probability["none"]["known"] < 0.1
    assert probability["none"]["unknown"] > 0.9
    assert probability["calibration_error"] < 0.1
    assert sum(part["share"] for part in probability["reliability"]) == pytest.approx(1)


def test_several_numbers_of_references_make_a_learning_curve(folder: Path) -> None:
    result = figures(folder, "--references", "5,1,3", "--repeats", "2")
    assert result["references"] == 5
    assert [point["references"] for point in result["learning_curve"]] == [1, 3, 5]
    for point in result["learning_curve"]:
        for rule in point["rules"]:
            assert {"rule", "eer", "unknown", "top1", "calibration_error"} <= rule.keys()
    alone = figures(folder, "--references", "3", "--repeats", "2")
    assert alone["learning_curve"] == [result["learning_curve"][1]]


@pytest.mark.parametrize("references", ["0", "1,-2", "three", "1,", ""])
def test_a_number_of_references_that_is_none_is_told_what_to_give(folder: Path, references: str) -> None:
    done = evaluate(folder, f"--references={references}")
    assert done.returncode == 2
    assert "such as 1,2,5" in " ".join(done.stderr.replace("│", " ").split())


def test_people_get_a_table_and_are_told_of_a_stand_in_and_of_what_is_left_out(folder: Path) -> None:
    done = evaluate(folder, "--repeats", "2", "--references", "1,5")
    assert done.returncode == 1, "a photo and a folder were left out"
    assert "not CLIP's figures" in done.stdout
    for row in ("equal error rate", "siblings", "no known type", "identified at once", "calibration error"):
        assert row in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    left_out = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    for name, reason in (("cut.png", "damaged"), ("notes.txt", "not an image"), ("few", "no more than 5")):
        assert any(f"{name}: " in line and reason in line for line in left_out), name


def test_photos_are_encoded_once(folder: Path) -> None:
    assert "encoding photos" in evaluate(folder, "--repeats", "1").stderr
    (folder / "type-0" / "cut.png").unlink()
    (folder / "type-1" / "0.png").rename(folder / "type-1" / "renamed.png")
    assert "encoding photos" not in evaluate(folder, "--repeats", "1").stderr


@pytest.mark.parametrize(("name", "references"), [("report.png", "1,3"), ("deep/report.html", "5")])
def test_the_report_is_a_picture_or_a_page(folder: Path, name: str, references: str) -> None:
    done = evaluate(folder, "--repeats", "2", "--report", name, "--references", references)
    assert done.returncode == 1, done.stderr
    path = folder.parent / name
    if path.suffix == ".png":
        assert Image.open(path).width > 1000
    else:
        assert "data:image/png;base64," in path.read_text()


def test_where_too_few_types_are_left_it_is_told_what_was_left_out(folder: Path) -> None:
    done = evaluate(folder, "--references", "7")
    assert done.returncode == 2
    for name, reason in (("cut.png", "damaged"), ("notes.txt", "not an image"), ("type-0", "no more than 7")):
        assert any(name in line and reason in line for line in done.stderr.splitlines()), done.stderr


@pytest.mark.parametrize(("change", "told"), [("missing", "is no folder"), ("few", "two are needed")])
def test_too_few_photos_are_told_in_one_line(folder: Path, change: str, told: str) -> None:
    done = evaluate(folder / "few" if change == "few" else folder / "missing", "--model", "../model")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def _render(to: Path, part: str, seed: int) -> None:
    render(part, seed).save(to / part / f"{seed}.jpg", quality=90)


@pytest.mark.slow
def test_probability_tells_rendered_parts_apart_as_the_readme_says(
    stand_in_model_dir: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "parts"
    for part in PARTS:
        (photos / part).mkdir(parents=True)
    with ProcessPoolExecutor() as processes:
        for rendered in [processes.submit(_render, photos, *each) for each in product(PARTS, range(7))]:
            rendered.result()
    similarity, probability = figures(photos, "--references", "5", model=stand_in_model_dir)["rules"]
    assert probability["eer"] <= 0.4 * similarity["eer"]
    assert probability["unknown"]["eer"] <= 0.8 * similarity["unknown"]["eer"]
    assert probability["top1"] >= similarity["top1"]
    assert probability["calibration_error"] <= 0.05
