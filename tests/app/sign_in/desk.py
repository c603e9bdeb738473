"""A desk over a safe in memory, a clock that is set by hand, and three people."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from onelot.adapters.safe import MemorySafe, Safe
from onelot.app.context import Actor
from onelot.app.sign_in import SecurityLog, Settings, SignIn
from onelot.record.errors import NotAllowed

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "four words sign me in"
START = datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC)
PEOPLE = {
    "nina": Actor("person/nina", "Nina Nurse", frozenset({"bedside_nurse"}), frozenset({"north"})),
    "omar": Actor("person/omar", "Omar Operator", frozenset({"operator", "qc"}), frozenset({"plant"})),
    "root": Actor("person/root", "Root", frozenset({"user_administrator"})),
}


class FarSafe(MemorySafe):
    """A safe as far away as a database: between reading and writing, others come."""

    def get(self, kind: str, name: str) -> bytes | None:
        found = super().get(kind, name)
        time.sleep(0.005)
        return found


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def on(self, **more: float) -> None:
        self.now += timedelta(**more)


def actor_of(login: str) -> Actor:
    if login not in PEOPLE:
        raise NotAllowed("may not act here", rule="registered people", remedy="ask")
    return PEOPLE[login]


def desk(
    clock: Callable[[], datetime], safe: Safe | None = None, log: SecurityLog | None = None, **given: Any
) -> SignIn:
    made = SignIn(
        MemorySafe() if safe is None else safe, clock, QUICK, settings=Settings.model_validate(given),
        key=b"k" * 32, actor_of=actor_of, log=log,
    )  # fmt: skip
    for login in PEOPLE:
        if not made.passwords.known(login):
            made.set_password(login, PASSWORD)
    return made
