"""Who may use the console: browsers that were given the printed address, and pages that it served itself.

A page elsewhere can make a browser send requests to this machine. It doesn't know the token, gets no cookie
sent along (`SameSite=Strict`), and names itself in `Origin`; a name of its own that it lets point to this
machine shows in `Host`. OWASP's "Cross-Site Request Forgery Prevention Cheat Sheet" tells more.
"""

import hmac
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PARAMETER = "token"
"""Name of the parameter of the printed address."""

_READING = ("GET", "HEAD")
_POLICY_VIOLATION = 1008  # https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1

_WELCOME = '<!doctype html><title>Lookalike</title><meta http-equiv="refresh" content="0; url=/">'
"""Leads on by itself: a redirect that comes from elsewhere would be sent without the strict cookie."""


class Guard:
    """Lets through what the console's own pages send, and refuses everything else."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        """Guard an app.

        Args:
            app: what is guarded.
            token: opens it once; a cookie opens it from then on.
            port: where the console listens on the loopback interface.
        """
        self._app = app
        self._token = token
        self._cookie = f"lookalike-{port}"
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        # The framework compiles its templates in the page, and writes styles into it.
        self._content_policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
            f"connect-src 'self' {' '.join(f'ws://{host}' for host in self._hosts)}; "
            "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, welcome or pass on, as ASGI has it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        method = scope.get("method", "")
        if reason := why_refused(headers, method, self._hosts):
            return await _refuse(scope, receive, send, reason)
        if scope["type"] == "http" and self._is_given(_parameter(scope, PARAMETER)):
            return await self._welcome()(scope, receive, send)
        if not self._is_given(_read_cookie(headers.get("cookie", ""), self._cookie)):
            return await _refuse(
                scope, receive, send, "Open the address that `lookalike console` printed: it lets you in."
            )

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                guarded = MutableHeaders(scope=message)
                guarded["Content-Security-Policy"] = self._content_policy
                guarded["Referrer-Policy"] = "same-origin"
                guarded["X-Content-Type-Options"] = "nosniff"
                guarded["Cross-Origin-Resource-Policy"] = "same-origin"
                guarded["Cross-Origin-Opener-Policy"] = "same-origin"
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except RuntimeError as error:
            # Starlette's way to say that the browser has left meanwhile.
            if str(error) != "No response returned.":
                raise

    def _is_given(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self._token.encode())

    def _welcome(self) -> Response:
        response = HTMLResponse(_WELCOME, headers={"Cache-Control": "no-store"})
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return response


def why_refused(headers: Headers, method: str, hosts: Collection[str]) -> str | None:
    """Why a request can't come from a page of the console's own; None if it can.

    Args:
        headers: of the request.
        method: of HTTP; empty for a websocket.
        hosts: what the console is called.
    """
    if headers.get("host") not in hosts:
        return f"The console answers to {' and '.join(hosts)} alone."
    origin = headers.get("origin")
    if origin is None and method in _READING:
        return None
    if origin not in [f"http://{host}" for host in hosts]:
        return "The console takes requests from its own pages alone."
    return None


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason})
    else:
        await PlainTextResponse(reason, status_code=403)(scope, receive, send)


def _parameter(scope: Scope, name: str) -> str:
    return str(parse_qs(scope["query_string"].decode("latin-1")).get(name, [""])[0])


def _read_cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return str(morsel.value) if morsel else ""
