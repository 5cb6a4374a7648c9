"""Draws of references from scenes, and what each look and rule answers about the other scenes. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.probability import log_odds, sigmoid
from lookalike.matching.rules import RULES
from lookalike.matching.settings import Look, Rule
from lookalike.matching.sighting import Sighting, sight_by_evidence, sight_by_similarity
from lookalike.vision.boxes import Box
from lookalike_tools.evaluation.scenes.encodings import EncodedScene, Matrix
from lookalike_tools.evaluation.scores import learn_gallery


class Draw(NamedTuple):
    """One draw of references.

    Attributes:
        references: of each type, (references, dimension).
        gallery: what is learnt from them.
        asked: the scenes that gave none, by their numbers.
    """

    references: list[Matrix]
    gallery: Gallery
    asked: list[int]


class Answers(NamedTuple):
    """What a look and a rule say of each scene asked, in all draws, and what is true.

    Attributes:
        look: where the scenes were looked at.
        rule: what decided.
        asked: (n,), the scenes' numbers; a scene is asked in many draws.
        scores: (n, types), of each type.
        boxes: (n, types, 4), of the view that speaks most for each type.
        shown: (n, types), whether the scene shows the type.
        held: (n, types), whether the box holds the middle of an object of the type.
        sure: (n, types), whether the middle is beyond doubt: looking anywhere then ends with it.
    """

    look: Look
    rule: Rule
    asked: NDArray[np.intp]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float64]
    shown: NDArray[np.bool_]
    held: NDArray[np.bool_]
    sure: NDArray[np.bool_]


def usable_types(scenes: Iterable[EncodedScene], references: int) -> tuple[list[str], list[str]]:
    """Types that more than so many scenes show, and the others; both sorted."""
    counts: dict[str, int] = {}
    for each in scenes:
        for type_id in {thing.type_id for thing in each.scene.objects}:
            counts[type_id] = counts.get(type_id, 0) + 1
    enough = sorted(type_id for type_id, count in counts.items() if count > references)
    return enough, sorted(counts.keys() - set(enough))


def draw_references(
    scenes: Sequence[EncodedScene], type_ids: Sequence[str], references: int, random: np.random.Generator
) -> Draw:
    """Draw objects of each type, each from another scene; all scenes that gave none are asked.

    Args:
        scenes: the scenes.
        type_ids: the types.
        references: how many objects to draw of each.
        random: where the draws come from.
    """
    taken: set[int] = set()
    drawn: dict[int, Matrix] = {}
    for type_number in random.permutation(len(type_ids)).tolist():
        type_id = type_ids[type_number]
        showing = [number for number, each in enumerate(scenes) if each.scene.shows(type_id)]
        shuffled = random.permutation(showing).tolist()
        # Scenes that another type was drawn from come first: more are left to ask.
        chosen = sorted(shuffled, key=lambda number: number not in taken)[:references]
        taken.update(chosen)
        drawn[type_number] = np.stack([_draw_object(scenes[number], type_id, random) for number in chosen])
    matrices = [drawn[number] for number in range(len(type_ids))]
    asked = [number for number in range(len(scenes)) if number not in taken]
    return Draw(matrices, learn_gallery(matrices), asked)


def ask(
    scenes: Sequence[EncodedScene],
    type_ids: Sequence[str],
    draws: Sequence[Draw],
    look: Look,
    rule: Rule,
    threshold: float,
) -> Answers:
    """Ask the scenes of each draw for each type.

    Args:
        scenes: all of them.
        type_ids: the types, as the draws have them.
        draws: of references.
        look: where to look.
        rule: what decides.
        threshold: what a similarity must exceed, where similarity decides.
    """
    asked = [number for draw in draws for number in draw.asked]
    sightings = [sight(scenes[number], draw, look, rule) for draw in draws for number in draw.asked]
    boxes = [
        [scenes[number].boxes[each.view] for each in seen]
        for number, seen in zip(asked, sightings, strict=True)
    ]
    return Answers(
        look,
        rule,
        np.array(asked, np.intp),
        np.array([[each.score for each in seen] for seen in sightings]),
        np.array(boxes),
        np.array([[scenes[number].scene.shows(type_id) for type_id in type_ids] for number in asked]),
        np.array(
            [
                [_holds(scenes[number], *pair) for pair in zip(type_ids, row, strict=True)]
                for number, row in zip(asked, boxes, strict=True)
            ]
        ),
        np.array(
            [_is_sure(scenes[number], draw, rule, threshold) for draw in draws for number in draw.asked]
        ),
    )


def sight(scene: EncodedScene, draw: Draw, look: Look, rule: Rule) -> list[Sighting]:
    """Where each type is seen in a scene, and with what score: a cosine similarity, or log odds."""
    views = scene.views[:1] if look is Look.CENTRE else scene.views
    if rule is Rule.SIMILARITY:
        return [sight_by_similarity(views, matrix) for matrix in draw.references]
    fitted, calibration = draw.gallery.densities(views), draw.gallery.fit.calibration
    if look is Look.CENTRE:
        return [Sighting(0, float(score)) for score in log_odds(fitted, calibration)[0]]
    evidence = (fitted.known - fitted.new[:, np.newaxis]) * calibration.dimensions
    seen = sight_by_evidence(evidence, scene.boxes)
    return [Sighting(each.view, each.score + calibration.offset) for each in seen]


def _is_sure(scene: EncodedScene, draw: Draw, rule: Rule, threshold: float) -> list[bool]:
    """Of each type, whether the middle of a scene shows it beyond doubt."""
    middle = scene._replace(boxes=scene.boxes[:1], views=scene.views[:1])
    scores = np.array([seen.score for seen in sight(middle, draw, Look.ANYWHERE, rule)])
    if rule is Rule.PROBABILITY:
        scores = sigmoid(scores)
    definition = RULES[rule]
    sure = definition.sure(threshold if definition.threshold is None else definition.threshold)
    return [bool(score >= sure) for score in scores]


def _draw_object(scene: EncodedScene, type_id: str, random: np.random.Generator) -> Matrix:
    objects = [number for number, each in enumerate(scene.scene.objects) if each.type_id == type_id]
    return np.asarray(scene.references[int(random.choice(objects))])


def _holds(scene: EncodedScene, type_id: str, box: Box) -> bool:
    return any(box.holds(each.box.middle) for each in scene.scene.objects if each.type_id == type_id)
