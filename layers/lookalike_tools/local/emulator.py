"""An emulated AWS on the loopback interface: MiniStack as a child process."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.errors import LookalikeError

HOST = "127.0.0.1"
REGION = "us-east-1"
CREDENTIALS: Any = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

# Each request gets a process with a model of its own; more of them than cores wait for each other.
CONCURRENT_REQUESTS = min(4, os.cpu_count() or 1)


class LocalStackError(LookalikeError):
    """The local stack can't be started, or stopped by itself."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def endpoint_url(self) -> str:
        """Where all of its services answer."""
        return f"http://{HOST}:{self.port}"

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def running_emulator(port: int | None = None, *, auth: bool = False) -> Iterator[Emulator]:
    """Run MiniStack; it stops with all its processes at the end of the block, or when this process dies.

    Args:
        port: TCP port on the loopback interface; a free one if None.
        auth: enforce IAM, with the functions' roles.

    Raises:
        LocalStackError: the port is taken, or the emulator does not start.
    """
    with (
        tempfile.TemporaryDirectory(prefix="lookalike-local-", ignore_cleanup_errors=True) as directory,
        _listen(port) as listener,
        Path(directory, "emulator.log").open("wb") as log,
    ):
        bound_port = listener.getsockname()[1]
        process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                str(Path(__file__).with_name("server.py")),
                str(listener.fileno()),
                str(CONCURRENT_REQUESTS),
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(bound_port, directory, auth=auth),
            pass_fds=[listener.fileno()],
            # Ctrl-C in the terminal reaches only us; killing the group kills the functions' processes too.
            start_new_session=True,
        )
        try:
            listener.close()
            emulator = Emulator(bound_port, process, Path(log.name))
            _wait_until_healthy(emulator)
            yield emulator
        finally:
            process.communicate()


def _listen(port: int | None) -> socket.socket:
    try:
        return socket.create_server((HOST, port or 0))
    except OSError as error:
        raise LocalStackError(
            f"can't listen on port {port}: {os.strerror(error.errno or 0).lower()}; "
            "stop what uses it, or choose another with --port"
        ) from None


def _environment(port: int, directory: str, *, auth: bool) -> dict[str, str]:
    """What the emulator and the functions see: no AWS profile, region or proxy of this shell."""
    kept = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": str(auth).lower(),
        "TMPDIR": directory,
        # Else it removes containers that another MiniStack left in Docker, and listens for MQTT.
        "DOCKER_HOST": f"unix://{directory}/no-docker.sock",
        "IOT_MTLS_ENABLED": "0",
    }


def _wait_until_healthy(emulator: Emulator) -> None:
    # The socket listens already: the request waits in its backlog until the emulator is up.
    connection = http.client.HTTPConnection(HOST, emulator.port, timeout=60)
    try:
        connection.request("GET", "/_ministack/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise LocalStackError(f"the emulator did not start ({error}):\n{emulator.log_tail()}") from None
    finally:
        connection.close()
    if status != http.client.OK:
        raise LocalStackError(f"the emulator is not healthy ({status}):\n{emulator.log_tail()}")
