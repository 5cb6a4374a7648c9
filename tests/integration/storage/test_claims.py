"""A claim is held by one at a time, and ends by itself where its holder is killed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from lookalike.storage.bucket import Bucket
from lookalike.storage.claims import ClaimedError, claimed
from lookalike.storage.store import Store
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator
from support.fault_proxy import FaultProxy

KEY = "claims/model/hex-nut"


@pytest.fixture
def bucket(store: Store) -> Bucket:
    return store.work


@pytest.fixture
def broken(bucket: Bucket, emulator: Emulator) -> Iterator[tuple[Bucket, FaultProxy]]:
    """The bucket as it is seen through connections that can be broken."""
    with FaultProxy(emulator.port).running() as proxy:
        client: Any = boto3.client("s3", endpoint_url=proxy.url, region_name=REGION, **CREDENTIALS)
        yield Bucket(client, bucket.name), proxy


def test_nobody_else_holds_what_is_claimed(bucket: Bucket) -> None:
    with claimed(bucket, KEY, 60):
        with pytest.raises(ClaimedError, match=KEY), claimed(bucket, KEY, 60):
            pass
        with claimed(bucket, f"{KEY}-2", 60):
            pass


def test_what_was_let_go_can_be_claimed_also_after_an_error(bucket: Bucket) -> None:
    with pytest.raises(ZeroDivisionError), claimed(bucket, KEY, 60):
        raise ZeroDivisionError
    with claimed(bucket, KEY, 60):
        pass


def test_the_claim_of_a_holder_that_was_killed_ends(bucket: Bucket) -> None:
    killed = claimed(bucket, KEY, 0)
    killed.__enter__()
    with claimed(bucket, KEY, 60):
        # Should it have lived after all, it lets go of nothing that is another's.
        killed.__exit__(None, None, None)
        with pytest.raises(ClaimedError), claimed(bucket, KEY, 60):
            pass


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"ends": "never"}', b"x" * 2000])
def test_a_claim_that_can_not_be_read_is_none(bucket: Bucket, damage: bytes) -> None:
    bucket.put(KEY, damage, "application/json")
    with claimed(bucket, KEY, 60):
        pass


def test_of_many_at_once_one_has_it(bucket: Bucket) -> None:
    claims = [claimed(bucket, KEY, 60) for _ in range(8)]

    def claim(number: int) -> bool:
        try:
            claims[number].__enter__()
        except ClaimedError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(claim, range(8))) == 1


def test_a_claim_whose_answer_was_lost_is_held(broken: tuple[Bucket, FaultProxy]) -> None:
    bucket, proxy = broken
    proxy.break_("PUT", KEY, "lost answer", times=1)
    with claimed(bucket, KEY, 60):
        assert proxy.broken == 1


def test_work_that_is_done_does_not_fail_for_its_claim(broken: tuple[Bucket, FaultProxy]) -> None:
    bucket, proxy = broken
    with claimed(bucket, KEY, 60):
        proxy.break_("PUT", KEY, "503")
    assert proxy.broken
