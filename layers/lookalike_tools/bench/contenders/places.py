"""Where a contender's process finds its model, as text that passes between processes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """Paths, or the name of a model on the hub."""

    source: str
    plain_graph: str
    fp32: str
    int8: str
