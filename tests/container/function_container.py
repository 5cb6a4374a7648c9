"""One execution environment: a function's image in a container, with the Runtime API to drive it."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from container.engine import Engine
from container.images import Image
from container.runtime_api import RuntimeApi, running_api

INIT_SECONDS = 60
"""Lambda gives up after 10; a busy machine may take longer without anything being wrong."""

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class FunctionContainer:
    """A running function."""

    engine: Engine
    name: str
    api: RuntimeApi

    answer_seconds: list[float] = field(default_factory=list)
    """How long each answer took."""

    def invoke(self, event: dict[str, Any]) -> Any:
        """What the function answers to an event.

        Raises:
            FunctionError: it raised, or its container ended.
        """
        start = time.perf_counter()
        answer = self.api.invoke(event, TIMEOUT_SECONDS)
        self.answer_seconds.append(time.perf_counter() - start)
        return answer

    def figures(self) -> str:
        """Its times and its memory, in words."""
        first, *later = self.answer_seconds
        return (
            f"init {self.init_seconds():.2f} s, first answer {first:.2f} s, later ones "
            f"{statistics.median(later):.2f} s (median of {len(later)}), "
            f"peak {self.peak_memory() / 1e6:.0f} MB"
        )

    def init_seconds(self) -> float:
        """From the start of its process to its first request for an event."""
        return self.api.ready.result() - self._process().create_time()

    def peak_memory(self) -> int:
        """The most physical memory its process has held, in bytes."""
        status = Path(f"/proc/{self._process().pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def _process(self) -> psutil.Process:
        return psutil.Process(self.engine.inspect("container", self.name)["State"]["Pid"])


@contextmanager
def running_function(
    engine: Engine, image: Image, environment: dict[str, str]
) -> Iterator[FunctionContainer]:
    """Start a function and wait until it asks for its first event.

    Raises:
        FunctionError: it reported an error instead, or its container ended.
    """
    name = f"lookalike-{uuid4().hex[:12]}"
    with running_api() as api:
        variables = environment | {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
        }
        options = ("--name", name, *(f"--env={key}={value}" for key, value in variables.items()))
        process = engine.start(image.tag, image.handler, options=options)

        def report_end() -> None:
            output, _ = process.communicate()
            api.fail(f"the container ended with status {process.returncode}:\n{output.decode()}")

        watcher = threading.Thread(target=report_end)
        watcher.start()
        try:
            api.ready.result(INIT_SECONDS)
            yield FunctionContainer(engine, name, api)
        finally:
            engine.kill(name)
            watcher.join()
