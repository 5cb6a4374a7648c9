"""What it costs to look at a photo anywhere: all its views, decoded once and encoded together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from lookalike.vision.encoder import Encoder
from lookalike.vision.views import cut_views
from lookalike_tools.bench.timing import seconds

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Looking:
    """Median seconds of looking at a phone photo, with the int8 encoder.

    Attributes:
        views: how many views it has.
        anywhere: decoding it, cutting its views and encoding them.
        cutting: decoding it and cutting its views.
        singly: decoding and encoding as many photos, one at a time.
        encoded_singly: encoding the pixels of as many views, one at a time.
        ended_early: decoding it, cutting its views and encoding the middle, which is beyond doubt.
        floor: encoding the pixels of all views, sixteen at a time.
    """

    views: int
    anywhere: float
    cutting: float
    singly: float
    encoded_singly: float
    ended_early: float
    floor: float


def measure_looking(model_dir: Path, photo: bytes) -> Looking:
    """Look at a phone photo."""
    encoder = Encoder(model_dir)
    size = encoder.description.image_size

    views = cut_views(photo, size)
    works: dict[str, Callable[[], object]] = {
        "anywhere": lambda: encoder.encode_pixels(cut_views(photo, size).pixels),
        "cutting": lambda: cut_views(photo, size),
        "singly": lambda: [encoder.encode([photo]) for _ in views.boxes],
        "encoded_singly": lambda: [encoder.encode_pixels(views.pixels[:1]) for _ in views.boxes],
        "ended_early": lambda: encoder.encode_pixels(cut_views(photo, size).pixels[:1]),
        "floor": lambda: encoder.encode_pixels(views.pixels),
    }
    # In turn, for a machine's speed changes from minute to minute.
    rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(ROUNDS)]
    return Looking(len(views.boxes), **{name: median(each[name] for each in rounds) for name in works})
