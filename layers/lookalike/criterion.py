"""Which rule and threshold decide about a query: the request's, the type's own, or the stack's."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from lookalike.cohort import Cohort
from lookalike.decision import MIN_OTHERS, RELATIVE_THRESHOLD, Rule
from lookalike.settings import DEFAULTS, TypeSettings

Source = Literal["request", "type", "stack", "default"]


class Defaults(NamedTuple):
    """The stack's rule, and its threshold for similarity."""

    rule: Rule
    threshold: float


class Criterion(NamedTuple):
    """What decides about a query.

    Attributes:
        threshold: what the score must exceed.
        source: where the threshold comes from.
        cohort: the other types, for the relative rule; None for similarity.
        fallback: why similarity decides although the relative rule should; None if that is not so.
        settings: the type's own.
    """

    threshold: float
    source: Source
    cohort: Cohort | None = None
    fallback: str | None = None
    settings: TypeSettings = DEFAULTS


def choose_criterion(
    type_id: str,
    requested: float | None,
    own: TypeSettings,
    stack: Defaults,
    read_cohort: Callable[[], Cohort | None],
) -> Criterion:
    """Choose what decides about a query.

    With too few other types, the relative rule falls back to similarity and the stack's threshold: one that
    is meant for the relative rule would let nearly everything in.

    Args:
        type_id: the type asked for.
        requested: the threshold that the request names, if any.
        own: the type's settings.
        stack: what counts where the type has none.
        read_cohort: reads the cohort; called if the relative rule needs it.
    """
    return _choose(type_id, requested, own, stack, read_cohort)._replace(settings=own)


def _choose(
    type_id: str,
    requested: float | None,
    own: TypeSettings,
    stack: Defaults,
    read_cohort: Callable[[], Cohort | None],
) -> Criterion:
    rule = own.rule or stack.rule
    meant = own.threshold if (own.rule or Rule.SIMILARITY) is rule else None
    if rule is Rule.SIMILARITY:
        if requested is not None:
            return Criterion(requested, "request")
        return Criterion(stack.threshold, "stack") if meant is None else Criterion(meant, "type")
    cohort = read_cohort()
    others = cohort.others(type_id) if cohort else 0
    if cohort is None or others < MIN_OTHERS:
        told = f"there are {others} other types; the relative rule compares with {MIN_OTHERS} or more"
        return Criterion(stack.threshold, "stack", fallback=told)
    if requested is not None:
        return Criterion(requested, "request", cohort)
    if meant is not None:
        return Criterion(meant, "type", cohort)
    return Criterion(RELATIVE_THRESHOLD, "default", cohort)
