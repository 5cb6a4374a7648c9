"""Scores and thresholds of calibrated types, drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.style import DPI, GENUINE, IMPOSTOR, INK, score_style
from lookalike_tools.evaluation.thresholds import Calibration, Scores

MAX_TYPES = 60


@dataclass(frozen=True)
class CalibratedType:
    """A type, what photos score against it by the chosen rule, and its threshold."""

    type_id: str
    scores: Scores
    calibration: Calibration


def draw_calibration(types: Sequence[CalibratedType], rule: Rule, far: float, path: Path) -> None:
    """Write a PNG with a line for each of the first `MAX_TYPES` types; its folder is made if need be.

    Raises:
        OSError: `path` can't be written.
    """
    shown = types[:MAX_TYPES]
    with score_style():
        figure = Figure(figsize=(10, 1.6 + 0.32 * len(shown)), layout="constrained")
        axis = figure.subplots()
        for line, each in enumerate(shown):
            for scores, colour, shift in (
                (each.scores.impostor, IMPOSTOR, 0.15),
                (each.scores.genuine, GENUINE, -0.15),
            ):
                lines = np.full(len(scores), line + shift)
                axis.plot(scores, lines, "|", color=colour, markersize=6, alpha=0.6)
            threshold = each.calibration.threshold
            axis.plot([threshold] * 2, [line - 0.4, line + 0.4], color=INK, linewidth=1.6)
        axis.plot([], [], "|", color=GENUINE, label="photos of the type")
        axis.plot([], [], "|", color=IMPOSTOR, label="photos of other types")
        axis.plot([], [], color=INK, label=f"threshold for {far:.2%} false accepts")
        axis.set_yticks(range(len(shown)), [each.type_id for each in shown])
        axis.set(ylim=(len(shown) - 0.5, -0.5), xlabel=f"score by {rule}")
        if rule is Rule.PROBABILITY:
            axis.set_xlim(-0.02, 1.02)
        figure.legend(frameon=False, loc="outside upper center", ncols=3)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI)
