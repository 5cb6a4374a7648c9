"""What the function works with, from its first event to its last."""

from aws_lambda_powertools import Logger, Metrics

from lookalike.aws.cold_start import start

started = start()
encoder, store = started.encoder, started.store
logger = Logger()
metrics = Metrics()
