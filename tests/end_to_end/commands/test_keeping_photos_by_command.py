"""People import, ask, list, diagnose, calibrate and review from the command line."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from end_to_end.commands.command_line import lookalike, write_ready_file
from lookalike.keys import settings_key
from lookalike.vision.boxes import Box
from support.deployed import Api
from support.photos.photographs import photograph, scene

SHOTS = 4


@pytest.fixture
def stack(api: Api, tmp_path: Path) -> str:
    return str(write_ready_file(api, tmp_path / "ready.json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two new types, one of them damaged, and a file that is no photo."""
    photos = tmp_path / "photos"
    for subject in (1, 2):
        type_folder = photos / f"type-{uuid4().hex[:12]}"
        type_folder.mkdir(parents=True)
        for shot in range(SHOTS):
            (type_folder / f"{shot} ä.png").write_bytes(photograph(subject, shot))
        (type_folder / "cut.png").write_bytes(photograph(subject)[:-200])
        (type_folder / "notes.txt").write_text("no photo")
        (type_folder / ".hidden").write_text("")
    return photos


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_folders_are_imported_built_and_what_is_rejected_is_listed(
    api: Api, stack: str, folder: Path
) -> None:
    done = lookalike("import", str(folder), "--stack", stack)
    assert done.returncode == 1, "photos were rejected"
    assert "10 photos of 2 types put, 0 were there already" in done.stdout
    for type_id in names(folder):
        assert api.type(type_id)["up_to_date"]
        assert api.type(type_id)["encodings"] == SHOTS
        assert f"rejected: types/{type_id}/images/cut.png: this PNG image can't be decoded" in done.stdout
        assert re.search(f"left out: .*{type_id}/notes.txt", done.stdout)


def test_importing_again_puts_only_what_is_new_or_has_changed(api: Api, stack: str, folder: Path) -> None:
    lookalike("import", str(folder), "--stack", stack)
    before = api.objects()
    first = names(folder)[0]
    (folder / first / "0 ä.png").write_bytes(photograph(1, 8))
    (folder / first / "new.png").write_bytes(photograph(1, 9))
    done = lookalike("import", str(folder), "--stack", stack)
    assert "2 photos of 2 types put, 9 were there already" in done.stdout
    prefix = f"types/{first}/images/"
    after = api.objects()
    changed = {key for key in after if key.startswith("types/") and after[key] != before.get(key)}
    assert changed == {f"{prefix}0 ä.png", f"{prefix}new.png"}


