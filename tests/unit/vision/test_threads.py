"""An encoder takes as many threads as its process has cores, and spins only on cores that are all its own."""

from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from lookalike.vision import encoder as encoding
from lookalike.vision.encoder import Encoder
from support.encodings.thumbnail_model import save_thumbnail_model
from support.photos.photographs import photograph


@pytest.mark.parametrize(
    ("shown", "share", "threads", "spins"),
    [
        (2, None, 2, "1"),
        (2, 1.0, 1, "1"),
        (2, 1.7, 2, "0"),
        (2, 0.6, 1, "0"),
        (2, 5.7, 2, "1"),
        (6, 3.4, 4, "0"),
    ],
    ids=["a machine", "1769 MB", "3008 MB", "1024 MB", "more than is shown", "6000 MB"],
)
def test_threads_follow_the_share_of_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: int, share: float | None, threads: int, spins: str
) -> None:
    """Lambda shows whole cores, and takes from a process that spins what it would compute with."""
    opened: list[onnxruntime.SessionOptions] = []
    open_session = onnxruntime.InferenceSession

    def note(path: str, options: onnxruntime.SessionOptions, **others: Any) -> onnxruntime.InferenceSession:
        opened.append(options)
        return open_session(path, options, **others)

    monkeypatch.setattr(encoding, "_cores", lambda: shown)
    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    encoder = Encoder(save_thumbnail_model(tmp_path), cores=share)
    (options,) = opened
    assert options.intra_op_num_threads == threads
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == spins
    assert len(encoder.encode([photograph(1), photograph(2)])) == 2
