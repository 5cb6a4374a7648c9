"""Lambda's side of the Lambda Runtime API, for one container.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from uuid import uuid4

PREFIX = "/2018-06-01/runtime"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:container-test"


class FunctionError(Exception):
    """What a function reported in place of an answer."""


class Invocation(NamedTuple):
    """An event on its way to a function, and the answer to come."""

    request_id: str
    event: bytes
    deadline_ms: int
    answer: Future[bytes]


class RuntimeApi:
    """Hands events to the runtime client in a container, and takes its answers."""

    def __init__(self) -> None:
        """Nothing is invoked yet, and no client has asked."""
        self.address = ""
        self.ready: Future[float] = Future()
        """`time.time()` at the client's first request for an event; the error it reported instead."""
        self._waiting: queue.Queue[Invocation] = queue.Queue()
        self._running: dict[str, Invocation] = {}

    def invoke(self, event: dict[str, Any], timeout: float) -> Any:
        """What the function answers to an event.

        Raises:
            FunctionError: it raised, or its container ended.
            TimeoutError: it took longer than `timeout` seconds.
        """
        deadline_ms = int((time.time() + timeout) * 1000)
        invocation = Invocation(str(uuid4()), json.dumps(event).encode(), deadline_ms, Future())
        self._waiting.put(invocation)
        return json.loads(invocation.answer.result(timeout))

    def next(self) -> Invocation:
        """The next event, once there is one."""
        if not self.ready.done():
            self.ready.set_result(time.time())
        invocation = self._waiting.get()
        self._running[invocation.request_id] = invocation
        return invocation

    def take(self, path: str, body: bytes) -> None:
        """Take what the client posts: an answer, a function's error, or an error before the first event."""
        match path.split("/"):
            case ["invocation", request_id, "response"]:
                self._running.pop(request_id).answer.set_result(body)
            case ["invocation", request_id, "error"]:
                self._running.pop(request_id).answer.set_exception(FunctionError(body.decode()))
            case ["init", "error"]:
                self.fail(body.decode())
            case _:
                raise LookupError(path)

    def fail(self, reason: str) -> None:
        """Let no one wait any longer for a container that has ended."""
        if not self.ready.done():
            self.ready.set_exception(FunctionError(reason))
        for invocation in self._running.values():
            invocation.answer.set_exception(FunctionError(reason))


@contextmanager
def running_api() -> Iterator[RuntimeApi]:
    """Serve a Runtime API on a free port of the loopback interface."""
    api = RuntimeApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path != f"{PREFIX}/invocation/next":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            invocation = api.next()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(invocation.event)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
            self.end_headers()
            self.wfile.write(invocation.event)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                api.take(self.path.removeprefix(f"{PREFIX}/"), body)
            except LookupError:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.ACCEPTED)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """The tests say what went wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.address = f"127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever).start()
        try:
            yield api
        finally:
            server.shutdown()
