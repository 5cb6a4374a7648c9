"""Contenders in processes of their own, asked in turn: they share no threads, caches or memory."""

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from statistics import median

from lookalike_tools.bench.contenders.encoders import CONTENDERS, THREADS
from lookalike_tools.bench.contenders.places import Places

PAUSE_SECONDS = 0.1
"""Before each photo: for a moment after a run, a contender's threads slow down the next one."""


def use_cores() -> None:
    """Keep this process and its children on as many cores as a contender has threads."""
    cores = sorted(os.sched_getaffinity(0))[:THREADS]
    os.sched_setaffinity(0, cores)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(THREADS)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


@contextmanager
def running_workers(names: Sequence[str], places: Places) -> Iterator[dict[str, Connection]]:
    """A process for each contender, ready to encode; each answers photos with the seconds it took."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        connections = {}
        for name in names:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, name, places), daemon=True)
            process.start()
            theirs.close()
            stack.callback(process.join)
            connections[name] = stack.enter_context(ours)
            ours.recv()
        yield connections


def alternate(workers: dict[str, Connection], photos: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Median seconds of each contender from an image's bytes to its encoding, asked in turn."""
    taken: dict[str, list[float]] = {name: [] for name in workers}
    for turn in range(-2, rounds):  # two to warm up
        for name, connection in workers.items():
            time.sleep(PAUSE_SECONDS)
            connection.send_bytes(photos[turn % len(photos)])
            seconds = connection.recv()
            if turn >= 0:
                taken[name].append(seconds)
    return {name: median(seconds) for name, seconds in taken.items()}


def _serve(connection: Connection, name: str, places: Places) -> None:
    encode = CONTENDERS[name](places)
    connection.send(None)
    while True:
        try:
            photo = connection.recv_bytes()
        except EOFError:
            return
        start = time.perf_counter()
        encode(photo)
        connection.send(time.perf_counter() - start)
