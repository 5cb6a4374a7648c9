"""What the table of costs counts is no less than what the functions do."""

import pytest

from lookalike_tools.bench.results.month import APPEND, LOG_BYTES, QUERY, REBUILD, Calls
from support.photos.photographs import photograph
from support.system import System


@pytest.fixture
def built(system: System) -> System:
    system.upload("1.png", photograph(1))
    system.deliver_all()
    system.ask(photograph(2))
    # The first append is the last that all types are learnt anew from.
    system.tell(system.ask(photograph(1, 8))[1]["appended"])
    system.deliver_all()
    system.proxy.requests.clear()
    return system


def calls(system: System) -> Calls:
    """What was asked of S3 since the last time."""
    to_s3 = [(method, path) for method, path in system.proxy.requests if path.startswith("/system-")]
    system.proxy.requests.clear()
    writes = sum(method in ("PUT", "DELETE") or "list-type=2" in path for method, path in to_s3)
    return Calls(len(to_s3) - writes, writes)


def test_a_query_and_what_an_append_adds_to_it(built: System) -> None:
    built.ask(photograph(2))
    assert calls(built) == QUERY
    answer = built.ask(photograph(1, 9))[1]
    assert answer["appended"]
    assert not answer["pending"]
    assert calls(built) == Calls(QUERY.reads + APPEND.reads, QUERY.writes + APPEND.writes)


def test_a_rebuild_after_an_append(built: System) -> None:
    built.tell(built.ask(photograph(1, 9))[1]["appended"])
    calls(built)
    built.deliver_all()
    rebuilt = calls(built)
    assert rebuilt.reads <= REBUILD.reads
    assert rebuilt.writes <= REBUILD.writes


def test_what_a_query_logs(built: System, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    built.ask(photograph(1, 9))
    # Lambda's three lines and the API's one come on top.
    assert len(capsys.readouterr().out.encode()) + 1_200 <= LOG_BYTES
