"""A body comes within a minute: whoever sends one a byte at a time holds no place that others wait for.

The server bounds how long a request's head may take, and how many connections it serves at once; not how long a body
may take. A thousand bodies that never end would be all that it serves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

# The largest body, 8 MiB, over a line of 1.2 Mbit/s.
BODY_WITHIN_S = 60.0
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class Patience:
    """ASGI middleware: waits for a body so long, and then refuses it as one that cannot be read."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. What comes after the body, that the asker has gone, is waited for without end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        until, whole = asyncio.get_running_loop().time() + BODY_WITHIN_S, False

        async def in_time() -> Scope:
            nonlocal whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                whole = True
                raise HTTPException(400) from None
            whole = not message.get("more_body", False)
            return message

        await self._app(scope, in_time, send)
