"""A type's threshold: what its own photos and all others score, and what a threshold makes of that."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from nicegui import ui
from numpy.typing import NDArray

from lookalike.matching.learning.fit import Fit
from lookalike.matching.settings import DEFAULTS, Rule
from lookalike_tools.console.addresses import type_address
from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.widgets.layout import REFRESH_SECONDS, attempt, frame, link, text
from lookalike_tools.console.wording import number, per_100
from lookalike_tools.evaluation.thresholds import ENOUGH_PHOTOS, Scores, calibrate, expect, score_types
from lookalike_tools.live.settings import set_threshold

BINS = 50
WANTED_RATE = 0.01
OWN, OTHERS = "#2e9e6a", "#d0785a"
MARGIN = 30
"""Left and right of the chart's axis, in pixels: the slider below has the same."""


def show(survey: Survey, type_id: str) -> None:
    """Build the page."""
    with frame(survey, "/", f"Threshold of {type_id}"):
        with ui.element("div").classes("row-of"):
            text("h1", f"Threshold of {type_id}").classes("grow")
            link("Photos", type_address(type_id))
        waiting = ui.label("Looking at the stack").classes("quiet").props('role="status"')
        panel = ui.element("div").classes("stacked")
        # Nobody looks at the stack while no page is open: what was known before may be of old.
        looks, compared = survey.looks, False

        async def refresh() -> None:
            nonlocal compared
            if compared or survey.looks == looks:
                return
            reason = _why_not_yet(survey, type_id)
            waiting.text = reason or "Comparing all photos"
            waiting.visible = True
            if reason or survey.gallery is None:
                return
            compared = True
            scores = await attempt(partial(_score, survey, survey.gallery.fit, type_id))
            waiting.visible = False
            if scores is not None:
                with panel:
                    ThresholdPanel(survey, type_id, scores)

        ui.timer(REFRESH_SECONDS, refresh)


class ThresholdPanel:
    """The scores by each rule, and the threshold that is looked at."""

    def __init__(self, survey: Survey, type_id: str, scores: dict[Rule, Scores]) -> None:
        """Build the panel."""
        self._survey, self._type_id, self._scores = survey, type_id, scores
        known = survey.types.get(type_id)
        settings = known.settings.settings if known else DEFAULTS
        rule = settings.rule or Rule.SIMILARITY
        with ui.element("div").classes("panel"):
            with ui.element("div").classes("row-of"):
                ui.label("Decided by").classes("quiet")
                names = {str(rule): rule.capitalize() for rule in Rule}
                self._toggle = ui.toggle(names, value=str(rule), on_change=self._change_rule)
                self._toggle.props(
                    'flat no-caps toggle-color=none toggle-text-color=none aria-label="Decided by"'
                )
            with ui.element("div").classes("legend"):
                for words, colour in (("Its own photos", OWN), ("Photos of something else", OTHERS)):
                    text("span", words).style(f"--of: {colour}")
            self._chart = ui.echart({}, renderer="svg").classes("chart")
            self._chart.props('role=img aria-label="Scores of its own photos and of all others"')
            self._slider = ui.slider(min=0, max=1, step=0.001, value=0.5, on_change=self._tell)
            self._slider.props('aria-label="Threshold" label-always')
            self._slider.style(f"padding: 0 {MARGIN}px")
            self._field = ui.number("Threshold", min=0, max=1, step=0.001, format="%.4g").props(
                "outlined dense"
            )
            self._field.classes("edge").bind_value(self._slider)
            with ui.element("div").classes("figures").props('role="status"'):
                self._wrong, self._wrong_words = _figure()
                self._missed, self._missed_words = _figure()
            self._warning = ui.label().classes("look small")
            with ui.element("div").classes("row-of"):
                suggest = ui.button("At most 1 wrong in 100", color=None, on_click=self._suggest)
                suggest.props("flat no-caps").classes("btn")
                save = ui.button("Use this threshold", color=None, on_click=self._save)
                save.props("flat no-caps").classes("btn main")
        own = settings.threshold
        self._show_rule(calibrate(scores[rule], WANTED_RATE).threshold if own is None else own)

    @property
    def _rule(self) -> Rule:
        return Rule(self._toggle.value)

    def _change_rule(self) -> None:
        self._show_rule(calibrate(self._scores[self._rule], WANTED_RATE).threshold)

    def _show_rule(self, threshold: float) -> None:
        scores = self._scores[self._rule]
        lowest = min(each.min(initial=1) for each in (scores.genuine, scores.impostor))
        start = 0.0 if self._rule is Rule.PROBABILITY else max(0.0, math.floor(float(lowest) * 20) / 20)
        start = min(start, threshold)
        self._slider.props["min"] = start
        self._chart.options.clear()
        self._chart.options.update(_draw(scores, start))
        self._slider.value = round(threshold, 4)
        self._warning.text = " ".join(_warn(scores))
        self._tell()

    def _suggest(self) -> None:
        self._slider.value = calibrate(self._scores[self._rule], WANTED_RATE).threshold

    def _tell(self) -> None:
        expected = expect(self._scores[self._rule], self._slider.value or 0)
        low, high = expected.far_interval
        self._wrong.text = per_100(expected.far)
        self._wrong_words.text = (
            f"wrong matches in 100 photos of something else ({per_100(low)} to {per_100(high)}, "
            f"from {number(len(self._scores[self._rule].impostor), 'photo')})"
        )
        low, high = expected.tar_interval
        self._missed.text = per_100(1 - expected.tar)
        self._missed_words.text = (
            f"missed in 100 photos of it ({per_100(1 - high)} to {per_100(1 - low)}, "
            f"from {number(len(self._scores[self._rule].genuine), 'photo')})"
        )
        line = {"xAxis": expected.threshold, "label": {"show": False}}
        self._chart.options["series"][0]["markLine"]["data"] = [line]
        self._chart.update()

    async def _save(self) -> None:
        write = partial(set_threshold, self._survey.stack, self._type_id, self._rule, self._slider.value)
        if (
            await attempt(write, f"{self._slider.value:.3f} is its threshold now, by {self._rule}")
            is not None
        ):
            self._survey.forget(self._type_id)


