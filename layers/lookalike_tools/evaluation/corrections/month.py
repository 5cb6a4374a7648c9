"""A simulated month of use: do corrections keep a type clean, and how? Pure.

Of each type's photos some are references, some are asked about during the month, and the rest are never seen:
what they score afterwards is what the month has made of the types. Each photo of the month is asked against
every type, in a random order; what matches joins the type. A person notices one in `ONE_IN` wrong matches at
once, and does nothing, removes it, or says that it is none, which makes a counterexample of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.decision import decide
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.gallery import Gallery, Prototype
from lookalike.matching.policy import Policy
from lookalike.matching.rules import RULES, Query
from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.error_rates import Trials, equal_error_rate, error_curve, sort_trials
from lookalike_tools.evaluation.scores import learn_gallery, name_types

ONE_IN = 10
"""Of so many wrong matches a person corrects one."""

MONTH_PARTS = 4
"""How often during the month it is looked at what has become of the types."""

TRUE_ACCEPTS = 0.9
"""False accepts are told at this rate of true accepts."""

LEAST = -1e9
"""The score of what a counterexample outweighs: it does not match at any threshold."""

Matrix = NDArray[np.float32]


class Correction(StrEnum):
    """What a person does about a wrong match that is noticed."""

    NONE = "none"
    REMOVAL = "removal"
    COUNTEREXAMPLES = "counterexamples"


@dataclass(frozen=True)
class Split:
    """Encodings of each type's photos, (photos, dimension), by what they are used for."""

    references: list[Matrix]
    month: list[Matrix]
    unseen: list[Matrix]


@dataclass(frozen=True)
class Ask:
    """A photo of the month, asked against a type; both by number."""

    own: int
    photo: int
    asked: int
    noticed: bool


@dataclass(frozen=True)
class Moment:
    """What has become of the types at some time of the month.

    Attributes:
        matches: how many photos have joined types.
        wrong: how many of these show none of their type.
        counterexamples: how many there are.
        trials: of the unseen photos, each against every type.
        threshold: what a score must exceed to match.
    """

    matches: int
    wrong: int
    counterexamples: int
    trials: Trials
    threshold: float

    def figures(self) -> dict[str, float]:
        """The error rates of the unseen photos, and what joined the types."""
        curve = error_curve(sort_trials(self.trials))
        reached = curve.far[curve.tar >= TRUE_ACCEPTS]
        accepted, genuine = self.trials.scores > self.threshold, self.trials.genuine
        return {
            "false_accepts": float(reached[0]),
            "false_at_threshold": float(accepted[~genuine].mean()),
            "true_at_threshold": float(accepted[genuine].mean()),
            "eer": equal_error_rate(curve),
            "matches": self.matches,
            "wrong": self.wrong,
            "counterexamples": self.counterexamples,
        }


def split(types: Sequence[Matrix], references: int, random: np.random.Generator) -> Split:
    """Draw references of each type, and divide its other photos between the month and what is never seen."""
    parts: list[tuple[Matrix, Matrix, Matrix]] = []
    for matrix in types:
        shuffled = matrix[random.permutation(len(matrix))]
        middle = references + (len(shuffled) - references) // 2
        parts.append((shuffled[:references], shuffled[references:middle], shuffled[middle:]))
    drawn, month, unseen = (list(part) for part in zip(*parts, strict=True))
    return Split(drawn, month, unseen)


def plan(month: Sequence[Matrix], random: np.random.Generator) -> list[Ask]:
    """All questions of the month in a random order, and whether a wrong match would be noticed."""
    asks = [
        (own, photo, asked)
        for own, matrix in enumerate(month)
        for photo in range(len(matrix))
        for asked in range(len(month))
    ]
    noticed = random.random(len(asks)) < 1 / ONE_IN
    order = random.permutation(len(asks))
    return [Ask(own, photo, asked, bool(noticed[i])) for i in order for own, photo, asked in (asks[i],)]


