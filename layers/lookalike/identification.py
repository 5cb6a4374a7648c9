"""Identifying: which of all types does a query image show?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import EncodingsNotReadyError, NotFoundError
from lookalike.matching.decision import Decision, decide
from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy
from lookalike.recognition import load_encodings
from lookalike.storage.store import Store

CANDIDATES = 5
"""How many types are looked at closely: of the others only the prototype is."""


MOST_LOOKED_AT = 100
"""Types asked whether they are being built, while there is no gallery: bounds the time."""


class Candidate(NamedTuple):
    """A type that a query was compared with: its encodings, what decided, and the decision."""

    encodings: Encodings
    policy: Policy
    decision: Decision


def identify(
    store: Store,
    gallery: Gallery | None,
    query: NDArray[np.float32],
    policy_of: Callable[[str], Policy],
) -> list[Candidate]:
    """Compare a query with the types whose prototypes are nearest to it, the nearest first.

    Only these types' own encodings are read, so that the time hardly grows with the number of types.

    Args:
        store: holds the types' encodings.
        gallery: a prototype of each type.
        query: its encoding, (dimension,).
        policy_of: what decides for a type.

    Raises:
        NotFoundError: there is no type, or none with an image that can be encoded.
        EncodingsNotReadyError: there are types, but none has been built.
    """
    if gallery is None or not gallery.type_ids:
        if any(_will_answer(store, type_id) for type_id in store.list_types(limit=MOST_LOOKED_AT).items):
            raise EncodingsNotReadyError("the types' encodings are being built: try again in a moment")
        raise NotFoundError(
            "there are no types with images that can be encoded: put reference photos under "
            "types/{type_id}/images/"
        )

    def compare(type_id: str) -> Candidate | None:
        try:
            encodings = load_encodings(store, type_id)
        except (NotFoundError, EncodingsNotReadyError):
            return None  # it went, or was emptied, since the gallery was written
        policy = policy_of(type_id)
        return Candidate(encodings, policy, decide(query, encodings, policy.threshold, policy.gallery))

    nearest = [candidate.type_id for candidate in gallery.nearest(query, CANDIDATES)]
    # Threads don't inherit the context, which holds the time when calls must end.
    context = copy_context()
    with ThreadPoolExecutor(CANDIDATES) as threads:
        compared = threads.map(lambda type_id: context.copy().run(compare, type_id), nearest)
        return [candidate for candidate in compared if candidate]


def _will_answer(store: Store, type_id: str) -> bool:
    """Whether a type has images that are encoded, or will be."""
    try:
        load_encodings(store, type_id)
    except NotFoundError:
        return False
    except EncodingsNotReadyError:
        return True
    return True


def best_match(candidates: list[Candidate]) -> Candidate | None:
    """The nearest type that matches, if any does."""
    return next((candidate for candidate in candidates if candidate.decision.match), None)