def _why_not_yet(survey: Survey, type_id: str) -> str | None:
    """Why there is nothing to compare; None if there is."""
    if waiting := survey.waiting:
        return f"Reading {len(survey.types) - len(waiting):,} of {number(len(survey.types), 'type')}"
    known = survey.types.get(type_id)
    if known is None:
        return "There is no such type"
    if known.encodings is None or not known.encodings.rows:
        return "Its photos are being built"
    if sum(bool(each and each.encodings and each.encodings.rows) for each in survey.types.values()) < 2:
        return "Thresholds come from photos of other types: add a second type"
    return None if survey.gallery else "What all types share is being learnt"


def _score(survey: Survey, fit: Fit, type_id: str) -> dict[Rule, Scores]:
    known = [each.encodings.references for each in survey.types.values() if each and each.encodings]
    ((_, scores),) = score_types([each for each in known if each.rows], fit, [type_id], survey.stack.odds)
    return scores


def _warn(scores: Scores) -> Iterator[str]:
    """What makes the figures unreliable."""
    needed = math.ceil(1 / WANTED_RATE) - 1
    if len(scores.impostor) < needed:
        found = number(len(scores.impostor), "photo")
        yield f"{found} of something else can't promise 1 in 100: {needed} could. Add more of other types."
    if len(scores.genuine) < ENOUGH_PHOTOS:
        found = number(len(scores.genuine), "photo")
        yield f"{found} of its own say little of what is missed: add more."


def _figure() -> tuple[ui.label, ui.label]:
    with ui.element("div"):
        return ui.label().classes("figure-number"), ui.label().classes("quiet")


def _draw(scores: Scores, start: float) -> dict[str, Any]:
    """The chart: the share of its own photos and of all others in each bin of scores."""
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": MARGIN, "right": MARGIN, "top": 8, "bottom": 26},
        "xAxis": {
            "type": "value",
            "min": start,
            "max": 1,
            "axisLabel": {"color": "currentColor"},
            "splitLine": {"show": False},
        },
        "yAxis": {"type": "value", "show": False},
        "series": [
            _histogram("Its own photos", scores.genuine, start, OWN)
            | {
                "markLine": {
                    "symbol": "none",
                    "precision": 6,
                    "silent": True,
                    "lineStyle": {"color": "currentColor", "width": 2, "type": "solid"},
                    "data": [],
                }
            },
            _histogram("Photos of something else", scores.impostor, start, OTHERS),
        ],
    }


def _histogram(name: str, scores: NDArray[np.floating], start: float, colour: str) -> dict[str, Any]:
    counts, edges = np.histogram(np.clip(scores, start, 1), BINS, (start, 1))
    shares = counts / max(counts.max(initial=0), 1)
    middles = (edges[:-1] + edges[1:]) / 2
    return {
        "name": name,
        "type": "line",
        "step": "middle",
        "showSymbol": False,
        "silent": True,
        "lineStyle": {"color": colour, "width": 1.5},
        "itemStyle": {"color": colour},
        "areaStyle": {"color": colour, "opacity": 0.28},
        "data": [[round(float(x), 4), round(float(y), 4)] for x, y in zip(middles, shares, strict=True)],
    }
