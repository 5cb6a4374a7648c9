"""What the console knows of a stack: read once, and again what has changed."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike.matching.gallery import Gallery
from lookalike.matching.neighbours import Others, looks_like, nearer_elsewhere, nearest_in_type
from lookalike.matching.settings import StoredSettings
from lookalike.vision.boxes import Box, object_in_square
from lookalike_tools.live.api import list_types, running_model
from lookalike_tools.live.bucket.encodings import list_encodings, read_encodings, read_gallery
from lookalike_tools.live.settings import read_settings
from lookalike_tools.live.stack import Stack

BATCH = 48
"""Types read at once: so many are on the first screen of a large display."""

MOST_COMPARED = 20_000_000
"""Photos times types that are compared whenever all types are learnt from anew: less than a second."""

SHOWN = 4
"""Pictures of a type in the grid."""


@dataclass(frozen=True)
class Picture:
    """A photo of the stack as it is shown: its key, its version, and where the object is if that is known."""

    key: str
    etag: str
    box: Box | None = None


def picture_of(row: Row) -> Picture:
    """As the photo of a row is shown: of a recognised one, the window that matched is what is encoded."""
    window = row.box if row.origin is Origin.RECOGNIZED else None
    return Picture(row.image, row.etag, object_in_square(window) if window else row.box)


@dataclass(frozen=True)
class Known:
    """What is known of a type.

    Attributes:
        etag: of its encodings; None if there are none yet.
        encodings: None if there are none yet.
        settings: its own.
        nearer: what its photos resemble more than their own type, by the number of their row.
        like: another type that many of its uploaded photos resemble more.
    """

    type_id: str
    etag: str | None
    encodings: Encodings | None
    settings: StoredSettings
    nearer: dict[int, str]
    like: str | None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.settings.settings.title or self.type_id

    def count(self, origin: Origin) -> int:
        """How many rows of this origin it has."""
        rows = self.encodings.rows if self.encodings else ()
        return sum(row.origin is origin for row in rows)

    @property
    def suspects(self) -> int:
        """How many appended photos resemble another type more."""
        rows = self.encodings.rows if self.encodings else ()
        return sum(rows[index].origin is Origin.RECOGNIZED for index in self.nearer)

    @cached_property
    def similarities(self) -> list[float]:
        """Of each row, to the nearest other; of 5,000 rows it takes seconds to work out, once."""
        return nearest_in_type(self.encodings).tolist() if self.encodings else []

    def pictures(self, count: int = SHOWN) -> list[Picture]:
        """Some of its photos, taken from all of them alike."""
        rows = self.encodings.rows if self.encodings else ()
        shown = [row for row in rows if row.origin is Origin.UPLOADED] or list(rows)
        step = max(1, len(shown) // count)
        return [picture_of(row) for row in shown[::step][:count]]


class Survey:
    """A stack's types as the console last saw them. Only `refresh` and `read_more` wait for the stack.

    Attributes:
        stack: the live stack.
        types: all types by their names, sorted; None for one that has not been read yet.
        trouble: the error that kept it from looking last time; None if all is well.
        version: grows with each change, for pages to notice.
        looks: how often it has seen the stack.
    """

    def __init__(self, stack: Stack) -> None:
        """Know nothing of a stack yet."""
        self.stack = stack
        self.types: dict[str, Known | None] = {}
        self.trouble: Exception | None = None
        self.version = 0
        self.looks = 0
        self.model_id = ""
        self.gallery: Gallery | None = None
        self._gallery_etag: str | None = None
        self._etags: dict[str, str] = {}
        self._others: Others | None = None
        self._lock = threading.Lock()

    @property
    def waiting(self) -> list[str]:
        """The types that have changed, or never been read."""
        types, etags = self.types, self._etags
        return [
            type_id for type_id, known in types.items() if known is None or known.etag != etags.get(type_id)
        ]

    def refresh(self) -> None:
        """Look which types there are, and which have changed. An error is kept as `trouble`."""
        with self._lock:
            try:
                model_id = running_model(self.stack)
                listed = list_encodings(self.stack, model_id)
                names = sorted({*list_types(self.stack), *listed.types})
                self._forget_other_models(model_id)
                self._read_gallery(listed.gallery)
            except Exception as error:  # whatever a network does is told on the page
                self._say(error)
                return
            self._etags = listed.types
            if not self.looks or names != list(self.types):
                self.types = {type_id: self.types.get(type_id) for type_id in names}
                self.version += 1
            self.looks += 1
            self._say(None)

    def read_more(self, first: Sequence[str] = ()) -> None:
        """Read some of the types that wait, these before others. An error is kept as `trouble`."""
        with self._lock:
            waiting = self.waiting
            wanted = set(waiting)
            batch = list(dict.fromkeys([*(each for each in first if each in wanted), *waiting]))[:BATCH]
            try:
                read = self._read(batch)
            except Exception as error:  # as above
                self._say(error)
                return
            if read:
                self.types = {type_id: read.get(type_id, known) for type_id, known in self.types.items()}
                self.version += 1

    def forget(self, type_id: str) -> None:
        """Read a type again, whether its encodings have changed or not."""
        with self._lock:
            if type_id in self.types:
                self.types = self.types | {type_id: None}
                self.version += 1

    def _read(self, type_ids: Sequence[str]) -> dict[str, Known]:
        encoded = [type_id for type_id in type_ids if type_id in self._etags]
        with ThreadPoolExecutor(2) as threads:
            settings = threads.submit(
                lambda: dict(zip(type_ids, read_settings(self.stack, type_ids), strict=True))
            )
            encodings = (
                dict(zip(encoded, read_encodings(self.stack, encoded), strict=True)) if encoded else {}
            )
        known = {}
        for type_id in type_ids:
            own = encodings.get(type_id)
            nearer = nearer_elsewhere(own, self._others) if own and self._others else {}
            known[type_id] = Known(
                type_id=type_id,
                etag=self._etags.get(type_id),
                encodings=own,
                settings=settings.result()[type_id],
                nearer=nearer,
                like=looks_like(own, nearer) if own else None,
            )
        return known

    def _forget_other_models(self, model_id: str) -> None:
        if model_id != self.model_id:
            self.model_id, self.gallery, self._gallery_etag = model_id, None, None
            self.types = {}

    def _read_gallery(self, etag: str | None) -> None:
        if etag and etag != self._gallery_etag:
            self.gallery = read_gallery(self.stack)
            self._others = Others.of(self.gallery.type_ids, self.gallery.means)
            self._gallery_etag = etag
            self._compare_again()

    def _compare_again(self) -> None:
        """Compare the photos that are known with all types as they are now, unless that takes long."""
        others = self._others
        found = {type_id: known for type_id, known in self.types.items() if known and known.encodings}
        rows = sum(len(known.encodings.rows) for known in found.values() if known.encodings)
        if others is None or rows * len(others.type_ids) > MOST_COMPARED:
            return
        for type_id, known in found.items():
            nearer = nearer_elsewhere(known.encodings, others) if known.encodings else {}
            if known.encodings and nearer != known.nearer:
                again = replace(known, nearer=nearer, like=looks_like(known.encodings, nearer))
                self.types = self.types | {type_id: again}
                self.version += 1

    def _say(self, trouble: Exception | None) -> None:
        if (trouble is None) != (self.trouble is None):
            self.version += 1
        self.trouble = trouble
