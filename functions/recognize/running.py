"""What the function works with, from its first event to its last."""

import itertools
import time

from aws_lambda_powertools import Logger, Metrics

import recognize
from lookalike.aws.cold_start import start

started = start()
encoder, store = started.encoder, started.store
logger = Logger()
metrics = Metrics()

_waits = itertools.chain([time.monotonic() - recognize.began], itertools.repeat(0.0))


def seconds_waited() -> float:
    """How long the caller waited before this call: at the first, as long as the function took to load.

    API Gateway counts that time, and the time that Lambda says is left does not.
    """
    return next(_waits)
