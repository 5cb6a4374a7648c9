"""Scenes are asked for each type by references from other scenes, and answers say where a type is seen."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from lookalike.looking import look
from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike.matching.learning.fit import Prototype
from lookalike.matching.learning.probability import sigmoid
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Look, Rule
from lookalike.vision.boxes import Box
from lookalike.vision.encoder import Encoder
from lookalike_tools.evaluation.scenes.answers import (
    Answers,
    Draw,
    ask,
    draw_references,
    sight,
    usable_types,
)
from lookalike_tools.evaluation.scenes.encodings import EncodedScene, encode_scenes
from lookalike_tools.evaluation.scenes.figures import evaluate_answers
from lookalike_tools.evaluation.scenes.folder import Scene, SceneObject, read_scenes
from support.photos.scenes import TYPES, write_scenes

SCENES, REFERENCES = 24, 2
THRESHOLD = 0.92


@pytest.fixture(scope="module")
def scenes(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> list[EncodedScene]:
    folder = write_scenes(tmp_path_factory.mktemp("set"), SCENES)
    console = Console(quiet=True)
    return encode_scenes(encoder, read_scenes(folder, console), console, folder / ".cache")


@pytest.fixture(scope="module")
def draw(scenes: list[EncodedScene]) -> Draw:
    return draw_references(scenes, sorted(TYPES), REFERENCES, np.random.default_rng(0))


def test_a_scene_that_gives_a_reference_is_not_asked(scenes: list[EncodedScene], draw: Draw) -> None:
    drawn = np.concatenate(draw.references)
    assert [len(matrix) for matrix in draw.references] == [REFERENCES] * len(TYPES)
    for number in draw.asked:
        assert not (scenes[number].references @ drawn.T > 1 - 1e-6).any()
    assert SCENES - len(draw.asked) <= REFERENCES * len(TYPES)


def test_draws_differ_and_come_again_from_the_same_seed(scenes: list[EncodedScene]) -> None:
    def asked(random: np.random.Generator) -> list[int]:
        return draw_references(scenes, sorted(TYPES), REFERENCES, random).asked

    random = np.random.default_rng(1)
    first, second = asked(random), asked(random)
    assert first != second
    assert asked(np.random.default_rng(1)) == first


@pytest.mark.parametrize("rule", Rule)
def test_small_objects_are_found_anywhere_and_not_in_the_middle(
    scenes: list[EncodedScene], draw: Draw, rule: Rule
) -> None:
    centre, anywhere = (
        evaluate_answers(ask(scenes, sorted(TYPES), [draw], look, rule, THRESHOLD), SCENES) for look in Look
    )
    assert anywhere["eer"] < 0.1 < centre["eer"]
    assert anywhere["box_holds_object"] > 0.9
    assert anywhere["best_is_there"] > 0.9


def test_scenes_are_scored_as_a_stack_scores_them(scenes: list[EncodedScene], draw: Draw) -> None:
    scene, gallery = scenes[draw.asked[0]], draw.gallery
    centre = sight(scene, draw, Look.CENTRE, Rule.PROBABILITY)
    anywhere = sight(scene, draw, Look.ANYWHERE, Rule.PROBABILITY)
    for number, (type_id, matrix) in enumerate(zip(gallery.type_ids, draw.references, strict=True)):
        own = Prototype.of(matrix)
        judged = gallery.judge(scene.views[0], type_id, own)
        assert sigmoid(centre[number].score) == pytest.approx(judged.probability, abs=1e-5)
        view, score = gallery.sight(scene.views, scene.boxes, type_id, own)
        assert anywhere[number].view == view
        assert anywhere[number].score == pytest.approx(score + gallery.fit.calibration.offset, abs=1e-4)


@pytest.mark.parametrize("rule", Rule)
def test_the_centre_is_the_middle_square_whatever_the_type(
    scenes: list[EncodedScene], draw: Draw, rule: Rule
) -> None:
    answers = ask(scenes, sorted(TYPES), [draw], Look.CENTRE, rule, THRESHOLD)
    assert {tuple(box) for row in answers.boxes.tolist() for box in row} == {scenes[0].boxes[0]}


def answers(scores: list[list[float]], shown: list[list[int]], held: list[list[int]]) -> Answers:
    count = len(scores)
    return Answers(
        Look.ANYWHERE,
        Rule.SIMILARITY,
        np.arange(count),
        np.array(scores),
        np.zeros((count, len(scores[0]), 4)),
        np.array(shown, bool),
        np.array(held, bool),
        np.array(scores) > 0.85,
    )


def test_figures_count_scenes_and_their_boxes() -> None:
    given = answers(
        scores=[[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.05]],
        shown=[[1, 0], [1, 0], [0, 1], [0, 0]],
        held=[[1, 0], [0, 0], [0, 1], [0, 0]],
    )
    figures = evaluate_answers(given, 4)
    assert figures["eer"] == 0
    assert figures["tar_at_far_5pct"] == figures["tar_at_far_1pct"] == 1
    assert figures["best_is_there"] == 1
    assert figures["box_holds_object"] == pytest.approx(2 / 3)
    assert figures["ends_early"] == pytest.approx(1 / 3)
    assert figures["ends_early_in_vain"] == 0
    for name in ("eer", "tar_at_far_5pct", "best_is_there", "box_holds_object", "ends_early"):
        low, high = figures[f"{name}_interval"]
        assert 0 <= low <= figures[name] <= high <= 1


@pytest.mark.parametrize("rule", Rule)
def test_looking_ends_early_where_a_stack_ends_it(
    scenes: list[EncodedScene], draw: Draw, encoder: Encoder, rule: Rule
) -> None:
    threshold = 0.5 if rule is Rule.PROBABILITY else -1.2
    policy = Policy(rule, threshold, gallery=draw.gallery, look=Look.ANYWHERE)
    given = ask(scenes, sorted(TYPES), [draw], Look.ANYWHERE, rule, threshold)

    def ends_early(scene: EncodedScene, type_id: str, matrix: np.ndarray) -> bool:
        rows = tuple(Row(f"{i}.png", "etag", Origin.UPLOADED, "") for i in range(len(matrix)))
        encodings = Encodings(encoder.model_id, type_id, matrix, rows)
        return len(look(encoder, scene.scene.path.read_bytes(), policy, lambda: encodings).boxes) == 1

    types = list(zip(draw.gallery.type_ids, draw.references, strict=True))
    expected = [[ends_early(scenes[number], *each) for each in types] for number in draw.asked]
    assert given.sure.tolist() == expected
    assert given.sure.any() == (rule is Rule.SIMILARITY)


def test_without_a_true_accept_nothing_is_said_of_boxes() -> None:
    figures = evaluate_answers(answers([[0.1], [0.9]], [[1], [0]], [[1], [0]]), 2)
    assert figures["tar_at_far_5pct"] == 0
    assert figures["box_holds_object"] is None
    assert figures["box_holds_object_interval"] is None


def test_a_type_in_too_few_scenes_is_not_usable() -> None:
    def scene(*type_ids: str) -> EncodedScene:
        objects = tuple(SceneObject(type_id, Box(0, 0, 1, 1)) for type_id in type_ids)
        none = np.empty((0, 4), np.float32)
        return EncodedScene(Scene(Path("scene.jpg"), objects), (), none, none)

    many = [scene("nut", "nut", "bolt"), scene("nut"), scene("nut", "gear", "gear", "gear")]
    assert usable_types(many, 2) == (["nut"], ["bolt", "gear"])


def test_scenes_are_read_from_the_cache_unless_a_box_has_moved(encoder: Encoder, tmp_path: Path) -> None:
    console = Console(record=True, file=io.StringIO())
    (first, *others) = read_scenes(write_scenes(tmp_path / "set", 3), console)
    cache = tmp_path / "cache"
    encoded = encode_scenes(encoder, [first, *others], console, cache)
    console.export_text()
    again = encode_scenes(encoder, [first, *others], console, cache)
    assert "encoding scenes" not in console.export_text()
    for one, other in zip(encoded, again, strict=True):
        assert one.boxes == other.boxes
        np.testing.assert_array_equal(one.views, other.views)
        np.testing.assert_array_equal(one.references, other.references)
    moved = first._replace(objects=(SceneObject("nut", Box(0.5, 0.5, 1, 1)),))
    (changed,) = encode_scenes(encoder, [moved], console, cache)
    assert "encoding scenes" in console.export_text()
    assert not np.array_equal(changed.references[0], encoded[0].references[0])