def simulate(
    parts: Split, asks: Sequence[Ask], rule: Rule, threshold: float, correction: Correction
) -> list[Moment]:
    """What a month makes of the types: at its beginning and after each part of it.

    Args:
        parts: the types' photos.
        asks: what is asked, in order.
        rule: what decides.
        threshold: what a score must exceed to match.
        correction: what a person does about a wrong match.
    """
    gallery = learn_gallery(parts.references)
    names = list(name_types(parts.references))
    types = [_uploaded(name, matrix) for name, matrix in zip(names, parts.references, strict=True)]
    moments = [_look(types, gallery, rule, threshold, parts.unseen, 0)]
    wrong = 0
    ends = {round(len(asks) * part / MONTH_PARTS) for part in range(1, MONTH_PARTS + 1)}
    for number, ask in enumerate(asks, start=1):
        encoding = parts.month[ask.own][ask.photo]
        if decide(encoding, types[ask.asked], Policy(rule, threshold, gallery=gallery)).match:
            right = ask.own == ask.asked
            if right or not ask.noticed or correction is Correction.NONE:
                types[ask.asked] = _add(types[ask.asked], encoding, Origin.RECOGNIZED, number)
                wrong += not right
            elif correction is Correction.COUNTEREXAMPLES:
                types[ask.asked] = _add(types[ask.asked], encoding, Origin.COUNTEREXAMPLE, number)
            if right or correction is not Correction.REMOVAL or not ask.noticed:
                name = names[ask.asked]
                gallery = gallery.replace({name: Prototype.of(types[ask.asked].references.matrix)})
        if number in ends:
            moments.append(_look(types, gallery, rule, threshold, parts.unseen, wrong))
    return moments


def evaluate_corrections(
    types: Sequence[Matrix], thresholds: Mapping[Rule, float], references: int, repeats: int
) -> list[dict[str, Any]]:
    """Of each rule and correction, the mean figures at the beginning of the month and after each part of it.

    Args:
        types: each type's encodings, (photos, dimension), of at least two more photos than `references`.
        thresholds: by rule, what a score must exceed to match.
        references: how many are drawn of each type.
        repeats: how many months, each with draws of its own.
    """
    months: dict[tuple[Rule, Correction], list[list[dict[str, float]]]] = {}
    for seed in range(repeats):
        random = np.random.default_rng(seed)
        parts = split(types, references, random)
        asks = plan(parts.month, random)
        for rule in thresholds:
            for correction in Correction:
                month = simulate(parts, asks, rule, thresholds[rule], correction)
                months.setdefault((rule, correction), []).append([moment.figures() for moment in month])
    return [
        {
            "rule": str(rule),
            "correction": str(correction),
            "threshold": thresholds[rule],
            "month": _means(found),
        }
        for (rule, correction), found in months.items()
    ]


def _means(months: Sequence[Sequence[Mapping[str, float]]]) -> list[dict[str, float]]:
    return [
        {name: float(np.mean([moment[name] for moment in moments])) for name in moments[0]}
        for moments in zip(*months, strict=True)
    ]


def _look(
    types: Sequence[Encodings],
    gallery: Gallery,
    rule: Rule,
    threshold: float,
    unseen: Sequence[Matrix],
    wrong: int,
) -> Moment:
    queries = np.concatenate(unseen)
    owners = np.repeat(np.arange(len(unseen)), [len(matrix) for matrix in unseen])
    scores = np.stack([_score(queries, encodings, gallery, rule) for encodings in types], axis=1)
    genuine = owners[:, np.newaxis] == np.arange(len(types))
    groups = np.repeat(owners, len(types))
    return Moment(
        matches=sum(len(each.of_origin(Origin.RECOGNIZED).rows) for each in types),
        wrong=wrong,
        counterexamples=sum(len(each.counterexamples.rows) for each in types),
        trials=Trials(scores.ravel(), genuine.ravel(), groups),
        threshold=threshold,
    )


def _score(queries: Matrix, encodings: Encodings, gallery: Gallery, rule: Rule) -> NDArray[np.float64]:
    """Scores of queries, (n, dimension), against a type: (n,). Not rounded, so that few are equal."""
    nearest = (queries @ encodings.references.matrix.T).max(axis=1)
    against = (queries @ encodings.counterexamples.matrix.T).max(axis=1, initial=-1)
    scores = [
        RULES[rule].score(Query(query, encodings, float(similarity), gallery)).value
        for query, similarity in zip(queries, nearest, strict=True)
    ]
    return np.where(against > nearest, LEAST, scores)


def _uploaded(name: str, matrix: Matrix) -> Encodings:
    rows = tuple(Row(f"{name}/{index}", "", Origin.UPLOADED, "") for index in range(len(matrix)))
    return replace(Encodings.empty("evaluated", name, matrix.shape[1]), matrix=matrix, rows=rows)


def _add(encodings: Encodings, encoding: Matrix, origin: Origin, number: int) -> Encodings:
    return encodings.append([EncodedImage(Row(f"{number}", "", origin, ""), encoding)])
