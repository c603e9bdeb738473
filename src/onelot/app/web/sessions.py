"""Who is signed in, as the screens see it; over the same sessions as the API."""

from __future__ import annotations

from dataclasses import dataclass

from onelot.app.api.doors import Doors
from onelot.app.context import Actor


@dataclass(frozen=True)
class Sessions:
    """The house's own sessions."""

    doors: Doors

    def sign_in(self, login: str, password: str) -> str:
        """A token for the right sign-in password."""
        token = self.doors.sign_in.open(login, password)
        self.doors.house.loop.actor(login)
        return token

    def actor_of(self, token: str) -> Actor:
        """The person behind a token; refuses when there is no such session."""
        return self.doors.sign_in.actor(token, self.doors.house.loop.actor)

    def sign_out(self, token: str) -> None:
        """End the session."""
        self.doors.sign_in.close(token)
