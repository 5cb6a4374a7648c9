"""What a month on AWS costs, by counted calls: `python -m lookalike_tools.bench.results.month`."""

import math
from dataclasses import dataclass

import typer

from lookalike_tools.bench.results.costs import (
    API_REQUEST,
    GB_SECOND,
    LAMBDA_REQUEST,
    MB_PER_CORE,
    S3_READ,
    S3_WRITE,
)

# US dollars in us-east-1, without any free tier: https://aws.amazon.com/sqs/pricing/,
# https://aws.amazon.com/eventbridge/pricing/, https://aws.amazon.com/cloudwatch/pricing/
SQS_REQUEST = 0.40e-6
EVENT = 1.00e-6
STORED_GB = 0.023
LOGGED_GB = 0.50
METRIC = 0.30
ALARM_METRIC = 0.10
DASHBOARD = 3.00

API_METERED_BYTES = 512 * 1024
"""A request of an HTTP API counts once for each of these: https://aws.amazon.com/api-gateway/pricing/"""

DAYS = 30
POLLS = 15 * 60 * 24 * DAYS
"""Lambda asks each queue so often in a month, whether anything comes or not: five pollers, 20 s each."""


@dataclass(frozen=True)
class Calls:
    """What one step asks of S3: reads, and writes and listings, which cost the same."""

    reads: int
    writes: int


# Counted in tests, which hold them to be no more.
QUERY = Calls(reads=2, writes=0)
APPEND = Calls(reads=3, writes=2)
REBUILD = Calls(reads=5, writes=3)
LOG_BYTES = 6_000
"""Of a recognition: what the function prints, what Lambda adds, and the API's line."""

METRICS = 24
ALARM_METRICS = 48
QUEUES = 2
MESSAGES = 2
"""After an append: of its image's event, and of the gallery's refresh; each is sent, received and deleted."""

# From the benchmark: int8, 12 megapixels, two cores.
ENCODE_SECONDS = 0.061
S3_CALL_SECONDS = 0.03
"""Assumed of each call that is waited for."""

ROW_BYTES = 2_200


@dataclass(frozen=True)
class Use:
    """A month.

    Attributes:
        types: how many there are.
        photos: of each type, at the start.
        recognitions: a day.
        matched: the part that matches and is appended.
        photo_bytes: size of a photo.
        memory: MB of both functions.
    """

    types: int = 1_000
    photos: int = 20
    recognitions: int = 10_000
    matched: float = 0.5
    photo_bytes: int = 2_000_000
    memory: int = 3008


def bill(use: Use) -> dict[str, float]:
    """US dollars of each item, in a month."""
    asked = use.recognitions * DAYS
    appended = asked * use.matched
    stored = use.types * use.photos + appended
    encoding = ENCODE_SECONDS * 2 * MB_PER_CORE / use.memory
    # The encodings are read while the photo is encoded; the settings before, and the event after.
    recognizing = asked * (encoding + 2 * S3_CALL_SECONDS)
    recognizing += appended * (APPEND.reads + APPEND.writes) * S3_CALL_SECONDS
    rebuilding = appended * (REBUILD.reads + REBUILD.writes) * S3_CALL_SECONDS
    gb_second = use.memory / 1024 * GB_SECOND
    steps = ((asked, QUERY), (appended, APPEND), (appended, REBUILD))
    return {
        "API, metered by 512 KB": asked * math.ceil(use.photo_bytes / API_METERED_BYTES) * API_REQUEST,
        "Lambda, recognising": asked * LAMBDA_REQUEST + recognizing * gb_second,
        "Lambda, rebuilding after each append": appended * LAMBDA_REQUEST + rebuilding * gb_second,
        "S3, reads": sum(times * calls.reads for times, calls in steps) * S3_READ,
        "S3, writes and listings": sum(times * calls.writes for times, calls in steps) * S3_WRITE,
        "S3, photos and encodings kept": stored * (use.photo_bytes + ROW_BYTES) / 1e9 * STORED_GB,
        "Queues, polled all the time": (QUEUES * POLLS + 3 * MESSAGES * appended) * SQS_REQUEST,
        "Events": asked * EVENT,
        "Logs": asked * LOG_BYTES / 1e9 * LOGGED_GB,
        "Metrics": METRICS * METRIC if asked else 0.0,
        "Alarms and dashboard": ALARM_METRICS * ALARM_METRIC + DASHBOARD,
    }


def table() -> str:
    """The bill of a busy month, of one whose matches are not appended, and of an idle one, as Markdown."""
    bills = [bill(Use()), bill(Use(matched=0)), bill(Use(types=0, recognitions=0))]
    rows = [(item, *(each[item] for each in bills)) for item in bills[0]]
    rows.append(("**together**", *(sum(each.values()) for each in bills)))
    lines = ["| US dollars a month | half appended | none appended | idle |", "|---|---:|---:|---:|"]
    lines += [f"| {item} | " + " | ".join(f"{cost:.2f}" for cost in costs) + " |" for item, *costs in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    typer.echo(table())
