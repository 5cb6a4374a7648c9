"""The evaluation as a picture: scores, error trade-off, reliability, learning curve, the worst confusions."""

import base64
import html
import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.confusions import Confusion
from lookalike_tools.evaluation.error_rates import error_curve, sort_trials, threshold_at_far
from lookalike_tools.evaluation.style import DPI, GENUINE, IMPOSTOR, INK, SIBLING, score_style
from lookalike_tools.evaluation.trials import Draw, trials_of

COLOURS = {Rule.SIMILARITY: "#b8322a", Rule.PROBABILITY: "#1b7f4d"}
SCORES = {Rule.SIMILARITY: "similarity", Rule.PROBABILITY: "log odds"}


def write_report(
    path: Path, result: dict[str, Any], draws: list[Draw], confusions: dict[Rule, list[Confusion]]
) -> None:
    """Write the picture to `path`: as PNG, or in an HTML page if the name ends in .html or .htm.

    Raises:
        OSError: `path` can't be written.
    """
    picture = io.BytesIO()
    with score_style():
        _draw_figure(result, draws, confusions).savefig(picture, format="png", dpi=DPI)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in (".html", ".htm"):
        path.write_text(_page(result, picture.getvalue()), encoding="utf-8")
    else:
        path.write_bytes(picture.getvalue())


def _draw_figure(
    result: dict[str, Any], draws: list[Draw], confusions: dict[Rule, list[Confusion]]
) -> Figure:
    learns = len(result["learning_curve"]) > 1
    columns = 5 if learns else 4
    figure = Figure(figsize=(4.3 * columns, 8.5), layout="constrained")
    figure.suptitle(_title(result), fontsize=12)
    rows: Any = figure.subfigures(3, 1, height_ratios=[4, 1.8, 1.8])
    plots, *pairs = rows
    axes = plots.subplots(1, columns)
    for axis, rule in zip(axes, Rule, strict=False):
        _draw_distribution(axis, draws, rule)
    _draw_trade_off(axes[2], draws)
    _draw_reliability(axes[3], result["rules"])
    if learns:
        _draw_learning(axes[4], result["learning_curve"])
    for subfigure, rule in zip(pairs, Rule, strict=True):
        subfigure.suptitle(
            f"Most false accepts by {rule}, at 1 % in all: the photo, and what it was taken for"
        )
        for index, confusion in enumerate(confusions[rule]):
            _draw_confusion(subfigure.add_subplot(1, max(3, len(confusions[rule])), index + 1), confusion)
    return figure


def _draw_distribution(axis: Axes, draws: list[Draw], rule: Rule) -> None:
    trials, sibling = trials_of(draws, rule), trials_of(draws, rule, siblings=True)
    groups = {
        "its own type": (trials.scores[trials.genuine], GENUINE),
        "sibling types": (sibling.scores[~sibling.genuine], SIBLING),
        "all other types": (trials.scores[~trials.genuine], IMPOSTOR),
    }
    low, high = np.quantile(trials.scores, [0.001, 0.999])
    bins = np.linspace(low, high, 60).tolist()
    for name, (scores, colour) in groups.items():
        axis.hist(scores, bins=bins, density=True, histtype="step", color=colour, label=name, linewidth=1.6)
    threshold = threshold_at_far(error_curve(sort_trials(trials)), 0.01)
    axis.axvline(threshold, color=INK, linewidth=1, linestyle=":", label="1 % false accepts")
    axis.set(title=f"Scores by {rule}", xlabel=SCORES[rule], yticks=[])
    axis.legend(frameon=False, loc="upper left")


