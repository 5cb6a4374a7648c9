"""Evaluate the decision rules on a folder of photos."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike.matching.decision import MIN_OTHERS, Rule
from lookalike.vision.encoder import Encoder
from lookalike_tools.evaluation.error_rates import (
    Trials,
    bootstrap,
    equal_error_rate,
    error_curve,
    sort_trials,
    tar_at_far,
    threshold_at_far,
)
from lookalike_tools.evaluation.photo_encodings import encode_photos
from lookalike_tools.evaluation.report import Confusion, write_report
from lookalike_tools.evaluation.trials import Draw, draw, trials_of
from lookalike_tools.photos.folders import PhotosError, find_photos

FARS = {"tar_at_far_1pct": 0.01, "tar_at_far_01pct": 0.001}
CONFUSIONS = 6


class Photos(NamedTuple):
    """The photos to evaluate on: of each type the files, and their encodings, (photos, dimension)."""

    type_ids: list[str]
    paths: list[list[Path]]
    encodings: list[NDArray[np.float32]]


def evaluate(
    folder: Path,
    model_dir: Path,
    *,
    references: int = 5,
    repeats: int = 10,
    as_json: bool = False,
    report: Path | None = None,
) -> None:
    """Draw reference photos, ask every other photo against every type, and print what each rule achieves.

    Args:
        folder: holds a folder of photos for each type.
        model_dir: the model folder.
        references: how many reference photos of each type are drawn.
        repeats: how many draws.
        as_json: print JSON instead of a table.
        report: where the picture goes: PNG, or an HTML page that holds it; none if None.

    Raises:
        PhotosError: there are not two types with more than `references` photos.
        ModelError: no model, or none that can be opened.
    """
    told = Console(stderr=True)
    encoder = Encoder(model_dir)
    photos = _read_photos(encoder, folder, references, told)
    random = np.random.default_rng(0)
    draws = [draw(photos.encodings, references, random) for _ in range(repeats)]
    rules = [_evaluate_rule(draws, rule, photos) for rule in Rule]
    result = {
        "model": encoder.model_id,
        "stand_in": encoder.description.stand_in,
        "folder": str(folder),
        "types": len(photos.type_ids),
        "photos": sum(map(len, photos.paths)),
        "references": references,
        "repeats": repeats,
        "rules": rules,
        "eer_reduction": 1 - rules[1]["eer"] / max(rules[0]["eer"], 1e-12),
    }
    if as_json:
        print(json.dumps(result, indent=2))  # noqa: T201 (what was asked for)
    else:
        _print(result)
    if report:
        confusions = {rule: _confusions(draws, rule, photos) for rule in Rule}
        write_report(report, result, draws, confusions)
        told.print(f"report: {report}")


def _read_photos(encoder: Encoder, folder: Path, references: int, told: Console) -> Photos:
    found = find_photos(folder)
    encoded = encode_photos(encoder, [path for paths in found.values() for path in paths], told)
    usable = {type_id: [path for path in paths if path in encoded] for type_id, paths in found.items()}
    enough = {type_id: paths for type_id, paths in usable.items() if len(paths) > references}
    if left_out := sorted(usable.keys() - enough.keys()):
        told.print(
            f"left out, with no more than {references} photos: {', '.join(left_out)}",
            style="yellow",
            soft_wrap=True,
        )
    if len(enough) < 2:
        raise PhotosError(
            f"{folder} holds {len(enough)} folders with more than {references} photos each; two are needed. "
            "A folder's name is the type: letters, digits, '.', '_' and '-'"
        )
    if len(enough) <= MIN_OTHERS:
        told.print(
            f"{len(enough)} types: a stack decides by similarity until there are {MIN_OTHERS + 1}",
            style="yellow",
        )
    matrices = [np.stack([encoded[path] for path in paths]) for paths in enough.values()]
    return Photos(list(enough), list(enough.values()), matrices)


def _evaluate_rule(draws: list[Draw], rule: Rule, photos: Photos) -> dict[str, Any]:
    types = len(photos.type_ids)
    trials = sort_trials(trials_of(draws, rule))
    curve = error_curve(trials)
    right = np.concatenate([each.first[rule] == each.own for each in draws])
    owners = np.concatenate([each.own for each in draws])
    result: dict[str, Any] = {"rule": str(rule), **_eer(trials, types)}

    def tar_among(weights: NDArray[np.float64], far: float) -> float:
        return tar_at_far(error_curve(trials, weights), far)

    for name, far in FARS.items():
        result[name] = tar_at_far(curve, far)
        result[f"{name}_interval"] = bootstrap(partial(tar_among, far=far), types)
    result["top1"] = float(right.mean())
    result["top1_interval"] = bootstrap(
        lambda weights: float(np.average(right, weights=weights[owners])), types
    )
    result["siblings"] = _eer(sort_trials(trials_of(draws, rule, siblings=True)), types)
    result["others"] = _eer(sort_trials(trials_of(draws, rule, siblings=False)), types)
    result["unknown"] = _eer(sort_trials(trials_of(draws, rule, unknown=True)), types)
    result["confusions"] = [
        {
            "type": confusion.type_id,
            "asked": confusion.asked,
            "false_accepts": confusion.false_accepts,
            "trials": confusion.trials,
        }
        for confusion in _confusions(draws, rule, photos)
    ]
    return result


def _eer(trials: Trials, types: int) -> dict[str, Any]:
    if trials.genuine.all():
        return {"eer": None, "eer_interval": None}
    return {
        "eer": equal_error_rate(error_curve(trials)),
        "eer_interval": bootstrap(lambda weights: equal_error_rate(error_curve(trials, weights)), types),
    }


def _confusions(draws: list[Draw], rule: Rule, photos: Photos) -> list[Confusion]:
    """The pairs of types with the most false accepts at the threshold for 1 % in all."""
    threshold = threshold_at_far(error_curve(sort_trials(trials_of(draws, rule))), 0.01)
    counts: Counter[tuple[int, int]] = Counter()
    worst: dict[tuple[int, int], tuple[float, Path, Path]] = {}
    for each in draws:
        accepted = each.scores[rule] >= threshold
        accepted[np.arange(len(each.own)), each.own] = False
        for query, asked in zip(*np.nonzero(accepted), strict=True):
            pair = int(each.own[query]), int(asked)
            counts[pair] += 1
            score = float(each.scores[rule][query, asked])
            if score > worst.get(pair, (-np.inf,))[0]:
                photo = each.queries[query]
                encoding = photos.encodings[pair[0]][photo]
                drawn = each.references[asked]
                nearest = drawn[(photos.encodings[asked][drawn] @ encoding).argmax()]
                worst[pair] = score, photos.paths[pair[0]][photo], photos.paths[asked][nearest]
    asked_of = Counter(int(own) for each in draws for own in each.own)
    return [
        Confusion(photos.type_ids[pair[0]], photos.type_ids[pair[1]], count, asked_of[pair[0]], *worst[pair])
        for pair, count in counts.most_common(CONFUSIONS)
    ]


def _print(result: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{result['photos']} photos of {result['types']} types, {result['references']} references a type, "
        f"{result['repeats']} draws, {result['model']}"
    )
    if result["stand_in"]:
        console.print("The model is a stand-in: these are not CLIP's figures.", style="bold red")
    table = Table(box=SIMPLE_HEAD)
    for heading in ("", *(rule["rule"] for rule in result["rules"])):
        table.add_column(heading)
    rows = {
        "equal error rate": lambda rule: _rate(rule, "eer"),
        "  sibling types": lambda rule: _rate(rule["siblings"], "eer"),
        "  other types": lambda rule: _rate(rule["others"], "eer"),
        "  objects of no known type": lambda rule: _rate(rule["unknown"], "eer"),
        "true accepts at 1 % false": lambda rule: _rate(rule, "tar_at_far_1pct"),
        "true accepts at 0.1 % false": lambda rule: _rate(rule, "tar_at_far_01pct"),
        "identified at once": lambda rule: _rate(rule, "top1"),
    }
    for name, cell in rows.items():
        table.add_row(name, *(cell(rule) for rule in result["rules"]))
    console.print(table)
    console.print(f"The relative rule's equal error rate is {result['eer_reduction']:.0%} lower.")
    for rule in result["rules"]:
        told = ", ".join(
            f"{each['type']} as {each['asked']} {each['false_accepts']}/{each['trials']}"
            for each in rule["confusions"]
        )
        console.print(f"Most false accepts at 1 % by {rule['rule']}: {told}")


def _rate(values: dict[str, Any], name: str) -> str:
    if values[name] is None:
        return "-"
    low, high = values[f"{name}_interval"]
    return f"{values[name]:.3f} ({low:.3f} to {high:.3f})"
