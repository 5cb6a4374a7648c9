"""Identifying: which of all types does a query photo show?"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial

from lookalike.appending import Appended, append_match
from lookalike.errors import EncodingsNotReadyError, NotFoundError
from lookalike.looking import Comparison, QueryPhoto, Seen, compare, look_all_over
from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Look
from lookalike.recognition import load_encodings, load_encodings_for, read_meanwhile
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder

CANDIDATES = 5
"""How many types are compared row by row; the others are compared by their prototype only."""

MOST_QUEUED = 100
"""Types to rebuild that one query asks for, while there is no gallery: as many messages take a second."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The answer to a query against all types.

    Attributes:
        candidates: the types that the query was compared with, the most probable first.
        probabilities: how probable each of them is, against all types and none of them.
        none: how probable it is that the query shows none of the types.
        match: the most probable of them that matches, if any does.
        types: how many types there are to choose from.
    """

    candidates: tuple[Comparison, ...]
    probabilities: tuple[float, ...]
    none: float
    match: Comparison | None
    appended: Appended
    types: int
    model_id: str
    encode_ms: float
    load_ms: float


def identify(
    encoder: Encoder,
    store: Store,
    photo: QueryPhoto,
    policy_of: Callable[[str, Gallery], Policy],
    *,
    look: Look = Look.CENTRE,
    odds: float = 1.0,
    append: bool = False,
    with_row: bool = True,
) -> Identification:
    """Compare a photo with the types that it shows the most probably; a match joins its type if asked.

    Only these types' own encodings are read, so that the time hardly grows with the number of types.

    Args:
        encoder: encodes the photo.
        store: holds the gallery and the types' encodings.
        photo: the query.
        policy_of: what decides for a type, with this look.
        look: where in the photo objects are looked for, for all types alike; they are then ranked by where
            each is seen.
        odds: of all types, each alike, against none of them, before the photo is seen.
        append: whether a match joins its type's images.
        with_row: whether its row is appended, too, instead of being left to the image's event.

    Raises:
        ImageError: the photo can't be decoded.
        NotFoundError: there is no type, or none with an image that can be encoded.
        EncodingsNotReadyError: there are types, but none has been built.
    """
    reading = read_meanwhile(partial(_load_gallery, store))
    started = time.perf_counter()
    try:
        seen = look_all_over(encoder, photo.data, look, photo.middle)
    finally:
        encoded = time.perf_counter()
        # That there is nothing to choose from is reported before a problem with the photo.
        gallery = reading.result()
    if look is Look.ANYWHERE:
        ranking = gallery.rank_views(seen.encodings, seen.boxes, CANDIDATES, odds)
    else:
        ranking = gallery.rank(seen.encodings[0], CANDIDATES, odds)
    load = partial(load_encodings_for, photo, store)
    compared = _compare(load, gallery, [type_id for type_id, _ in ranking.types], seen, policy_of)
    loaded = time.perf_counter()
    candidates = tuple(each for each in compared if each)
    match = next((each for each in candidates if each.decision.match), None)
    appended = Appended(rows=_rows(match))
    if match and append:
        appended = append_match(store, photo, match, with_row=with_row)
    return Identification(
        candidates,
        probabilities=tuple(p for (_, p), each in zip(ranking.types, compared, strict=True) if each),
        none=ranking.none,
        match=match,
        appended=appended,
        types=len(gallery.type_ids),
        model_id=encoder.model_id,
        encode_ms=(encoded - started) * 1000,
        load_ms=(loaded - encoded) * 1000,
    )


def _rows(match: Comparison | None) -> int:
    return len(match.encodings.references.rows) if match else 0


def _load_gallery(store: Store) -> Gallery:
    gallery = store.read_gallery()
    if gallery and gallery.type_ids:
        return gallery
    type_ids = store.list_types(limit=MOST_QUEUED).items
    if any(_will_answer(store, type_id) for type_id in type_ids):
        raise EncodingsNotReadyError("the types' encodings are being built: try again in a moment", type_ids)
    raise NotFoundError(
        "there are no types with images that can be encoded: put reference photos under "
        "types/{type_id}/images/"
    )


def _compare(
    load: Callable[[str], Encodings],
    gallery: Gallery,
    type_ids: Sequence[str],
    seen: Seen,
    policy_of: Callable[[str, Gallery], Policy],
) -> list[Comparison | None]:
    def look_closely(type_id: str) -> Comparison | None:
        try:
            encodings = load(type_id)
        except (NotFoundError, EncodingsNotReadyError):
            return None  # it went, or was emptied, since the gallery was written
        return compare(seen, encodings, policy_of(type_id, gallery))

    # Threads don't inherit the context, which holds the time when calls must end.
    context = copy_context()
    with ThreadPoolExecutor(CANDIDATES) as threads:
        return list(threads.map(lambda type_id: context.copy().run(look_closely, type_id), type_ids))


def _will_answer(store: Store, type_id: str) -> bool:
    """Whether a type has images that are encoded, or will be."""
    try:
        load_encodings(store, type_id)
    except NotFoundError:
        return False
    except EncodingsNotReadyError:
        return True
    return True
