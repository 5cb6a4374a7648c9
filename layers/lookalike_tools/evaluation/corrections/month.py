"""A simulated month of use: do corrections keep a type clean, and how? Pure.

Half of the types are known: a few photos of each are its references. The others stand for all that a camera
sees and nobody has made a type of. Half of all remaining photos are asked about during the month, and the
rest are never seen: what they score afterwards is what the month has made of the types. Each photo of the
month is asked against every known type, in a random order; what matches joins the type. A person notices
one in `ONE_IN` wrong matches at once, and does nothing, removes it, or says that it is none, which makes a
counterexample of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.decision import decide, find_counterexample
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.learning.fit import Prototype
from lookalike.matching.policy import Policy
from lookalike.matching.rules import RULES, Query
from lookalike.matching.settings import Rule, Vouch
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
    """Encodings of each type's photos, (photos, dimension), by their use. Known types come first.

    Attributes:
        references: of the known types.
        month: of all types, what is asked about.
        unseen: of all types.
    """

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
        trials: of the unseen photos, each against every known type.
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
    """Draw half of the types and their references, and divide all other photos between month and unseen."""
    order = random.permutation(len(types))
    known = (len(types) + 1) // 2
    drawn: list[Matrix] = []
    month: list[Matrix] = []
    unseen: list[Matrix] = []
    for number, index in enumerate(order):
        shuffled = types[index][random.permutation(len(types[index]))]
        if number < known:
            drawn.append(shuffled[:references])
            shuffled = shuffled[references:]
        middle = len(shuffled) // 2
        month.append(shuffled[:middle])
        unseen.append(shuffled[middle:])
    return Split(drawn, month, unseen)


def plan(parts: Split, random: np.random.Generator) -> list[Ask]:
    """All questions of the month in a random order, and whether a wrong match would be noticed."""
    asks = [
        (own, photo, asked)
        for own, matrix in enumerate(parts.month)
        for photo in range(len(matrix))
        for asked in range(len(parts.references))
    ]
    noticed = random.random(len(asks)) < 1 / ONE_IN
    order = random.permutation(len(asks))
    return [Ask(own, photo, asked, bool(noticed[i])) for i in order for own, photo, asked in (asks[i],)]


def simulate(
    parts: Split, asks: Sequence[Ask], rule: Rule, threshold: float, vouch: Vouch, correction: Correction
) -> list[Moment]:
    """What a month makes of the types: at its beginning and after each part of it.

    Args:
        parts: the types' photos.
        asks: what is asked, in order.
        rule: what decides.
        threshold: what a score must exceed to match.
        vouch: which photos a match must match, to join.
        correction: what a person does about a wrong match.
    """
    gallery = learn_gallery(parts.references)
    policy = Policy(rule, threshold, gallery=gallery)
    names = list(name_types(parts.references))
    types = [_uploaded(name, matrix) for name, matrix in zip(names, parts.references, strict=True)]
    moments = [_look(types, policy, parts.unseen, 0)]
    wrong = 0
    ends = {round(len(asks) * part / MONTH_PARTS) for part in range(1, MONTH_PARTS + 1)}
    for number, ask in enumerate(asks, start=1):
        encoding = parts.month[ask.own][ask.photo]
        if _joins(encoding, types[ask.asked], policy, vouch):
            right = ask.own == ask.asked
            if right or not ask.noticed or correction is Correction.NONE:
                types[ask.asked] = _add(types[ask.asked], encoding, Origin.RECOGNIZED, number)
                name = names[ask.asked]
                gallery = gallery.replace({name: Prototype.of(types[ask.asked].references.matrix)})
                policy = replace(policy, gallery=gallery)
                wrong += not right
            elif correction is Correction.COUNTEREXAMPLES:
                types[ask.asked] = _add(types[ask.asked], encoding, Origin.COUNTEREXAMPLE, number)
        if number in ends:
            moments.append(_look(types, policy, parts.unseen, wrong))
    return moments


def evaluate_corrections(
    types: Sequence[Matrix], thresholds: Mapping[Rule, float], references: int, repeats: int
) -> list[dict[str, Any]]:
    """Of each rule, `vouch` and correction, the mean figures before the month and after each part of it.

    Args:
        types: each type's encodings, (photos, dimension), of at least two more photos than `references`.
        thresholds: by rule, what a score must exceed to match.
        references: how many are drawn of each type.
        repeats: how many months, each with draws of its own.
    """
    months: dict[tuple[Rule, Vouch, Correction], list[list[dict[str, float]]]] = {}
    for seed in range(repeats):
        random = np.random.default_rng(seed)
        parts = split(types, references, random)
        asks = plan(parts, random)
        for rule, vouch, correction in product(thresholds, get_args(Vouch), Correction):
            month = simulate(parts, asks, rule, thresholds[rule], vouch, correction)
            found = months.setdefault((rule, vouch, correction), [])
            found.append([moment.figures() for moment in month])
    return [
        {
            "rule": str(rule),
            "vouch": vouch,
            "correction": str(correction),
            "threshold": thresholds[rule],
            "month": _means(found),
        }
        for (rule, vouch, correction), found in months.items()
    ]


def _means(months: Sequence[Sequence[Mapping[str, float]]]) -> list[dict[str, float]]:
    return [
        {name: float(np.mean([moment[name] for moment in moments])) for name in moments[0]}
        for moments in zip(*months, strict=True)
    ]


def _joins(encoding: Matrix, encodings: Encodings, policy: Policy, vouch: Vouch) -> bool:
    if not decide(encoding, encodings, policy).match:
        return False
    vouching = encodings.of_origin(Origin.UPLOADED, Origin.COUNTEREXAMPLE)
    return vouch == "all" or decide(encoding, vouching, policy).match


def _look(types: Sequence[Encodings], policy: Policy, unseen: Sequence[Matrix], wrong: int) -> Moment:
    queries = np.concatenate(unseen)
    owners = np.repeat(np.arange(len(unseen)), [len(matrix) for matrix in unseen])
    scores = np.stack([_score(queries, encodings, policy) for encodings in types], axis=1)
    genuine = owners[:, np.newaxis] == np.arange(len(types))
    groups = np.repeat(owners, len(types))
    return Moment(
        matches=sum(len(each.of_origin(Origin.RECOGNIZED).rows) for each in types),
        wrong=wrong,
        counterexamples=sum(len(each.counterexamples.rows) for each in types),
        trials=Trials(scores.ravel(), genuine.ravel(), groups),
        threshold=policy.threshold,
    )


def _score(queries: Matrix, encodings: Encodings, policy: Policy) -> list[float]:
    """Scores of queries, (n, dimension), against a type. Not rounded, so that few are equal."""
    nearest = (queries @ encodings.references.matrix.T).max(axis=1)
    return [
        LEAST
        if find_counterexample(query, query[np.newaxis], encodings, policy)
        else RULES[policy.rule].score(Query(query, encodings, float(similarity), policy.gallery)).value
        for query, similarity in zip(queries, nearest, strict=True)
    ]


def _uploaded(name: str, matrix: Matrix) -> Encodings:
    rows = tuple(Row(f"{name}/{index}", "", Origin.UPLOADED, "") for index in range(len(matrix)))
    return replace(Encodings.empty("evaluated", name, matrix.shape[1]), matrix=matrix, rows=rows)


def _add(encodings: Encodings, encoding: Matrix, origin: Origin, number: int) -> Encodings:
    return encodings.append([EncodedImage(Row(f"{number}", "", origin, ""), encoding)])
