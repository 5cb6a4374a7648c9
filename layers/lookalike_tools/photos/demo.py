"""The photos that the demo shows: rendered parts, or a person's own folders."""

import io
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from PIL import Image
from threadpoolctl import threadpool_limits

from lookalike.vision.encoder import Encoder
from lookalike_tools.parts import PARTS, render, render_aside, render_series
from lookalike_tools.photos.folders import LeftOut, find_photos, too_few_types

REFERENCES = 5
QUERIES = 2
CANDIDATES = 8
SERIES_SEED = 100
ASIDE, ASIDE_SEED = "star-knob-m8", 900
"""The part that is also photographed small and off to the side."""


@dataclass(frozen=True)
class Photo:
    """A photo of a type's object: the bytes of an image file."""

    type_id: str
    name: str
    data: bytes

    @property
    def title(self) -> str:
        """Its name with the type, for tables."""
        return self.name if self.name.startswith(self.type_id) else f"{self.type_id}/{self.name}"


@dataclass(frozen=True)
class TypePhotos:
    """A type's photos.

    Attributes:
        type_id: the type.
        references: to upload.
        queries: to ask.
        candidates: for the lesson.
        aside: its object small and off to the side, if there is such a photo.
    """

    type_id: str
    references: list[Photo]
    queries: list[Photo]
    candidates: list[Photo]
    aside: Photo | None = None


@dataclass(frozen=True)
class Lesson:
    """A hard photo, and a helper of the same type: once it is appended, the hard one is recognised."""

    hard: Photo
    helper: Photo
    threshold: float


@dataclass(frozen=True)
class Mistake:
    """A photo that is taken for another type's, and one of its own type: a counterexample to the other."""

    photo: Photo
    taken_for: str
    counterexample: Photo
    threshold: float


def render_photos(advance: Callable[[], object]) -> list[TypePhotos]:
    """Photos of each of the project's own parts; `advance` is called after each part."""
    # A process on each core, with one thread: numpy's own would wait for each other. They are not forked, for
    # whoever calls may have threads.
    with ProcessPoolExecutor(
        mp_context=get_context("spawn"), initializer=threadpool_limits, initargs=(1,)
    ) as processes:
        rendering = [processes.submit(_photos_of, part) for part in PARTS]
        for _ in as_completed(rendering):
            advance()
    return [each.result() for each in rendering]


def _photos_of(part: str) -> TypePhotos:
    photos = [_rendered(part, f"{seed:02}", render(part, seed)) for seed in range(REFERENCES + QUERIES)]
    series = render_series(part, SERIES_SEED, CANDIDATES)
    candidates = [_rendered(part, f"turned-{step}", image) for step, image in enumerate(series)]
    aside = _rendered(part, "aside", render_aside(part, ASIDE_SEED)) if part == ASIDE else None
    return TypePhotos(part, photos[:REFERENCES], photos[REFERENCES:], candidates, aside)


def read_photos(folder: Path, seed: int = 0) -> tuple[list[TypePhotos], list[LeftOut]]:
    """Photos of each type in a folder that holds a folder for each; and what of it is left out.

    Raises:
        PhotosError: there are not two types with enough photos.
    """
    types = []
    found = find_photos(folder)
    left_out = list(found.left_out)
    for type_id, paths in found.photos.items():
        if len(paths) <= REFERENCES:
            name = folder / found.titles.get(type_id, type_id)
            left_out.append(LeftOut(name, f"{len(paths)} photos; {REFERENCES + 1} are needed"))
            continue
        photos = [Photo(type_id, path.name, path.read_bytes()) for path in paths]
        random.Random(seed).shuffle(photos)
        rest = photos[REFERENCES:]
        queries, candidates = rest[:QUERIES], rest[QUERIES:][:CANDIDATES]
        types.append(TypePhotos(type_id, photos[:REFERENCES], queries, candidates))
    if len(types) < 2:
        raise too_few_types(folder, len(types), REFERENCES, left_out)
    return types, left_out


def choose_lesson(encoder: Encoder, types: Sequence[TypePhotos], threshold: float) -> Lesson | None:
    """The candidate that gains most, of all types, when another candidate joins the references.

    The helper must match the references by itself. If none does at the given threshold, the lesson has a
    lower threshold. None if no type has two candidates.
    """
    best: tuple[bool, float] = (False, 0)
    lesson = None
    for photos in types:
        if len(photos.candidates) < 2:
            continue
        references = encoder.encode([photo.data for photo in photos.references])
        candidates = encoder.encode([photo.data for photo in photos.candidates])
        known = (candidates @ references.T).max(axis=1)
        among = candidates @ candidates.T
        for hard, hard_photo in enumerate(photos.candidates):
            for helper, helper_photo in enumerate(photos.candidates):
                lowered = min(threshold, round(float(known[helper]) - 0.005, 2))
                if hard == helper or known[hard] >= lowered:
                    continue
                gain = float(among[hard, helper] - known[hard])
                rank = (lowered == threshold and among[hard, helper] > threshold, gain)
                if rank > best:
                    best, lesson = rank, Lesson(hard_photo, helper_photo, lowered)
    return lesson


def choose_mistake(encoder: Encoder, types: Sequence[TypePhotos], threshold: float) -> Mistake | None:
    """The query that is the most like another type, of those that are more like a reference of their own.

    If it is no match for the other type at the given threshold, the mistake has a lower threshold. None if
    each is more like another type.
    """
    references = [encoder.encode([photo.data for photo in each.references]) for each in types]
    best, mistake = -1.0, None
    for own, each in enumerate(types):
        encodings = encoder.encode([photo.data for photo in each.queries])
        for photo, encoding in zip(each.queries, encodings, strict=True):
            similarities = [float((matrix @ encoding).max()) for matrix in references]
            for other, similarity in enumerate(similarities):
                if similarity > best and similarity < similarities[own]:
                    best, nearest = similarity, int((references[own] @ encoding).argmax())
                    lowered = min(threshold, round(similarity - 0.005, 2))
                    mistake = Mistake(photo, types[other].type_id, each.references[nearest], lowered)
    return mistake


def _rendered(part: str, name: str, image: Image.Image) -> Photo:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return Photo(part, f"{part} {name}.jpg", buffer.getvalue())
