"""What decides about a query of a type: rule, threshold and what the rule needs. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lookalike.matching.gallery import Gallery
from lookalike.matching.rules import RULES
from lookalike.matching.settings import DEFAULTS, Rule, StoredSettings, TypeSettings

Source = Literal["request", "type", "stack", "default"]


@dataclass(frozen=True, slots=True)
class StackDefaults:
    """The stack's rule, and its threshold for similarity."""

    rule: Rule
    threshold: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides about a query, and whether a match may join the type.

    Attributes:
        threshold: what the rule's score must exceed.
        threshold_source: where the threshold comes from.
        gallery: what is known of all types, where the rule needs it.
        settings: the type's own.
        notice: why something is not as the settings ask; None if all is.
        appends: False where nothing may join the type.
    """

    rule: Rule
    threshold: float
    threshold_source: Source = "stack"
    gallery: Gallery | None = None
    settings: TypeSettings = DEFAULTS
    notice: str | None = None
    appends: bool = True


def choose_policy(
    type_id: str,
    requested: float | None,
    stored: StoredSettings,
    stack: StackDefaults,
    read_gallery: Callable[[], Gallery | None],
) -> Policy:
    """Choose what decides about a query.

    A rule that needs more other types than there are falls back to similarity and the stack's threshold: one
    that is meant for the rule would let nearly everything in.

    Args:
        type_id: the type asked for.
        requested: the threshold that the request names, if any.
        stored: the type's settings.
        stack: what counts where the type has none.
        read_gallery: called if the rule needs the gallery.
    """
    own, notice = stored.settings, stored.notice
    rule = own.rule or stack.rule
    definition = RULES[rule]
    gallery = read_gallery() if definition.other_types else None
    others = gallery.others(type_id) if gallery else 0
    if others < definition.other_types:
        short = f"similarity decided: the {rule} rule needs {definition.other_types} other types, there are "
        notice = "; ".join(filter(None, (notice, f"{short}{others}")))
        return Policy(Rule.SIMILARITY, stack.threshold, settings=own, notice=notice, appends=stored.readable)
    meant = own.threshold if (own.rule or Rule.SIMILARITY) is rule else None
    threshold, source = _threshold(requested, meant, definition.threshold, stack.threshold)
    return Policy(rule, threshold, source, gallery, own, notice, appends=stored.readable)


def _threshold(
    requested: float | None, own: float | None, default: float | None, stack: float
) -> tuple[float, Source]:
    """The first that is given, and where it comes from."""
    if requested is not None:
        return requested, "request"
    if own is not None:
        return own, "type"
    return (stack, "stack") if default is None else (default, "default")
