"""What Lambda would charge, from measured times.

Prices of us-east-1, x86, in US dollars: https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/s3/pricing/
and https://aws.amazon.com/api-gateway/pricing/
"""

from dataclasses import dataclass

GB_SECOND = 0.0000166667
LAMBDA_REQUEST = 0.20e-6
API_REQUEST = 1.00e-6
S3_READ = 0.0004e-3
S3_WRITE = 0.005e-3
MB_PER_CORE = 1769
"""Memory at which Lambda gives one core: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

MEMORY_SIZES = (1024, 1769, 3538)
READS_A_QUERY = 2
"""Settings and encodings."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one, and US dollars for 1,000."""

    seconds: float
    dollars: float


def recognitions(two_core_seconds: float, memory: int) -> Cost:
    """Of queries without append."""
    return _cost(two_core_seconds, memory, LAMBDA_REQUEST + API_REQUEST + READS_A_QUERY * S3_READ)


def images_built(two_core_seconds: float, memory: int) -> Cost:
    """Of images built in long batches; what the queue and the invocations cost is shared by many."""
    return _cost(two_core_seconds, memory, S3_READ)


def _cost(two_core_seconds: float, memory: int, requests: float) -> Cost:
    # Work on all cores: in proportion to the share of two cores that this memory size gets.
    taken = two_core_seconds * 2 * MB_PER_CORE / memory
    return Cost(taken, 1000 * (taken * memory / 1024 * GB_SECOND + requests))
