"""The policy: rule, threshold and what the rule needs, for one query. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lookalike.matching.gallery import Gallery
from lookalike.matching.rules import RULES
from lookalike.matching.settings import DEFAULTS, Look, Rule, StoredSettings, TypeSettings

Source = Literal["request", "type", "stack", "default"]


@dataclass(frozen=True, slots=True)
class StackDefaults:
    """What counts where neither the request nor the type says: the threshold is meant for similarity."""

    rule: Rule
    threshold: float
    odds: float = 1.0
    look: Look = Look.CENTRE


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides about a query, and whether a match may join the type.

    Attributes:
        threshold: what the rule's score must exceed.
        joins_above: what it must exceed for a match to join the type: whatever a request names, no less than
            the type's or the stack's own threshold. As `threshold` if None.
        threshold_source: where the threshold comes from.
        gallery: what is known of all types, where the rule needs it.
        odds: of the type against all else, before the photo is seen.
        look: where in the photo the object is looked for.
        settings: the type's own.
        notice: why something is not as the settings ask; None if all is.
        appends: False where nothing may join the type.
    """

    rule: Rule
    threshold: float
    threshold_source: Source = "stack"
    gallery: Gallery | None = None
    odds: float = 1.0
    look: Look = Look.CENTRE
    settings: TypeSettings = DEFAULTS
    notice: str | None = None
    appends: bool = True
    joins_above: float | None = None

    def admits(self, score: float) -> bool:
        """Whether a match with this score may join the type."""
        return self.appends and score > (self.threshold if self.joins_above is None else self.joins_above)


def choose_policy(
    requested: float | None,
    stored: StoredSettings,
    stack: StackDefaults,
    read_gallery: Callable[[], Gallery | None],
    look: Look | None = None,
) -> Policy:
    """Choose what decides about a query.

    Where a rule needs the gallery and there is none yet, similarity decides, by a threshold that is meant for
    it: the type's or the stack's, and the request's where that is stricter.

    Args:
        requested: the threshold that the request names, if any.
        stored: the type's settings.
        stack: what counts where the type has none.
        read_gallery: called if the rule needs the gallery.
        look: the one that the request names, if any.
    """
    own, notice = stored.settings, stored.notice
    rule = own.rule or stack.rule
    look = look or own.look or stack.look
    definition = RULES[rule]
    gallery = read_gallery() if definition.needs_gallery else None
    if definition.needs_gallery and gallery is None:
        early = f"similarity decided: what the rule {rule} must know of all types is still being learnt"
        notice = "; ".join(filter(None, (notice, early)))
        base = own.threshold if own.rule in (None, Rule.SIMILARITY) else None
        threshold, source = _threshold(None, base, None, stack.threshold)
        if requested is not None and requested > threshold:
            threshold, source = requested, "request"
        return Policy(
            Rule.SIMILARITY,
            threshold,
            source,
            look=look,
            settings=own,
            notice=notice,
            appends=stored.readable,
        )
    meant = own.threshold if (own.rule or Rule.SIMILARITY) is rule else None
    if own.threshold is not None and meant is None:
        other = f"the type's threshold is meant for similarity, and {rule} decides: name the rule beside it"
        notice = "; ".join(filter(None, (notice, other)))
    threshold, source = _threshold(requested, meant, definition.threshold, stack.threshold)
    unasked, _ = _threshold(None, meant, definition.threshold, stack.threshold)
    return Policy(
        rule=rule,
        threshold=threshold,
        threshold_source=source,
        gallery=gallery,
        odds=stack.odds,
        look=look,
        settings=own,
        notice=notice,
        appends=stored.readable,
        joins_above=max(threshold, unasked),
    )


def _threshold(
    requested: float | None, own: float | None, default: float | None, stack: float
) -> tuple[float, Source]:
    """The first that is given, and where it comes from."""
    if requested is not None:
        return requested, "request"
    if own is not None:
        return own, "type"
    return (stack, "stack") if default is None else (default, "default")