def test_photos_are_asked_and_reviewed_and_wrong_ones_removed(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    api.call("PUT", f"/types/{built_type}/settings", json={"threshold": 0.5})
    for shot in (8, 9):
        (tmp_path / f"bench-{shot}.png").write_bytes(photograph(1, shot))
    (tmp_path / "notes.png").write_text("no photo")
    asked = [str(tmp_path / name) for name in ("bench-8.png", "bench-9.png", "notes.png")]
    done = lookalike("recognize", built_type, *asked, "--stack", stack)
    assert done.returncode == 1
    assert done.stdout.count("appended ") == 2
    assert "(threshold 0.5, similarity, type)" in done.stdout
    assert "notes.png: 415 not an image" in done.stdout

    done = lookalike("review", built_type, "--stack", stack, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    appended = re.findall(r"\d\.\d{4}  (\w+\.png)  bench-[89]\.png", done.stdout)
    assert len(appended) == 2
    assert Image.open(tmp_path / ".review" / f"{built_type}.png").width > 500

    done = lookalike("review", built_type, "--remove", appended[0], "--stack", stack, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert api.wait_until_built(built_type, 4)["origins"] == {
        "uploaded": 3,
        "recognized": 1,
        "counterexample": 0,
    }
    done = lookalike("review", built_type, "--is-not", appended[1], "--stack", stack, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{appended[1]} is now types/{built_type}/counterexamples/{appended[1]}" in done.stdout
    assert api.wait_until_built(built_type, 3)["counterexamples"] == 1

    for option in ("--is-one", "--is-not"):
        done = lookalike("review", built_type, option, "none.png", "--stack", stack, folder=tmp_path)
        assert done.returncode == 2
        assert "no appended or missed photo" in done.stderr
    done = lookalike("review", built_type, "--remove", "0.png", "--stack", stack, folder=tmp_path)
    assert done.returncode == 2
    assert "no appended image" in done.stderr


def test_asking_leaves_no_trace_where_appending_is_declined(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    (tmp_path / "bench.png").write_bytes(photograph(1, 9))
    before = api.objects()
    lookalike("recognize", built_type, str(tmp_path / "bench.png"), "--no-append", "--stack", stack)
    assert api.objects() == before


def test_where_an_object_is_seen_is_told_if_it_is_looked_for_anywhere(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    photo = scene((1, Box(0.7, 0.6, 1, 1)), size=(640, 480))
    (tmp_path / "bench.png").write_bytes(photo)
    arguments = ("recognize", built_type, str(tmp_path / "bench.png"), "--no-append", "--stack", stack)
    centre, anywhere = lookalike(*arguments), lookalike(*arguments, "--look", "anywhere")
    answer = api.recognize(built_type, photo, append=False, look="anywhere").json()
    assert answer["views"] > 1
    place = ",".join(map(str, answer["box"]))
    assert anywhere.stdout.strip().endswith(f", at {place}"), anywhere.stderr
    assert ", at " not in centre.stdout
    assert lookalike(*arguments, "--look", "left").returncode == 2


@pytest.mark.usefixtures("shared_type")
def test_by_probability_the_nearest_other_type_is_told(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    api.call("PUT", f"/types/{built_type}/settings", json={"rule": "probability"})
    (tmp_path / "bench.png").write_bytes(photograph(1, 9))
    arguments = ("recognize", built_type, str(tmp_path / "bench.png"), "--no-append", "--stack", stack)
    done = lookalike(*arguments)
    # Other tests' types show the same subject, so that it may be taken for one of those.
    assert done.returncode in (0, 1), done.stderr
    assert "(threshold 0.5, probability, default)" in done.stdout
    (other,) = re.findall(r", nearest other type (\S+)", done.stdout)
    assert other != built_type


def test_settings_that_are_not_followed_are_told(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    api.s3.put_object(Bucket=api.stack.bucket, Key=settings_key(built_type), Body=b'{"rule": "relative"}')
    (tmp_path / "bench.png").write_bytes(photograph(1, 9))
    arguments = ("recognize", built_type, str(tmp_path / "bench.png"), "--no-append", "--stack", stack)
    done = lookalike(*arguments)
    assert done.returncode in (0, 1), done.stderr
    assert "the rule relative is gone: probability decides" in done.stdout


def test_types_are_listed_with_what_they_hold(stack: str, built_type: str) -> None:
    done = lookalike("types", "--stack", stack, environment={"COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if built_type in line)
    assert line.split()[0] == built_type
    assert line.split()[-2:] == ["3", "0"]


def test_diagnosing_names_and_draws_photos_that_add_nothing(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    api.upload(built_type, "same.png", photograph(1, 0))
    api.wait_until_built(built_type, 4)
    sheet = tmp_path / "sheets" / "findings.png"
    done = lookalike("diagnose", built_type, "--stack", stack, "--sheet", str(sheet))
    assert done.returncode == 0, done.stderr
    assert f"{built_type}  4 references" in done.stdout
    assert "adds nothing to 0.png, 1.0000: same.png" in done.stdout
    assert re.search(rf"[1-9]\d* of them side by side: {sheet}", done.stdout)
    assert Image.open(sheet).width > 900
    done = lookalike("diagnose", "--json", "--stack", stack)
    assert done.returncode == 0, done.stderr
    found = {each["type_id"]: each for each in json.loads(done.stdout)}
    assert f"types/{built_type}/images/same.png" in [
        each["image"] for each in found[built_type]["duplicates"]
    ]


def test_calibrating_shows_a_threshold_and_writes_it_only_if_asked(
    api: Api, stack: str, tmp_path: Path
) -> None:
    types = [f"type-{uuid4().hex[:12]}" for _ in range(2)]
    for subject, type_id in enumerate(types, 200):
        for shot in range(3):
            api.upload(type_id, f"{shot}.png", photograph(subject, shot))
    for type_id in types:
        api.wait_until_built(type_id, 3)
    api.call("PUT", f"/types/{types[0]}/settings", json={"threshold": 0.123, "max_recognized": 7})
    arguments = ("calibrate", types[0], "--far", "0.1", "--stack", stack)
    done = lookalike(*arguments, folder=tmp_path, environment={"COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    assert types[0] in done.stdout
    assert "photos of its own are too few" in done.stdout
    assert Image.open(tmp_path / ".calibration" / "calibration.png").width > 500
    assert api.type(types[0])["settings"] == {"threshold": 0.123, "max_recognized": 7}
    done = lookalike(*arguments, "--apply", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    written = api.type(types[0])["settings"]
    assert written["rule"] in ("similarity", "probability")
    assert written["threshold"] != 0.123
    assert (written["vouch"], written["max_recognized"]) == ("uploaded", 7)
    answer = api.call(
        "POST",
        f"/types/{types[0]}/recognize",
        data=photograph(200, 1),
        headers={"Content-Type": "image/png"},
        params={"append": "false"},
    ).json()
    assert (answer["rule"], answer["threshold_source"]) == (written["rule"], "type")


@pytest.mark.usefixtures("shared_type")
def test_calibrating_leaves_a_type_that_is_looked_for_anywhere(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    api.call("PUT", f"/types/{built_type}/settings", json={"look": "anywhere"})
    done = lookalike("calibrate", built_type, "--far", "0.4", "--apply", "--stack", stack, folder=tmp_path)
    assert done.returncode == 1
    assert f"settings of {built_type} are left as they are" in " ".join(done.stderr.split())
    assert api.type(built_type)["settings"] == {"look": "anywhere"}


@pytest.mark.usefixtures("shared_type")
def test_calibrating_leaves_settings_that_nobody_has_put_right(
    api: Api, stack: str, built_type: str, tmp_path: Path
) -> None:
    key, text = settings_key(built_type), b'{"threshold": "high"}'
    api.s3.put_object(Bucket=api.stack.bucket, Key=key, Body=text)
    done = lookalike("calibrate", built_type, "--far", "0.4", "--apply", "--stack", stack, folder=tmp_path)
    assert done.returncode == 1
    assert f"the settings of {built_type} are left as they are: settings.json can't be read" in done.stderr
    assert api.s3.get_object(Bucket=api.stack.bucket, Key=key)["Body"].read() == text


@pytest.mark.parametrize(
    "arguments",
    [
        ("types",),
        ("import", "{folder}"),
        ("recognize", "nut", "photo.png"),
        ("review", "nut"),
        ("diagnose", "nut"),
        ("calibrate",),
    ],
)
def test_without_a_stack_each_says_so_in_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = [argument.format(folder=tmp_path) for argument in arguments]
    done = lookalike(
        *command, "--stack", "lookalike", folder=tmp_path, environment={"AWS_REGION": "eu-central-1"}
    )
    assert done.returncode == 3
    assert "credentials" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("import", "{folder}"), "holds no photos"),
        (("import", "{folder}/none"), "is no folder"),
        (("recognize", "no-such-type", "{photo}"), "there is no type 'no-such-type'"),
        (("recognize", "nut", "{folder}/none.png"), "can't be read"),
        (("diagnose", "no-such-type"), "there is no type 'no-such-type'"),
        (("review", "no-such-type"), "there is no type 'no-such-type'"),
        (("calibrate", "no-such-type"), "no encodings of no-such-type"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    stack: str, built_type: str, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "empty").mkdir()
    photo = tmp_path / f"{built_type}.png"
    photo.write_bytes(photograph(1))
    command = [argument.format(folder=tmp_path / "empty", photo=photo) for argument in arguments]
    done = lookalike(*command, "--stack", stack, folder=tmp_path)
    assert done.returncode == 2
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
