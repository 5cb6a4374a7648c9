"""Few-shot image recognition: does a photo show an object of a type?"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookalike.vision.encoder import Encoder

__all__ = ["Encoder", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # onnxruntime takes a third of a second to load: only who encodes waits for it.
    if name == "Encoder":
        from lookalike.vision.encoder import Encoder

        return Encoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
