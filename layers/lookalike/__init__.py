"""Few-shot image recognition: does a photo show an object of a type?"""

from lookalike.vision.encoder import Encoder

__all__ = ["Encoder", "__version__"]

__version__ = "0.1.0"
