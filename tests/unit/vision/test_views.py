import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

import lookalike
from lookalike.errors import ImageError
from lookalike.vision.boxes import Box
from lookalike.vision.images import preprocess
from lookalike.vision.views import (
    MAX_VIEWS,
    SMALLEST,
    cut_middle,
    cut_views,
    preprocess_box,
    preprocess_window,
    windows,
)

SIZE = 224
ORIENTATION = 0x0112
UPRIGHT_BY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def photo(width: int, height: int, seed: int = 0) -> Image.Image:
    draws = np.random.default_rng(seed)
    coarse = draws.integers(0, 256, (max(height // 40, 2), max(width // 40, 2), 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def file(image: Image.Image, image_format: str = "PNG", orientation: int = 1) -> bytes:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[ORIENTATION] = orientation
    image.save(buffer, image_format, exif=exif)
    return buffer.getvalue()


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from([32, 224, 336]))
def test_views_are_squares_within_the_photo_and_few(width: int, height: int, size: int) -> None:
    boxes = windows(width, height, size)
    assert 1 <= len(boxes) <= MAX_VIEWS
    for box in boxes:
        left, top, right, bottom = box.pixels(width, height)
        assert right - left == pytest.approx(bottom - top, abs=1e-6)
        assert all(0 <= corner <= 1 for corner in box)


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_no_window_is_much_smaller_than_what_the_encoder_takes(width: int, height: int) -> None:
    for box in windows(width, height, SIZE)[1:]:
        assert (box.x1 - box.x0) * width >= SMALLEST * SIZE - 1e-6


@given(st.integers(400, 3000), st.integers(400, 3000))
def test_no_part_of_a_usual_photo_is_overlooked(width: int, height: int) -> None:
    if max(width, height) > 2 * min(width, height):
        return
    smallest = windows(width, height, SIZE)[1:]
    for corner in ((0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0.5), (0.37, 0.81)):
        assert any(box.holds(corner) for box in smallest)


@given(st.integers(30, 3000), st.integers(30, 3000))
def test_a_turned_photo_has_turned_views(width: int, height: int) -> None:
    turned = {Box(box.y0, box.x0, box.y1, box.x1) for box in windows(height, width, SIZE)}
    assert set(windows(width, height, SIZE)) == turned


@given(st.integers(30, 3000), st.integers(30, 3000))
def test_a_mirrored_photo_has_mirrored_views(width: int, height: int) -> None:
    boxes = windows(width, height, SIZE)
    lefts = [box.x0 * width for box in boxes]
    assert sorted(lefts) == pytest.approx(sorted((1 - box.x1) * width for box in boxes), abs=1.01)


@pytest.mark.parametrize(("width", "height"), [(60, 40), (40, 4000), (9000, 120)])
def test_of_a_tiny_or_thin_photo_only_the_middle_is_seen(width: int, height: int) -> None:
    assert len(windows(width, height, SIZE)) == 1


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_middle_view_is_what_is_encoded_without_views(image_format: str, orientation: int) -> None:
    data = file(photo(900, 640), image_format, orientation)
    np.testing.assert_array_equal(cut_views(data, SIZE).pixels[0], preprocess(data, SIZE))


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(st.integers(1, 1800), st.integers(1, 1800))
@example(1600, 1200)  # windows need more pixels than the middle is decoded to
def test_the_middle_view_is_the_same_at_any_size(width: int, height: int) -> None:
    data = file(photo(width, height), "JPEG")
    views = cut_views(data, SIZE)
    assert views.pixels.shape == (len(views.boxes), SIZE, SIZE, 3)
    np.testing.assert_array_equal(views.pixels[0], preprocess(data, SIZE))


@pytest.mark.parametrize("orientation", UPRIGHT_BY)
def test_the_middle_alone_is_the_first_of_the_views(orientation: int) -> None:
    data = file(photo(900, 640), "JPEG", orientation)
    middle, views = cut_middle(data, SIZE), cut_views(data, SIZE)
    assert middle.boxes == views.boxes[:1]
    np.testing.assert_array_equal(middle.pixels, views.pixels[:1])


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_window_is_cut_alone_as_among_the_views(image_format: str, orientation: int) -> None:
    data = file(photo(2600, 1900), image_format, orientation)
    views = cut_views(data, SIZE)
    for number in (1, len(views.boxes) - 1):
        alone = preprocess_window(data, SIZE, views.boxes[number])
        np.testing.assert_array_equal(alone, views.pixels[number])


@pytest.mark.parametrize("orientation", sorted(UPRIGHT_BY))
def test_views_are_of_the_upright_photo(orientation: int) -> None:
    stored = photo(900, 640)
    turned = cut_views(file(stored, orientation=orientation), SIZE)
    upright = cut_views(file(stored.transpose(UPRIGHT_BY[orientation])), SIZE)
    assert turned.boxes == upright.boxes
    np.testing.assert_array_equal(turned.pixels, upright.pixels)


def test_a_view_shows_what_its_box_holds() -> None:
    image = Image.new("RGB", (900, 600), "white")
    image.paste("red", (600, 300, 700, 400))
    views = cut_views(file(image), SIZE)
    for box, pixels in zip(views.boxes, views.pixels, strict=True):
        inside = box.x0 <= 600 / 900 and box.x1 >= 700 / 900 and box.y0 <= 0.5 and box.y1 >= 400 / 600
        outside = box.x1 <= 600 / 900 or box.x0 >= 700 / 900 or box.y1 <= 0.5 or box.y0 >= 400 / 600
        redness = float((pixels[..., 0].astype(int) - pixels[..., 1] > 128).mean())
        expected = (100 / ((box.x1 - box.x0) * 900)) ** 2
        assert not inside or redness == pytest.approx(expected, rel=0.2)
        assert not outside or redness == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_square_around_a_reference_is_of_the_upright_photo(orientation: int) -> None:
    stored = photo(900, 640)
    upright = stored.transpose(UPRIGHT_BY[orientation]) if orientation > 1 else stored
    box = Box(0.1, 0.2, 0.4, 0.5)
    np.testing.assert_array_equal(
        preprocess_box(file(stored, orientation=orientation), SIZE, box),
        preprocess_box(file(upright), SIZE, box),
    )


def test_a_box_that_is_the_middle_square_encodes_as_the_photo_does() -> None:
    data = file(photo(900, 600))
    square = preprocess_box(data, SIZE, Box(150 / 900, 0, 750 / 900, 1))
    difference = square.astype(int) - preprocess(data, SIZE)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(("x", "y"), [(1000, 1000), (3800, 100), (100, 2800)])
def test_a_small_box_of_a_large_photo_is_decoded_sharply(x: int, y: int) -> None:
    image = photo(4000, 3000)
    stripes = np.zeros((128, 128, 3), np.uint8)
    stripes[:, ::4] = stripes[:, 1::4] = 255
    image.paste(Image.fromarray(stripes), (x, y))
    box = Box(x / 4000, y / 3000, (x + 128) / 4000, (y + 128) / 3000)
    pixels = preprocess_box(file(image, "JPEG"), SIZE, box, margin=1)
    assert pixels[50:150, 50:150].std() > 80


def test_a_damaged_photo_is_refused() -> None:
    data = file(photo(900, 600), "JPEG")
    for look in (cut_views, lambda data, size: preprocess_box(data, size, Box(0, 0, 0.5, 0.5))):
        with pytest.raises(ImageError):
            look(data[: len(data) // 2], SIZE)
        with pytest.raises(ImageError):
            look(b"no photo", SIZE)


# Not getrusage: what it tells of a child begins with what its parent took.
MEASURE = r"""
import re, sys
from pathlib import Path
from lookalike.vision.boxes import Box
from lookalike.vision.images import preprocess
from lookalike.vision.views import cut_views, preprocess_box
kind, path = sys.argv[1:]
data = Path(path).read_bytes()
if kind == "views":
    cut_views(data, 224)
elif kind == "box":
    preprocess_box(data, 224, Box(0.4, 0.4, 0.5, 0.5))
elif kind == "middle":
    preprocess(data, 224)
print(int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.fixture(scope="module")
def fifty_megapixels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "large.jpg"
    Image.effect_noise((250, 200), 90).resize((7900, 6320), Image.Resampling.BILINEAR).convert("RGB").save(
        path
    )
    return path


def peak(kind: str, path: Path) -> int:
    """The most memory, in MB, of a process that looks at a photo."""
    folder = Path(lookalike.__file__).parents[1]
    command = [sys.executable, "-c", MEASURE, kind, str(path)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=folder, text=True)
    return int(done.stdout)


@pytest.mark.slow
def test_views_of_50_megapixels_need_little_more_memory_than_the_middle(fifty_megapixels: Path) -> None:
    nothing, middle, views = (peak(kind, fifty_megapixels) for kind in ("nothing", "middle", "views"))
    assert views - middle < 40
    assert views - nothing < 100


@pytest.mark.slow
def test_a_small_box_of_50_megapixels_stays_within_the_bound_of_images(fifty_megapixels: Path) -> None:
    nothing, box = (peak(kind, fifty_megapixels) for kind in ("nothing", "box"))
    assert box - nothing < 300
