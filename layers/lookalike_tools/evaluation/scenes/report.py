"""The evaluation of scenes as a page: hits and misses of each look and rule, with their boxes."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lookalike.vision.boxes import Box
from lookalike_tools.evaluation.error_rates import error_curve
from lookalike_tools.evaluation.scenes.answers import Answers
from lookalike_tools.evaluation.scenes.evaluate import Evaluation
from lookalike_tools.evaluation.scenes.figures import accepted, trials_of
from lookalike_tools.evaluation.scenes.folder import Scene
from lookalike_tools.evaluation.scenes.table import FIGURES
from lookalike_tools.evaluation.style import GENUINE, INK, SIBLING
from lookalike_tools.photos.outline import draw_box

PICTURES = 6
"""How many of each kind are shown."""

_SIDE = 320
_STYLE = (
    "body{font:16px sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}h2{margin-top:2em}"
    ".pictures{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0;width:320px}"
    "img{max-width:100%}figcaption{font-size:.8em;overflow-wrap:anywhere}"
)


class Kind(NamedTuple):
    """Answers of one kind, and how they are shown.

    Attributes:
        title: what people call it.
        chosen: (n, types), which answers they are.
        highest_first: show those with the highest scores, else those with the lowest.
        colour: of the box.
    """

    title: str
    chosen: NDArray[np.bool_]
    highest_first: bool
    colour: str


def write_report(path: Path, evaluation: Evaluation) -> None:
    """Write the page to `path`; its folder is made if need be.

    Raises:
        OSError: `path` can't be written.
    """
    result = evaluation.result
    sections = "".join(_section(each, evaluation.scenes, evaluation.type_ids) for each in evaluation.answers)
    title = (
        f"{result['scenes']} scenes, {result['types']} types, {result['references']} references a type, "
        f"{result['model']}"
    )
    warning = "<p><b>The model is a stand-in: these are not CLIP's figures.</b>" if result["stand_in"] else ""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Lookalike: scenes</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{warning}{_table(result)}"
        "<p>A thick box is the view that speaks most for the type; thin ones are the objects of the type. "
        f"Pictures are of answers at 5 % false accepts, {PICTURES} of a kind at most.{sections}</html>"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _table(result: dict[str, Any]) -> str:
    headings = "".join(f"<th>{heading}" for heading in ("look", "rule", *FIGURES.values()))
    rows = "".join(
        f"<tr><td>{each['look']}<td>{each['rule']}"
        + "".join(f"<td>{'-' if each[name] is None else f'{each[name]:.3f}'}" for name in FIGURES)
        for each in result["results"]
    )
    return f"<table><tr>{headings}{rows}</table>"


def _section(answers: Answers, scenes: Sequence[Scene], type_ids: Sequence[str]) -> str:
    parts = [f"<h2>Look {answers.look}, by {answers.rule}</h2>"]
    for kind in _kinds(answers):
        parts.append(f'<h3>{kind.title}: {int(kind.chosen.sum())}</h3><div class="pictures">')
        for row, column in _examples(answers, kind):
            scene, type_id = scenes[answers.asked[row]], type_ids[column]
            box = Box(*answers.boxes[row, column].tolist())
            parts.append(_figure(scene, type_id, box, float(answers.scores[row, column]), kind.colour))
        parts.append("</div>")
    return "".join(parts)


def _kinds(answers: Answers) -> list[Kind]:
    taken = accepted(answers, error_curve(trials_of(answers)))
    shown, held = answers.shown, answers.held
    return [
        Kind("Found, and the box holds the object", shown & taken & held, True, GENUINE),
        Kind("Found, but the box is elsewhere", shown & taken & ~held, True, SIBLING),
        Kind("Missed", shown & ~taken, False, SIBLING),
        Kind("Accepted, but not there", ~shown & taken, True, SIBLING),
    ]


def _examples(answers: Answers, kind: Kind) -> list[tuple[int, int]]:
    """Rows and columns of the answers to show: those that stand out most, each of another scene."""
    rows, columns = np.nonzero(kind.chosen)
    scores = answers.scores[rows, columns]
    order = np.argsort(-scores if kind.highest_first else scores, kind="stable")
    of_scene: dict[int, tuple[int, int]] = {}
    for index in order.tolist():
        of_scene.setdefault(int(answers.asked[rows[index]]), (int(rows[index]), int(columns[index])))
    return list(of_scene.values())[:PICTURES]


def _figure(scene: Scene, type_id: str, box: Box, score: float, colour: str) -> str:
    with Image.open(scene.path) as photo:
        picture = ImageOps.exif_transpose(photo).convert("RGB")
    picture.thumbnail((_SIDE, _SIDE))
    for thing in scene.objects:
        if thing.type_id == type_id:
            draw_box(picture, thing.box, INK, 1)
    draw_box(picture, box, colour)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    caption = html.escape(f"{type_id}, {score:.3f}: {scene.path.name}")
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img alt="{caption}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
