"""How all pictures of scores look."""

from contextlib import AbstractContextManager

import matplotlib as mpl

GENUINE, IMPOSTOR, SIBLING, INK = "#1b7f4d", "#9aa0a6", "#b8322a", "#22252a"
DPI = 110


def score_style() -> AbstractContextManager[None]:
    """Matplotlib's settings, within the block."""
    return mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
