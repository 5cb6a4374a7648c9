"""The gallery: what is known of all types together, to tell what else a photo could show. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.learning.fit import Fit, Prototype
from lookalike.matching.learning.metric import sample_types
from lookalike.matching.learning.probability import (
    Densities,
    Prototypes,
    densities,
    posterior,
    probability,
)
from lookalike.matching.sighting import Sighting, rank_by_evidence, sight_one_by_evidence
from lookalike.vision.boxes import Box

Matrix = NDArray[np.float32]

WORTH_WRITING = 0.01
"""How far a mean must move before the gallery is written again; or its number of rows change, by ten times
that part. Keeps each single append to a large type from writing the whole gallery anew."""


WORTH_FITTING = 0.1
"""The part of the types that must come or go before it learns anew; of the encodings, five times that."""


class TypeSimilarity(NamedTuple):
    """A type, and the cosine similarity of a query to its prototype, -1 to 1."""

    type_id: str
    similarity: float


class Judgement(NamedTuple):
    """How probable it is that a query shows a type, and the likeliest other type, if any is known."""

    probability: float
    nearest_other: TypeSimilarity | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which types a query may show.

    Attributes:
        types: types and their probabilities, the most probable first.
        none: the probability that it shows no type of the gallery.
    """

    types: tuple[tuple[str, float], ...]
    none: float


