"""What the exporter needs of a source: the encoder in torch, and the source's own way to encode."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from lookalike.errors import LookalikeError
from lookalike.vision.model import Channels

Encode = Callable[[list[Image.Image]], NDArray[np.float32]]


class ExportError(LookalikeError):
    """The source can't be exported."""


class PixelsToEncoding(nn.Module):
    """From pixels to encodings through an image tower, with the numbers that prepare its input."""

    def __init__(self, tower: nn.Module, image_size: int, mean: Channels, std: Channels) -> None:
        """Wrap a tower.

        Args:
            tower: RGB uint8 (n, image_size, image_size, 3) to (n, dimension) of any length; it normalises.
            image_size: side of the square image, in pixels.
            mean: subtracted from each channel of an image in 0..1.
            std: divides each channel after that.
        """
        super().__init__()
        self.tower = tower
        self.image_size, self.mean, self.std = image_size, mean, std

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """RGB uint8 (n, image_size, image_size, 3) to float32 (n, dimension), rows of length 1."""
        return nn.functional.normalize(self.tower(pixels), dim=-1)


@dataclass(frozen=True)
class Source:
    """A loaded source."""

    name: str
    family: str
    encoder: PixelsToEncoding
    encode: Encode
    """Images to encodings (n, dimension) of any length, the way people use the source."""
    default_threshold: float
    stand_in: bool
