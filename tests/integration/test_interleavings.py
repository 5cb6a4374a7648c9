"""Whatever people and recognitions do in whatever order, encodings end as what the images say."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lookalike.encoder import Encoder
from lookalike.encodings import Origin
from lookalike.keys import image_key
from lookalike.rebuilding import rebuild
from lookalike.recognition import recognize
from lookalike.store import Store
from photographs import photograph

TYPE = "hex-nut"
SUBJECTS = st.integers(0, 2)
SHOTS = st.integers(0, 5)
NAMES = st.sampled_from(["a.png", "ä +.png", "c.jpg"])


class Life(RuleBasedStateMachine):
    """One type's life; `expected` holds what each image's bytes must be, and its origin."""

    make_store: Callable[[], Store]
    encoder: Encoder

    @initialize()
    def start(self) -> None:
        self.store = self.make_store()
        self.expected: dict[str, tuple[bytes, Origin]] = {}
        self.built = False

    @rule(name=NAMES, subject=SUBJECTS, shot=SHOTS)
    def upload(self, name: str, subject: int, shot: int) -> None:
        self._put(name, photograph(subject, shot))

    @rule(name=NAMES)
    def upload_what_is_no_image(self, name: str) -> None:
        self._put(name, b"no image")

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.expected)))
        self.store.delete_image(key)
        del self.expected[key]

    @rule(seconds=st.sampled_from([-1, 60]))
    def rebuild(self, seconds: int) -> None:
        rebuild(self.encoder, self.store, TYPE, time.monotonic() + seconds)

    @precondition(lambda self: self._rows())
    @rule(subject=SUBJECTS, shot=SHOTS, append=st.booleans())
    def recognize(self, subject: int, shot: int, append: bool) -> None:
        query = photograph(subject, shot)
        found = recognize(self.encoder, self.store, TYPE, query, threshold=0.95, append=append)
        if key := found.appended.image:
            assert append
            assert found.decision.match
            assert key not in self.expected
            self.expected[key] = query, Origin.RECOGNIZED

    def teardown(self) -> None:
        rebuild(self.encoder, self.store, TYPE, time.monotonic() + 60)
        assert {key: self.store.get_image(key).data for key in self.store.image_etags(TYPE)} == {
            key: data for key, (data, _) in self.expected.items()
        }
        good = {key: entry for key, entry in self.expected.items() if entry[0] != b"no image"}
        rows = self._rows()
        assert sorted(rows) == sorted(good)
        assert rows == {key: origin for key, (_, origin) in good.items()}

    def _put(self, name: str, data: bytes) -> None:
        key = image_key(TYPE, name)
        self.store.put_image(key, data, "image/png")
        self.expected[key] = data, Origin.UPLOADED

    def _rows(self) -> dict[str, Origin]:
        encodings, _ = self.store.read_encodings(TYPE)
        if encodings is None:
            return {}
        assert len({row.image for row in encodings.rows}) == len(encodings.rows)
        return {row.image: row.origin for row in encodings.rows}


@pytest.mark.usefixtures("emulator")
def test_encodings_end_as_what_the_images_say(make_store: Callable[[], Store], encoder: Encoder) -> None:
    life = type("Life", (Life,), {"make_store": staticmethod(make_store), "encoder": encoder})
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