def _draw_trade_off(axis: Axes, draws: list[Draw]) -> None:
    for rule in Rule:
        for unknown in (False, True):
            if unknown and rule is Rule.SIMILARITY:
                continue  # the same curve
            curve = error_curve(sort_trials(trials_of(draws, rule, unknown=unknown)))
            axis.plot(
                curve.far,
                1 - curve.tar,
                color=COLOURS[rule],
                linestyle="--" if unknown else "-",
                label=f"{rule}, objects of no known type" if unknown else str(rule),
            )
    axis.plot([1e-4, 1], [1e-4, 1], color="#dcdad5", linewidth=1)
    axis.set(
        title="Detection error trade-off",
        xscale="log",
        yscale="log",
        xlim=(1e-4, 1),
        ylim=(1e-2, 1),
        xlabel="false accept rate",
        ylabel="false reject rate",
    )
    axis.legend(frameon=False, loc="lower left")


def _draw_reliability(axis: Axes, rules: list[dict[str, Any]]) -> None:
    axis.plot([0, 1], [0, 1], color="#dcdad5", linewidth=1)
    for rule, figures in zip(Rule, rules, strict=True):
        said, right, share = (
            [each[name] for each in figures["reliability"]] for name in ("said", "right", "share")
        )
        axis.plot(said, right, color=COLOURS[rule], linewidth=1)
        sizes = [10 + 200 * part for part in share]
        label = f"{rule}, calibration error {figures['calibration_error']:.3f}"
        axis.scatter(said, right, sizes, color=COLOURS[rule], label=label)
    axis.set(
        title="Reliability, at equal odds",
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="score",
        ylabel="photos of the type",
    )
    axis.legend(frameon=False, loc="upper left")


def _draw_learning(axis: Axes, curve: list[dict[str, Any]]) -> None:
    counts = [point["references"] for point in curve]
    for number, rule in enumerate(Rule):
        figures = [point["rules"][number] for point in curve]
        known, unknown = [each["eer"] for each in figures], [each["unknown"]["eer"] for each in figures]
        axis.plot(counts, known, "o-", color=COLOURS[rule], label=str(rule))
        if rule is not Rule.SIMILARITY:  # the same curve
            axis.plot(counts, unknown, "o--", color=COLOURS[rule], label=f"{rule}, objects of no known type")
    axis.set(title="Learning curve", xlabel="references a type", ylabel="equal error rate", xticks=counts)
    axis.set_ylim(bottom=0)
    axis.legend(frameon=False)


def _draw_confusion(axis: Axes, confusion: Confusion) -> None:
    pair = Image.new("RGB", (410, 200), "white")
    for left, path in ((0, confusion.query), (210, confusion.reference)):
        with Image.open(path) as photo:
            pair.paste(ImageOps.fit(ImageOps.exif_transpose(photo).convert("RGB"), (200, 200)), (left, 0))
    axis.imshow(np.asarray(pair))
    axis.set_axis_off()
    count = f"{confusion.false_accepts} of {confusion.trials}"
    axis.set_title(f"{confusion.type_id}\nas {confusion.asked}\n{count}", fontsize=7)


def _title(result: dict[str, Any]) -> str:
    title = (
        f"{result['photos']} photos of {result['types']} types, {result['references']} references a type, "
        f"{result['model']}"
    )
    return f"{title}\nThe model is a stand-in: these are not CLIP's figures" if result["stand_in"] else title


def _page(result: dict[str, Any], picture: bytes) -> str:
    rows = "".join(
        f"<tr><td>{rule['rule']}<td>{rule['eer']:.3f}<td>{rule['tar_at_far_1pct']:.3f}"
        f"<td>{rule['tar_at_far_01pct']:.3f}<td>{rule['top1']:.3f}<td>{rule['calibration_error']:.3f}</tr>"
        for rule in result["rules"]
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Lookalike: evaluation</title>'
        "<style>body{font:16px sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}"
        "img{max-width:100%}</style>"
        f"<h1>{html.escape(_title(result)).replace(chr(10), '<br>')}</h1>"
        "<table><tr><th>rule<th>equal error rate<th>true accepts at 1 % false<th>at 0.1 % false"
        f"<th>identified at once<th>calibration error</tr>{rows}</table>"
        f'<img alt="Scores, error trade-off, reliability and worst confusions" '
        f'src="data:image/png;base64,{base64.b64encode(picture).decode()}"></html>'
    )
