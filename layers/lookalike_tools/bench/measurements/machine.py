"""What this machine can do at best: the floor under each figure."""

from dataclasses import dataclass

import numpy as np

from lookalike_tools.bench.timing import median_seconds

VIT_B_32_FLOPS = 2 * (12 * 50 * (4 * 768**2 + 2 * 768 * 3072) + 49 * 3072 * 768 + 12 * 2 * 50**2 * 768)
"""Operations for one image: 12 layers' weights with 50 tokens, 49 patches' embeddings, and attention."""


@dataclass(frozen=True)
class Machine:
    """Measured rates: float32 operations a second of a large matrix product, and bytes a second read."""

    flops: float
    read_bytes: float


def measure_machine() -> Machine:
    """Measure with numpy's BLAS, on the threads the contenders have."""
    side, rows = 2048, 50_000_000
    left, right = np.ones((2, side, side), np.float32)
    memory = np.ones(rows, np.float32)
    product = median_seconds(lambda: left @ right, 7)
    read = median_seconds(lambda: memory.reshape(-1, 500) @ memory[:500], 7)
    return Machine(2 * side**3 / product, memory.nbytes / read)
