"""From light to a phone's photo: exposure, white balance, blur, sensor noise and JPEG."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from lookalike_tools.parts.sdf import Array
from lookalike_tools.parts.view import View

JPEG_QUALITY = 88
_LEVELS = 4096


def develop(light: Array, view: View, rng: np.random.Generator) -> Image.Image:
    """Turn linear RGB (height, width, 3), mid grey about 0.2, into an 8-bit photo."""
    height, width, _ = light.shape
    gains = 2.0**view.exposure * np.array([1 + 0.16 * view.warmth, 1, 1 - 0.22 * view.warmth], np.float32)
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    vignette = (1 - 0.12 * (x * x + y * y)).astype(np.float32)
    levels = np.clip(light * (vignette[..., None] * (gains * (_LEVELS / 4))), 0, _LEVELS - 1).astype(
        np.uint16
    )
    sharp = Image.fromarray(_tone_curve()[levels])
    pixels = np.asarray(sharp.filter(ImageFilter.GaussianBlur(view.blur)), np.float32)
    coarse = rng.standard_normal((height // 2, width // 2, 3), dtype=np.float32).repeat(2, 0).repeat(2, 1)
    fine = rng.standard_normal((height, width, 1), dtype=np.float32)
    pixels += (view.grain * 255) * (0.8 * fine + 0.5 * coarse)
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=JPEG_QUALITY)
    return Image.open(file).convert("RGB")


def _tone_curve() -> npt.NDArray[np.uint8]:
    """8-bit values for light 0..4: gamma 2.2 with a soft shoulder, so that highlights don't clip hard."""
    light = np.linspace(0, 4, _LEVELS)
    shoulder = (1 - np.exp(-1.7 * light)) / (1 - np.exp(-1.7 * 4))
    curve: npt.NDArray[np.uint8] = np.round(255 * shoulder ** (1 / 2.2)).astype(np.uint8)
    return curve
