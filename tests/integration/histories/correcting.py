"""What people say of photos: counterexamples, and verdicts that may be halted as all work may be."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from integration.histories.doings import Doings
from integration.histories.draws import BOXES, CALLS, INDEX, MODELS, NAMES, NO_IMAGE, SHOTS, TYPES, WRONG_BOX
from integration.histories.interleaving import Task
from lookalike.errors import ImageError, InvalidBoxError, NotFoundError
from lookalike.keys import Folder, content_digest, image_key, missed_key, parse_image_key, parse_missed_key
from lookalike.matching.encodings import Origin
from lookalike.verdicts import Verdict, judge
from lookalike.vision.boxes import parse_box
from support.photos.photographs import photograph

VERDICTS = st.sampled_from(Verdict)
RIGHT_BOXES = st.one_of(st.none(), BOXES.filter(lambda box: box != WRONG_BOX))


class Corrections(Doings):
    """What people decide about photos; what was interrupted is told again when all is settled."""

    def __init__(self) -> None:
        super().__init__()
        self.told_again: list[dict[str, Any]] = []

    @rule(type_id=TYPES, name=NAMES, subject=st.integers(0, 2), shot=SHOTS)
    def put_a_counterexample(self, type_id: str, name: str, subject: int, shot: int) -> None:
        key = image_key(type_id, name, Folder.COUNTEREXAMPLES)
        self._put(key, photograph(subject, shot))

    @rule(type_id=TYPES, name=NAMES)
    def put_a_counterexample_that_is_no_image(self, type_id: str, name: str) -> None:
        self._put(image_key(type_id, name, Folder.COUNTEREXAMPLES), NO_IMAGE)

    @precondition(lambda self: any(o is Origin.COUNTEREXAMPLE for _, o in self.images.values()))
    @rule(index=INDEX)
    def delete_a_counterexample(self, index: int) -> None:
        keys = [key for key, (_, origin) in sorted(self.images.items()) if origin is Origin.COUNTEREXAMPLE]
        self._delete(keys[index % len(keys)])

    @rule(type_id=TYPES, subject=st.integers(0, 2), shot=SHOTS)
    def miss(self, type_id: str, subject: int, shot: int) -> None:
        """A query that did not match is kept for people."""
        data = photograph(subject, shot)
        key = missed_key(type_id, data, "png")
        self.queries[content_digest(data)] = data
        self.missed[key] = data
        self.came.append(key)
        self.stores[0].work.put(key, data, "image/png")

    @precondition(lambda self: len(self.tasks) < 4 and (self.images or self.missed))
    @rule(model=MODELS, index=INDEX, verdict=VERDICTS, box=RIGHT_BOXES, calls=CALLS)
    def decide(self, model: int, index: int, verdict: Verdict, box: str | None, calls: int) -> None:
        photos = sorted(self.images | self.missed)
        self._go_on(self._judge(model, photos[index % len(photos)], verdict, box), calls)

    @precondition(lambda self: len(self.tasks) < 4 and self.once_recognised())
    @rule(model=MODELS, verdict=VERDICTS, calls=CALLS)
    def decide_about_what_was_recognised(self, model: int, verdict: Verdict, calls: int) -> None:
        self._go_on(self._judge(model, self.once_recognised()[-1], verdict), calls)

    def once_recognised(self) -> list[str]:
        """Images and counterexamples that joined by themselves, whatever people said of them since."""
        return [key for key in sorted(self.images) if any(f"/{digest}" in key for digest in self.queries)]

    def _judge(self, model: int, photo: str, verdict: Verdict, box: str | None = None) -> Task:
        place = parse_image_key(photo) or parse_missed_key(photo)
        assert place
        type_id = place.type_id
        came = len(self.came)

        def work() -> str | None:
            try:
                found = judge(
                    self.stores[model], type_id, photo, verdict, "someone", parse_box(box) if box else None
                )
            except (NotFoundError, ImageError, InvalidBoxError):
                return None
            left = photo in self.images or photo in self.missed
            assert found == photo or not left or photo in self.came[came:], f"{photo} is left behind"
            return found

        task = Task(work)
        again = {"model": model, "photo": photo, "verdict": verdict, "box": box}
        self.after[task] = lambda: self.told_again.append(again)
        self.tasks.append(task)
        return task

    def _tell_again(self) -> None:
        """When claims of those that were killed have ended."""
        work = self.stores[0].work
        for claim in list(work.list_all("claims/_verdicts/")):
            work.delete(claim.key)
        while self.told_again:
            self._finish(self._judge(**self.told_again.pop(0)))
