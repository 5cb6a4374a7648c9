"""The emulator's process: serves MiniStack on an inherited socket until its standard input closes.

    python -P server.py FILE_DESCRIPTOR CONCURRENT_REQUESTS

Run as a file, not as a module of the package, so that it imports nothing but the emulator.
"""

import asyncio
import os
import shutil
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[..., Awaitable[None]]


def end_with_parent() -> None:
    """Wait until the parent closes our standard input, then kill this process and the functions' processes.

    If the parent is killed, the kernel closes it: nothing stays behind.
    """
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpid(), signal.SIGKILL)


def queue_requests(app: App, limit: int) -> App:
    """Let at most `limit` API requests in at once; the others wait.

    Lambda gives each concurrent request an environment of its own, and so does MiniStack: a burst would load
    the model into a new process for every request, or be refused.
    """
    slots = asyncio.Semaphore(limit)

    async def queued(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/_aws/execute-api/"):
            async with slots:
                await app(scope, receive, send)
        else:
            await app(scope, receive, send)

    return queued


def main() -> None:
    """Serve until the parent ends."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    # These are slow to import: the parent may end meanwhile.
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    asyncio.run(serve(queue_requests(app, int(sys.argv[2])), config))


if __name__ == "__main__":
    main()
