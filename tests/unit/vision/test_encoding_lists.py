"""A list of images is encoded as each of them is, several decoded at a time."""

import threading

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import UndecodableImageError, UnsupportedImageError
from lookalike.vision import images
from lookalike.vision.encoder import BATCH, Encoder
from support.photos.photographs import encoded, photograph


@pytest.mark.parametrize("count", [0, 1, 2, BATCH, 2 * BATCH + 1])
def test_rows_are_in_the_order_of_the_images(encoder: Encoder, count: int) -> None:
    photos = [photograph(subject) for subject in range(count)]
    rows = encoder.encode(photos)
    assert rows.shape == (count, encoder.dimension)
    for row, photo in zip(rows, photos, strict=True):
        assert np.allclose(row, encoder.encode([photo])[0], atol=1e-6)


def test_no_more_than_a_batch_is_encoded_at_once(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    run, sizes = encoder._session.run, []

    def note(outputs: list[str], inputs: dict[str, np.ndarray]) -> object:
        sizes.append(len(inputs["pixels"]))
        return run(outputs, inputs)

    monkeypatch.setattr(encoder._session, "run", note)
    pixels = np.stack([encoder.preprocess(photograph(subject)) for subject in range(2 * BATCH + 1)])
    rows = encoder.encode_pixels(pixels)
    assert sizes == [BATCH, BATCH, 1]
    alone = np.concatenate([encoder.encode_pixels(each[np.newaxis]) for each in pixels])
    assert np.allclose(rows, alone, atol=1e-6)


def test_what_is_wrong_is_told_of_the_first_bad_image(encoder: Encoder) -> None:
    cut = photograph(1)[:-200]
    with pytest.raises(UndecodableImageError):
        encoder.encode([photograph(2), cut, b"no image", photograph(3)])
    with pytest.raises(UnsupportedImageError):
        encoder.encode([photograph(2), b"no image", cut, photograph(3)])


def test_small_images_are_decoded_side_by_side(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_threads", 2)
    together = threading.Barrier(2, timeout=60)
    decode = images.decode

    def meet(data: bytes, shorter_side: int | None = None) -> Image.Image:
        together.wait()  # broken, with an error, unless another comes
        return decode(data, shorter_side)

    monkeypatch.setattr(images, "decode", meet)
    jpeg = photograph(1, image_format="JPEG")
    assert len(encoder.encode([jpeg] * 4)) == 4


def test_images_that_take_much_memory_are_decoded_alone(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "_threads", 4)
    decode, running, most = images.decode, [0], [0]

    def count(data: bytes, shorter_side: int | None = None) -> Image.Image:
        running[0] += 1
        most[0] = max(most[0], running[0])
        try:
            return decode(data, shorter_side)
        finally:
            running[0] -= 1

    monkeypatch.setattr(images, "decode", count)
    large = encoded(Image.new("RGB", (1200, 1000)))
    encoder.encode([large] * 8)
    assert most == [1]
