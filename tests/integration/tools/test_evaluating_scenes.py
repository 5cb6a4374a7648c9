"""`lookalike evaluate --scenes` says how well each look and rule finds objects in whole scenes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.encodings.thumbnail_model import save_thumbnail_model
from support.photos.scenes import TYPES, write_scenes

COMMAND = Path(sys.executable).with_name("lookalike")
SCENES = 24


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("prepared")
    write_scenes(place / "bench", SCENES)
    save_thumbnail_model(place / "model")
    return place


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Scenes, beside a model."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return tmp_path / "bench"


def evaluate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "evaluate", "--scenes", folder.name, "--model", "model", "--repeats", "2", *arguments],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def change_boxes(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    boxes = json.loads((folder / "boxes.json").read_text())
    change(boxes)
    (folder / "boxes.json").write_text(json.dumps(boxes))


def write_crowd(folder: Path) -> None:
    """Let each scene show every type."""
    crowd = [{"type": part, "box": [0.1, 0.1, 0.3, 0.3]} for part in TYPES]
    change_boxes(folder, lambda boxes: boxes.update(dict.fromkeys(boxes, crowd)))


def show_nothing(folder: Path) -> None:
    """Let no scene show anything."""
    change_boxes(folder, lambda boxes: boxes.update({name: [] for name in boxes}))


def test_each_look_and_rule_has_its_figures_as_json(folder: Path) -> None:
    done = evaluate(folder, "--json", "--references", "2")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["scenes"], result["types"], result["references"]) == (SCENES, len(TYPES), 2)
    assert result["stand_in"]
    figures = {(each["look"], each["rule"]): each for each in result["results"]}
    assert figures.keys() == {
        (look, rule) for look in ("centre", "anywhere") for rule in ("similarity", "probability")
    }
    for each in figures.values():
        for name in ("eer", "tar_at_far_5pct", "tar_at_far_1pct", "best_is_there", "box_holds_object"):
            if each[name] is not None:
                low, high = each[f"{name}_interval"]
                assert 0 <= low <= high <= 1
                assert 0 <= each[name] <= 1
    for rule in ("similarity", "probability"):
        assert figures["anywhere", rule]["eer"] < figures["centre", rule]["eer"]
        assert figures["anywhere", rule]["box_holds_object"] > 0.8


def test_people_get_a_table_of_80_columns_and_are_told_of_a_stand_in(folder: Path) -> None:
    done = evaluate(folder)
    assert done.returncode == 0, done.stderr
    assert "not CLIP's figures" in done.stdout
    assert "the box holds the object" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_page_shows_scenes_with_boxes(folder: Path) -> None:
    done = evaluate(folder, "--report", "deep/report.html")
    assert done.returncode == 0, done.stderr
    page = (folder.parent / "deep" / "report.html").read_text()
    assert "not CLIP's figures" in page
    assert page.count("data:image/jpeg;base64,") > 4
    assert "Look anywhere, by probability" in page


def test_scenes_are_encoded_once(folder: Path) -> None:
    assert "encoding scenes" in evaluate(folder).stderr
    assert "encoding scenes" not in evaluate(folder).stderr


def test_what_is_left_out_is_told(folder: Path) -> None:
    (folder / "scenes" / "00.png").write_bytes(b"no photo")
    shutil.copy(folder / "scenes" / "01.png", folder / "scenes" / "unnamed.png")
    few = {"type": "wing-nut", "box": [0, 0, 1, 1]}
    change_boxes(folder, lambda boxes: boxes["02.png"].append(few))
    done = evaluate(folder, "--references", "2", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["scenes"], result["types"]) == (SCENES - 1, len(TYPES))
    assert "00.png is left out: not an image" in done.stderr
    assert "unnamed.png is left out: boxes.json doesn't name it" in done.stderr
    assert "left out, in no more than 2 scenes: wing-nut" in done.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "boxes.json").unlink(), "does not hold"),
        (shutil.rmtree, "does not hold"),
        (lambda folder: (folder / "boxes.json").write_text("{"), "is not of the form"),
        (lambda folder: (folder / "boxes.json").write_text('{"00.png": [{"box": []}]}'), "type: Field req"),
        (lambda folder: (folder / "scenes" / "03.png").unlink(), "names '03.png', but there is no such file"),
        (
            lambda folder: change_boxes(folder, lambda boxes: boxes["04.png"][0].update(box=[9, 9, 90, 90])),
            "these look like pixels",
        ),
        (show_nothing, "two are needed"),
        (write_crowd, "show each of the types"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(folder: Path, change: Callable[[Path], object], told: str) -> None:
    change(folder)
    done = evaluate(folder)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("lookalike: ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bench",), "not both"),
        (("--references", "1,2"), "give one number"),
        (("--report", "report.png"), "ends in .html"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = evaluate(folder, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_without_photos_or_scenes_both_are_offered(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "evaluate"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert "--scenes" in done.stderr
