"""Work that stops before each of its calls to S3, so that a test can say what happens in between."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote, urlsplit

from mypy_boto3_s3 import S3Client

METADATA = "x-amz-meta-"


class Crash(BaseException):
    """The process that did the work is gone; no handler of the work's own may catch it."""


class InOneThread(Executor):
    """Does what it is given at once, in the thread that gives it, so that work makes one call at a time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # for who asks for the result
            future.set_exception(error)
        return future


class Task:
    """Work in a thread of its own, which goes on only when it is let.

    Attributes:
        done: whether it has come to its end.
        crashed: whether that was a crash.
        result: what it returned; None if it has not.
        error: what it raised; None if it has not.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self.done = self.crashed = False
        self.result: Any = None
        self.error: Exception | None = None
        self._turn, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._run, args=[work], daemon=True).start()
        self._stopped.acquire()

    def go_on(self) -> None:
        """Let it make its next call, up to the one after that or its end."""
        self._turn.release()
        self._stopped.acquire()

    def crash(self) -> None:
        """End it before its next call."""
        self.crashed = True
        self.go_on()

    def stop(self) -> None:
        """Wait, in the task's own thread, until it may go on."""
        if not self.crashed:
            self._stopped.release()
            self._turn.acquire()
        if self.crashed:
            raise Crash

    def _run(self, work: Callable[[], Any]) -> None:
        _current.set(self)
        try:
            self.result = work()
        except Crash:
            pass
        except Exception as error:  # for the test to look at
            self.error = error
        self.done = True
        self._stopped.release()


_current: ContextVar[Task | None] = ContextVar("task", default=None)


def current_task() -> Task | None:
    """The task that does this; None outside of tasks."""
    return _current.get()


def stop_here() -> None:
    """Stop as before a call to S3, where a task does this; elsewhere do nothing."""
    if task := _current.get():
        task.stop()


def stop_before_calls(s3: S3Client, succeeded: Callable[[str, str, Mapping[str, str]], None]) -> None:
    """Make tasks stop before each call of a client.

    Args:
        s3: the client.
        succeeded: told the method, key and metadata of each call that S3 has carried out, before the task
            knows.
    """
    sent: ContextVar[Any] = ContextVar("sent")

    def before(request: Any, **_: Any) -> None:
        stop_here()
        sent.set(request)

    def after(parsed: dict[str, Any], **_: Any) -> None:
        if parsed["ResponseMetadata"]["HTTPStatusCode"] < 300:
            path = unquote(urlsplit(sent.get().url).path)
            succeeded(sent.get().method, path.lstrip("/").partition("/")[2], _metadata(sent.get().headers))

    s3.meta.events.register("before-send.s3", before)
    s3.meta.events.register("after-call.s3", after)


def _metadata(headers: Mapping[str, str | bytes]) -> dict[str, str]:
    texts = {name.lower(): text if isinstance(text, str) else text.decode() for name, text in headers.items()}
    return {name.removeprefix(METADATA): text for name, text in texts.items() if name.startswith(METADATA)}
