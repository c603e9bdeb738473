"""How often somebody may ask: per session and per address, in memory of fixed size (`app.sign_in.limits`).

Generous to people and to a plant behind one address, narrow to a program that copies everything. HOME/sign-in.json
sets both; this machine's own address is not counted, since a proxy of the site stands there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from onelot.app.sign_in.limits import Limits, TooOften
from onelot.app.sign_in.settings import Settings

_HERE = ("127.0.0.1", "::1")


class Rates:
    """Counts requests. Any number of threads may ask."""

    def __init__(self, clock: Callable[[], datetime], settings: Settings) -> None:
        self._settings = settings
        self._sessions = Limits(clock, settings.requests_per_minute)
        self._addresses = Limits(clock, settings.address_requests_per_minute)

    def ask(self, token: str, address: str) -> None:
        """Count one request.

        Raises:
            TooOften: the session, or the address, has to wait.
        """
        try:
            self._sessions.begin(sha256(token.encode()).hexdigest() if token else "")
        except TooOften as cause:
            raise _wait("session", self._settings.requests_per_minute) from cause
        try:
            self._addresses.begin("" if address in _HERE else address)
        except TooOften as cause:
            raise _wait("address", self._settings.address_requests_per_minute) from cause


def _wait(what: str, most: int) -> TooOften:
    return TooOften(
        f"too many requests from this {what}",
        rule=f"at most {most} requests a minute from one {what} (HOME/sign-in.json)",
        remedy="wait a minute, then go on",
    )
