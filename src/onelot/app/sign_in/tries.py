"""A try at a secret: counted before it is looked at, by address and by name; logged when it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from onelot.app.sign_in.limits import Limits
from onelot.app.sign_in.locks import SIGNING, Locks
from onelot.app.sign_in.security_log import NOWHERE, SecurityLog, Where
from onelot.record.errors import NotAllowed


@dataclass
class Tried:
    """A try being looked at: wrong, until somebody says it was right."""

    right: bool = False


@dataclass(frozen=True)
class Tries:
    """Locks, limits and log together."""

    locks: Locks
    limits: Limits
    log: SecurityLog

    def begin(self, what: str, login: str, where: Where, *, known: bool = True) -> None:
        """Count a try before it is looked at.

        Raises:
            NotAllowed: the name is locked, or the address must wait.
        """
        try:
            self.limits.begin(where.address)
            self.locks.begin(what, login, known=known)
        except NotAllowed as refusal:
            self.log.write("refused", login if known else "", where, how=what, why=refusal.what)
            raise

    def right(self, what: str, login: str, where: Where) -> None:
        """The try was right: it is not counted."""
        self.locks.right(what, login)
        self.limits.right(where.address)

    def wrong(self, what: str, login: str, where: Where, *, known: bool = True) -> None:
        """The try was wrong: it is logged, and may lock."""
        locked = self.locks.wrong(what, login, known=known)
        self.log.write("locked" if locked else "refused", login if known else "", where, how=what, why="wrong")

    @contextmanager
    def signing(self, login: str, where: Where = NOWHERE) -> Iterator[Tried]:
        """Count a signing password that is about to be looked at; the caller says in `right` whether it was right.

        Raises:
            NotAllowed: too many were wrong (21 CFR 11.300(d)).
        """
        tried = Tried()
        self.locks.begin(SIGNING, login)
        try:
            yield tried
        finally:
            if tried.right:
                self.locks.right(SIGNING, login)
            else:
                self.wrong(SIGNING, login, where)