@dataclass(frozen=True)
class Gallery:
    """A prototype of each type by one model, and what was learnt from them.

    Attributes:
        type_ids: the types, in order of their names.
        means: (types, dimension), float32, the mean of each type's encodings.
        rows: (types,), int32, of how many encodings that is the mean.
        fit: learnt earlier, perhaps from other photos.
    """

    model_id: str
    type_ids: tuple[str, ...]
    means: Matrix
    rows: NDArray[np.int32]
    fit: Fit

    @classmethod
    def of(cls, model_id: str, prototypes: Mapping[str, Prototype], fit: Fit) -> Self:
        """From each type's prototype, and what was learnt from them."""
        none = np.empty((0, len(fit.metric.mean)), np.float32)
        return cls(model_id, (), none, np.empty(0, np.int32), fit).replace(prototypes)

    @property
    def has_outgrown_its_fit(self) -> bool:
        """Whether types or encodings have come or gone, so many that learning anew is worth it."""
        # The sample changes as the types do, also where as many come as go.
        before, after = set(self.fit.sample), set(sample_types(self.type_ids))
        changed, rows = max(len(after - before), len(before - after)), int(self.rows.sum())
        return (
            changed > WORTH_FITTING * len(before)
            or abs(rows - self.fit.rows) > 5 * WORTH_FITTING * self.fit.rows
        )

    @cached_property
    def _prototypes(self) -> Prototypes:
        return Prototypes.of(self.fit.metric, self.means, self.rows)

    def prototypes(self) -> dict[str, Prototype]:
        """The prototype of each type."""
        return {
            type_id: Prototype(mean, int(rows))
            for type_id, mean, rows in zip(self.type_ids, self.means, self.rows, strict=True)
        }

    def replace(self, prototypes: Mapping[str, Prototype | None]) -> Self:
        """With other prototypes for some types; None for a type that is gone.

        The same object if no change is worth writing.
        """
        known = self.prototypes()
        changed = {
            type_id: prototype
            for type_id, prototype in prototypes.items()
            if _differ(known.get(type_id), prototype)
        }
        if not changed:
            return self
        kept = {
            type_id: prototype for type_id, prototype in (known | changed).items() if prototype is not None
        }
        type_ids = tuple(sorted(kept))
        means = np.array([kept[type_id].mean for type_id in type_ids], np.float32)
        return replace(
            self,
            type_ids=type_ids,
            means=means.reshape(len(kept), self.means.shape[1]),
            rows=np.array([kept[type_id].rows for type_id in type_ids], np.int32),
        )

    def densities(self, queries: Matrix) -> Densities:
        """How well queries, (n, dimension), of length 1, fit each type and none of them."""
        return densities(self.fit.metric, queries, self._prototypes)

    def judge(
        self,
        query: Matrix,
        type_id: str,
        own: Prototype,
        odds: float = 1.0,
        rivals: tuple[Prototype, ...] = (),
    ) -> Judgement:
        """How probable it is that a query, (dimension,), shows a type, not another known one or none of them.

        Args:
            query: of length 1.
            type_id: the type asked for; the gallery need not have it.
            own: its prototype, as of now.
            odds: of the type against all else, before the photo is seen.
            rivals: what else competes, such as the prototype of the type's counterexamples: each is as likely
                as the other types together.
        """
        fitted = self.densities(query[np.newaxis])
        known = np.arange(len(self.type_ids))
        if (index := self._index(type_id)) is not None:
            known = np.delete(known, index)
        others = fitted.known[0, known]
        asked, *against = self._fit_of(query[np.newaxis], own, *rivals)[0]
        new = float(fitted.new[0])
        return Judgement(
            probability(float(asked), others, new, self.fit.calibration, odds, *against),
            self._similarity(query, known[others.argmax()]) if len(others) else None,
        )

    def sight(
        self,
        views: Matrix,
        boxes: Sequence[Box],
        type_id: str,
        own: Prototype,
        rivals: tuple[Prototype, ...] = (),
    ) -> Sighting:
        """Where a type is seen in a photo, and its log odds there, before the calibration's offset.

        Args:
            views: the photo's views, (views, dimension), rows of length 1.
            boxes: where they are; the first is the middle.
            type_id: the type asked for; the gallery need not have it.
            own: its prototype, as of now.
            rivals: what else may be there, such as the prototype of the type's counterexamples.
        """
        fitted = self.densities(views)
        known = fitted.known
        if (index := self._index(type_id)) is not None:
            known = np.delete(known, index, axis=1)
        known = np.hstack([self._fit_of(views, own, *rivals), known])
        return sight_one_by_evidence(self._evidence(Densities(known, fitted.new)), boxes, 0)

    def _fit_of(self, queries: Matrix, *prototypes: Prototype) -> Matrix:
        """How well queries, (n, dimension), fit some prototypes: (n, prototypes)."""
        means = np.stack([each.mean for each in prototypes])
        rows = np.array([each.rows for each in prototypes])
        return densities(self.fit.metric, queries, Prototypes.of(self.fit.metric, means, rows)).known

    def _evidence(self, fitted: Densities) -> NDArray[np.float64]:
        """Log likelihood ratios, (views, types), of each type against none of them."""
        against_new = fitted.known.astype(np.float64) - fitted.new[:, np.newaxis]
        return np.asarray(against_new * self.fit.calibration.dimensions)

    def _index(self, type_id: str) -> int | None:
        index = bisect_left(self.type_ids, type_id)
        return index if type_id in self.type_ids[index : index + 1] else None

    def _similarity(self, query: Matrix, index: int) -> TypeSimilarity:
        mean = self.means[index]
        cosine = float(mean @ query) / max(float(np.linalg.norm(mean)), 1e-6)
        return TypeSimilarity(self.type_ids[index], min(max(cosine, -1.0), 1.0))

    def rank(self, query: Matrix, count: int, odds: float = 1.0) -> Ranking:
        """The types that a query, (dimension,), of length 1, shows the most probably: `count` at most.

        Args:
            query: of length 1.
            count: how many types at most.
            odds: of all types of the gallery, each alike, against none of them.
        """
        probabilities = posterior(self.densities(query[np.newaxis]), self.fit.calibration, odds)[0]
        order = np.argsort(-probabilities[:-1], kind="stable")[:count]
        types = tuple((self.type_ids[i], float(probabilities[i])) for i in order)
        return Ranking(types, float(probabilities[-1]))

    def rank_views(self, views: Matrix, boxes: Sequence[Box], count: int, odds: float = 1.0) -> Ranking:
        """The types that a photo shows the most probably, anywhere: `count` at most.

        Types in different places don't exclude each other. That it shows none is as probable as that there is
        none where the first type is seen.

        Args:
            views: the photo's views, (views, dimension), rows of length 1.
            boxes: where they are; the first is the middle.
            count: how many types at most.
            odds: of all types of the gallery, each alike, against none of them.
        """
        prior = np.log(odds / max(len(self.type_ids), 1))
        places = rank_by_evidence(self._evidence(self.densities(views)) + prior, boxes)
        order = np.argsort(-places.seen, kind="stable")[:count]
        types = tuple((self.type_ids[i], float(places.seen[i])) for i in order)
        return Ranking(types, float(places.none[places.views[order[0]]]) if len(order) else 1.0)


def _differ(stored: Prototype | None, prototype: Prototype | None) -> bool:
    if stored is None or prototype is None:
        return stored is not prototype
    moved = float(np.linalg.norm(stored.mean - prototype.mean))
    grown = abs(stored.rows - prototype.rows) / stored.rows
    return moved > WORTH_WRITING or grown > 10 * WORTH_WRITING
