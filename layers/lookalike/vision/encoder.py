"""The encoder: images in, encodings out, by onnxruntime on CPU."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Must be set before the import, or onnxruntime sends telemetry.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lookalike.errors import ModelError
from lookalike.vision.boxes import Box
from lookalike.vision.images import preprocess
from lookalike.vision.model import GRAPH_FILE, read_description
from lookalike.vision.views import preprocess_box, preprocess_window

BATCH = 16
"""Images encoded at once: bounds memory; more are no faster."""


class Encoder:
    """An image encoder opened from a model folder.

    Example:
        >>> encoder = Encoder(".model")
        >>> encoder.encode([Path("photo.jpg").read_bytes()]).shape
        (1, 512)
    """

    def __init__(
        self, model_dir: str | Path, *, share_cores: bool = False, cores: float | None = None
    ) -> None:
        """Open a model folder, made by `lookalike export-model`.

        Args:
            model_dir: the folder.
            share_cores: whether other threads need the cores while images are encoded. Its own threads then
                sleep when they have nothing to do, where otherwise they spin: one image takes a fifth longer,
                but decoding beside it loses no time.
            cores: how many cores' time this process gets, if less than the system shows. Of a part of a core
                its threads sleep as well: what they spin away would be taken from what they compute.

        Raises:
            ModelError: the folder holds no encoder that can be opened.
        """
        self.description = read_description(model_dir)
        options = onnxruntime.SessionOptions()
        share = min(cores or math.inf, _cores())
        self._threads = math.ceil(share)
        spins = not share_cores and share == self._threads
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spins)))
        # Else they spin for another 30 ms after each run.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        try:
            self._session = onnxruntime.InferenceSession(
                str(Path(model_dir) / GRAPH_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has an exception type for each status code
            raise ModelError(f"{Path(model_dir) / GRAPH_FILE} can't be opened: {error}") from error

    @property
    def model_id(self) -> str:
        """Which encoder this is: encodings of different models can't be compared."""
        return self.description.model_id

    @property
    def dimension(self) -> int:
        """How many numbers an encoding has."""
        return self.description.dimension

    def preprocess(self, image: bytes, box: Box | None = None) -> NDArray[np.uint8]:
        """An image's bytes to the pixels this encoder takes, (image_size, image_size, 3).

        Args:
            image: the bytes of an image file.
            box: where the object is: the square around it is taken; without it, the middle square.

        Raises:
            ImageError: the bytes are no image that can be decoded.
        """
        size = self.description.image_size
        return preprocess_box(image, size, box) if box else preprocess(image, size)

    def preprocess_window(self, image: bytes, box: Box) -> NDArray[np.uint8]:
        """As `preprocess`, of one window that recognition looked at.

        Raises:
            ImageError: the bytes are no image that can be decoded.
        """
        return preprocess_window(image, self.description.image_size, box)

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Encode preprocessed images, `BATCH` at a time.

        Args:
            pixels: (n, image_size, image_size, 3), RGB.

        Returns:
            (n, dimension), rows of length 1.
        """
        encodings = np.empty((len(pixels), self.dimension), np.float32)
        for start in range(0, len(pixels), BATCH):
            batch = slice(start, start + BATCH)
            (encodings[batch],) = self._session.run(["encoding"], {"pixels": pixels[batch]})
        return encodings

    def encode(self, images: Sequence[bytes]) -> NDArray[np.float32]:
        """Encode images, given as the bytes of image files; several are decoded at a time.

        Returns:
            (n, dimension), rows of length 1.

        Raises:
            ImageError: what is wrong with the first of them that can't be decoded.
        """
        if len(images) == 1:  # a query: it waits for no thread
            return self.encode_pixels(self.preprocess(images[0])[np.newaxis])
        encodings = np.empty((len(images), self.dimension), np.float32)
        with ThreadPoolExecutor(self._threads, thread_name_prefix="decode") as threads:
            for start in range(0, len(images), BATCH):
                batch = slice(start, start + BATCH)
                # Those that take much memory are decoded alone: `lookalike.vision.images` sees to it.
                decoded = list(threads.map(self.preprocess, images[batch]))
                encodings[batch] = self.encode_pixels(np.stack(decoded))
        return encodings


def _cores() -> int:
    """How many cores this process may use, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
