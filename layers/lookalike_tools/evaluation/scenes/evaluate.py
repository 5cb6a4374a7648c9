"""The evaluation of whole scenes: what `lookalike evaluate --scenes` prints and draws."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from lookalike.matching.settings import Look, Rule
from lookalike.vision.encoder import Encoder
from lookalike_tools.evaluation.scenes.answers import Answers, ask, draw_references, usable_types
from lookalike_tools.evaluation.scenes.encodings import EncodedScene, encode_scenes
from lookalike_tools.evaluation.scenes.figures import evaluate_answers
from lookalike_tools.evaluation.scenes.folder import Scene
from lookalike_tools.photos.folders import PhotosError


class Evaluation(NamedTuple):
    """An evaluation of scenes.

    Attributes:
        result: what `--json` prints.
        answers: of each look and rule.
        scenes: the scenes, as the answers number them.
        type_ids: the types, in the order of the answers' columns.
    """

    result: dict[str, Any]
    answers: list[Answers]
    scenes: list[Scene]
    type_ids: list[str]


def evaluate_scenes(
    folder: Path, scenes: Sequence[Scene], encoder: Encoder, references: int, repeats: int, console: Console
) -> Evaluation:
    """Ask each scene for each type, by references from other scenes; what is left out is printed.

    Args:
        folder: where the scenes are from.
        scenes: as `read_scenes` gives them.
        encoder: of the scenes.
        references: how many to draw of each type.
        repeats: how often to draw.
        console: for what is left out, and for progress.

    Raises:
        PhotosError: there are too few scenes, of types or to ask.
    """
    encoded = encode_scenes(encoder, scenes, console)
    type_ids = _choose_types(folder, encoded, references, console)
    threshold = encoder.description.default_threshold
    answers = _ask(folder, encoded, type_ids, references, repeats, threshold)
    result = {
        "model": encoder.model_id,
        "stand_in": encoder.description.stand_in,
        "folder": str(folder),
        "scenes": len(encoded),
        "types": len(type_ids),
        "references": references,
        "repeats": repeats,
        "views": float(np.mean([len(each.boxes) for each in encoded])),
        "results": [evaluate_answers(each, len(encoded)) for each in answers],
    }
    return Evaluation(result, answers, [each.scene for each in encoded], type_ids)


def _choose_types(folder: Path, scenes: list[EncodedScene], references: int, console: Console) -> list[str]:
    enough, too_few = usable_types(scenes, references)
    if too_few:
        console.print(
            f"left out, in no more than {references} scenes: {', '.join(too_few)}",
            style="yellow",
            soft_wrap=True,
            markup=False,
        )
    if len(enough) < 2:
        raise PhotosError(
            f"{folder} has {len(enough)} types in more than {references} scenes each; two are needed"
        )
    return enough


def _ask(
    folder: Path,
    scenes: list[EncodedScene],
    type_ids: list[str],
    references: int,
    repeats: int,
    threshold: float,
) -> list[Answers]:
    random = np.random.default_rng(0)
    draws = [draw_references(scenes, type_ids, references, random) for _ in range(repeats)]
    shown = [
        scenes[number].scene.shows(type_id) for each in draws for number in each.asked for type_id in type_ids
    ]
    if all(shown) or not any(shown):
        which = "each of the types" if shown and all(shown) else "none of the types"
        raise PhotosError(
            f"{folder}: the scenes that are left to ask, {len(shown) // len(type_ids)} in {repeats} draws, "
            f"show {which}: add scenes, or take fewer --references"
        )
    return [ask(scenes, type_ids, draws, look, rule, threshold) for look in Look for rule in Rule]
