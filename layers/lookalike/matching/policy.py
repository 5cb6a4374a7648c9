"""Which rule and threshold decide about a query: the request's, the type's own, or the stack's."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from lookalike.matching.decision import MIN_OTHERS, RELATIVE_THRESHOLD, Rule
from lookalike.matching.gallery import Gallery
from lookalike.matching.settings import DEFAULTS, TypeSettings

Source = Literal["request", "type", "stack", "default"]


class Defaults(NamedTuple):
    """The stack's rule, and its threshold for similarity."""

    rule: Rule
    threshold: float


class Policy(NamedTuple):
    """What decides about a query.

    Attributes:
        threshold: what the score must exceed.
        source: where the threshold comes from.
        gallery: the other types, for the relative rule; None for similarity.
        fallback: why similarity decides although the relative rule should; None if that is not so.
        settings: the type's own.
    """

    threshold: float
    source: Source
    gallery: Gallery | None = None
    fallback: str | None = None
    settings: TypeSettings = DEFAULTS


def choose_policy(
    type_id: str,
    requested: float | None,
    own: TypeSettings,
    stack: Defaults,
    read_gallery: Callable[[], Gallery | None],
) -> Policy:
    """Choose what decides about a query.

    With too few other types, the relative rule falls back to similarity and the stack's threshold: one that
    is meant for the relative rule would let nearly everything in.

    Args:
        type_id: the type asked for.
        requested: the threshold that the request names, if any.
        own: the type's settings.
        stack: what counts where the type has none.
        read_gallery: reads the gallery; called if the relative rule needs it.
    """
    rule = own.rule or stack.rule
    meant = own.threshold if (own.rule or Rule.SIMILARITY) is rule else None
    if rule is Rule.SIMILARITY:
        return Policy(*_threshold(requested, meant, stack.threshold, "stack"), settings=own)
    gallery = read_gallery()
    others = gallery.others(type_id) if gallery else 0
    if gallery is None or others < MIN_OTHERS:
        told = f"there are {others} other types; the relative rule compares with {MIN_OTHERS} or more"
        return Policy(stack.threshold, "stack", fallback=told, settings=own)
    return Policy(*_threshold(requested, meant, RELATIVE_THRESHOLD, "default"), gallery, settings=own)


def _threshold(
    requested: float | None, meant: float | None, otherwise: float, source: Source
) -> tuple[float, Source]:
    """The request's threshold, or the one that the type's settings mean for the rule, or another."""
    if requested is not None:
        return requested, "request"
    return (otherwise, source) if meant is None else (meant, "type")
