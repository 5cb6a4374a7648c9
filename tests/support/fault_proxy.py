"""A proxy in front of the emulated AWS that breaks what it is told to break, on real connections."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from lookalike_tools.local.emulator import HOST

Kind = Literal["hang", "reset", "lost answer", "cut answer", "400", "409", "412", "500", "503"]
CODES = {
    "400": "ExpiredToken",
    "409": "ConditionalRequestConflict",
    "412": "PreconditionFailed",
    "500": "InternalError",
    "503": "SlowDown",
}


class FaultProxy:
    """Passes requests on, but for those that match a fault.

    Attributes:
        url: where it answers.
        requests: method and path of all requests so far.
        broken: how many of them were broken.
        hanging: set when a request hangs.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[tuple[str, str]] = []
        self.broken = 0
        self.hanging = threading.Event()
        self._faults: list[tuple[Callable[[str, str], bool], Kind, int]] = []
        self._released = threading.Event()
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://{HOST}:{self._server.server_port}"

    def break_(self, method: str, path: str, kind: Kind, times: int = 1_000_000) -> None:
        """Break the next requests of a method ("" for any) whose path, or action, holds a text."""
        self._faults.append((lambda m, p: method in ("", m) and path in p, kind, times))

    def mend(self) -> None:
        """Break nothing any more."""
        self._faults.clear()
        self._released.set()
        self._released = threading.Event()
        self.hanging.clear()

    @contextmanager
    def running(self) -> Iterator["FaultProxy"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield self
        self.mend()
        self._server.shutdown()
        self._server.server_close()

    def _fault(self, method: str, path: str, action: str) -> Kind | None:
        self.requests.append((method, path))
        for index, (matches, kind, times) in enumerate(self._faults):
            if times and (matches(method, path) or matches(method, action)):
                self._faults[index] = matches, kind, times - 1
                self.broken += 1
                return kind
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle_expect_100(self) -> bool:
                super().handle_expect_100()
                self.wfile.flush()
                return True

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                kind = proxy._fault(self.command, self.path, self.headers.get("X-Amz-Target", ""))
                if kind == "hang":
                    proxy.hanging.set()
                    proxy._released.wait(60)
                    return self.reset()
                if kind == "reset":
                    return self.reset()
                if kind in CODES:
                    error = f"<Error><Code>{CODES[kind]}</Code><Message>broken on purpose</Message></Error>"
                    return self.send(int(kind), [("Content-Type", "application/xml")], error.encode())
                connection = http.client.HTTPConnection(HOST, proxy.port, timeout=60)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                data = answer.read()
                connection.close()
                if kind == "lost answer":
                    return self.reset()
                headers = [
                    h for h in answer.getheaders() if h[0].lower() not in ("connection", "transfer-encoding")
                ]
                if kind == "cut answer":
                    self.send(answer.status, headers, data[: len(data) // 2])
                    return self.reset()
                return self.send(answer.status, headers, data)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

            def send(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in headers):
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def reset(self) -> None:
                self.wfile.flush()
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True

        return Handler
