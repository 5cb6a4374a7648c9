"""Whatever happens in whatever order, encodings end as what the images say: each once, nothing lost.

People put, overwrite and remove images and counterexamples, and decide about photos; recognitions append
images, and answer photos of the inbox; rebuilds of two models run. Each of these may be halted, or end for
good, before any of its calls to S3, while the others go on. Events arrive late, twice, in any order, or
land among the dead letters until they are redriven. Each photo that was put into the inbox is answered.
"""

from collections.abc import Mapping

import boto3
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from mypy_boto3_s3 import S3Client

from integration.histories.books import Books
from integration.histories.bucket_life import Life
from integration.histories.interleaving import InOneThread, stop_before_calls
from lookalike import inbox, recognition
from lookalike.rebuilding import image_reading
from lookalike.storage import compare_and_swap
from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

STEPS_AN_EXAMPLE = 50


@pytest.fixture
def watched_s3(emulator: Emulator) -> S3Client:
    s3: S3Client = boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)

    def succeeded(method: str, key: str, metadata: Mapping[str, str]) -> None:
        Books.current.succeeded(method, key, metadata)

    stop_before_calls(s3, succeeded)
    return s3


def test_encodings_end_as_what_the_images_say(
    watched_s3: S3Client, encoder: Encoder, other_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_and_swap, "BACKOFF_SECONDS", 0)
    # An example must go the same way each time; what runs at once is for test_load.py.
    monkeypatch.setattr(image_reading, "_readers", InOneThread())
    monkeypatch.setattr(recognition, "_threads", InOneThread())
    monkeypatch.setattr(inbox, "_readers", InOneThread())
    life = type("Life", (Life,), {"s3": watched_s3, "encoders": (encoder, other_encoder)})
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=settings().max_examples // 4,
            stateful_step_count=STEPS_AN_EXAMPLE,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
