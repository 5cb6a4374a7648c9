"""Where a contender's process finds its model, as texts that pass between processes."""

from typing import NamedTuple


class Places(NamedTuple):
    """Paths, or the name of a model on the hub."""

    source: str
    plain_graph: str
    fp32: str
    int8: str
