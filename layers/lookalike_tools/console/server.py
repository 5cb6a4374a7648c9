"""The console's server: pages on the loopback interface, for one person and one stack."""

import asyncio
import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from secrets import token_urlsafe

import uvicorn
from fastapi import FastAPI
from nicegui import Client, run, ui
from nicegui import app as nicegui_app
from starlette.formparsers import MultiPartParser

from lookalike.vision.images import MAX_BYTES
from lookalike_tools.console.guard import PARAMETER, Guard
from lookalike_tools.console.pages import register
from lookalike_tools.console.stack.pictures import Pictures
from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.widgets.layout import STYLE
from lookalike_tools.live.stack import Stack

HOST = "127.0.0.1"
LOOK_SECONDS = 2.0
"""Between two looks at the stack, while a page is open."""


def serve(stack: Stack, port: int | None, say: Callable[[str], object], *, open_browser: bool) -> None:
    """Serve the console until it is interrupted.

    Args:
        stack: the live stack.
        port: on the loopback interface; a free one if None.
        say: is told the address, once it answers.
        open_browser: whether to open it there.
    """
    with socket.create_server((HOST, port or 0)) as listener:
        port = listener.getsockname()[1]
        token = token_urlsafe(24)
        address = f"http://{HOST}:{port}/?{PARAMETER}={token}"
        server = uvicorn.Server(
            uvicorn.Config(Guard(make_app(stack), token, port), log_level="error", access_log=False)
        )

        def tell() -> None:
            say(address)
            if open_browser:
                webbrowser.open(address)

        # The listener takes connections already: who comes early waits.
        threading.Timer(0, tell).start()
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def make_app(stack: Stack) -> FastAPI:
    """The console of a stack, as an ASGI app without a guard. A process has one."""
    # Photos stay in memory while they are received: larger parts would go to files.
    MultiPartParser.spool_max_size = MAX_BYTES + 1
    survey, pictures = Survey(stack), Pictures(stack)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(pictures.router)
    ui.add_css(STYLE, shared=True)
    register(survey, pictures)
    ui.run_with(
        app,
        title="Lookalike",
        dark=None,
        tailwind=False,
        language="en-US",
        show_welcome_message=False,
        # Compressing takes longer than a loopback interface does.
        gzip_middleware_factory=None,
    )
    nicegui_app.on_startup(partial(_keep_looking, survey))
    return app


async def _keep_looking(survey: Survey) -> None:
    """Look at the stack while somebody looks at a page."""
    while True:
        if not survey.looks or any(client.has_socket_connection for client in Client.instances.values()):
            await run.io_bound(survey.refresh)
            while survey.waiting and not survey.trouble:
                await run.io_bound(survey.read_more)
        await asyncio.sleep(LOOK_SECONDS)
