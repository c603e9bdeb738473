"""Badge and PIN on a shared tablet: short sessions, for the roles the site names, on tablets the site enrolled.

The badge's number is kept as a keyed hash, the PIN by argon2id. A session opened in this way never signs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onelot.app.context import ANYWHERE, Actor
from onelot.app.sign_in.box import Box
from onelot.app.sign_in.passwords import Passwords
from onelot.app.sign_in.sessions import digest
from onelot.app.sign_in.settings import Badge
from onelot.record.errors import NotAllowed

SHORTEST_PIN, LONGEST_PIN = 6, 12
_BADGE, _OF, _TABLET = "badge", "badge-of", "tablet"


@dataclass(frozen=True)
class Tablet:
    """A shared tablet: its id (opens nothing), its name, its site, who enrolled it and when."""

    id: str
    name: str
    site: str
    by: str
    at: str


def check_pin(pin: str) -> None:
    """Refuse a PIN that is too short, or one of those tried first."""
    digits = [int(each) for each in pin] if pin.isascii() and pin.isdigit() else []
    steps = {second - first for first, second in zip(digits, digits[1:], strict=False)}
    if not SHORTEST_PIN <= len(digits) <= LONGEST_PIN or len(set(digits)) < 3 or steps in ({1}, {-1}):
        raise NotAllowed(
            "this PIN is too easy",
            rule=f"{SHORTEST_PIN} to {LONGEST_PIN} digits, three of them different, not one after the other",
            remedy="choose another",
        )


class Badges:
    """Enrols badges and tablets, and says who a badge and a PIN are."""

    def __init__(self, box: Box, passwords: Passwords, clock: Callable[[], datetime]) -> None:
        self._box, self._passwords, self._clock = box, passwords, clock

    def enrol(self, login: str, badge: str, pin: str) -> None:
        """Give a person a badge and a PIN; they replace the ones before.

        Raises:
            NotAllowed: the badge is somebody else's, or the PIN is too easy.
        """
        check_pin(pin)
        number = _number(badge)
        name = self._box.mark("badge", number)
        found = self._box.get(_BADGE, name)
        if found is not None and found[0]["login"] != login:
            raise _taken()
        before = self._box.get(_OF, login)
        value = {"login": login, "pin": self._passwords.hashed(pin), "at": self._clock().isoformat()}
        if not self._box.swap(_BADGE, name, found[1] if found else None, value):
            raise _taken()
        self._box.put(_OF, login, {"badge": name})
        if before is not None and before[0]["badge"] != name:
            self._box.remove(_BADGE, before[0]["badge"])

    def has(self, login: str) -> bool:
        """Whether this person has a badge."""
        return self._box.has(_OF, login)

    def remove(self, login: str) -> bool:
        """Forget a person's badge; whether there was one."""
        found = self._box.get(_OF, login)
        if found is None:
            return False
        self._box.remove(_BADGE, found[0]["badge"])
        return self._box.remove(_OF, login)

    def owner(self, badge: str) -> str | None:
        """Whose badge it is."""
        found = self._box.get(_BADGE, self._box.mark("badge", badge.strip())) if badge.strip() else None
        return str(found[0]["login"]) if found else None

    def fits(self, badge: str, pin: str) -> bool:
        """Whether the PIN belongs to the badge; as slow for a badge that nobody has."""
        found = self._box.get(_BADGE, self._box.mark("badge", badge.strip()))
        return self._passwords.fits(found[0]["pin"] if found else None, pin)

    def add_tablet(self, name: str, site: str, by: str) -> tuple[str, Tablet]:
        """Enrol a tablet; its token is told once."""
        token = secrets.token_urlsafe(32)
        tablet = Tablet(secrets.token_hex(8), name, site, by, self._clock().isoformat())
        self._box.put(_TABLET, digest(token), vars(tablet))
        return token, tablet

    def tablet(self, token: str) -> Tablet | None:
        """The tablet with this token."""
        found = self._box.get(_TABLET, digest(token)) if token else None
        return Tablet(**found[0]) if found else None

    def tablets(self) -> list[Tablet]:
        """Every enrolled tablet."""
        return sorted((Tablet(**value) for _, value in self._tablets()), key=lambda each: (each.site, each.name))

    def remove_tablet(self, id_: str) -> bool:
        """Forget a tablet; whether there was one."""
        return any(self._box.remove(_TABLET, name) for name, value in self._tablets() if value["id"] == id_)

    def _tablets(self) -> list[tuple[str, dict[str, Any]]]:
        found = ((name, self._box.get(_TABLET, name)) for name in self._box.names(_TABLET))
        return [(name, value[0]) for name, value in found if value is not None]


def roles_by_badge(settings: Badge | None, tablet: Tablet, actor: Actor) -> frozenset[str]:
    """The roles this person may act in on this tablet; none where the site does not allow it."""
    if settings is None or not (tablet.site in actor.sites or ANYWHERE in actor.sites):
        return frozenset()
    return actor.roles & frozenset(settings.sites.get(tablet.site, ()))


def _number(badge: str) -> str:
    number = badge.strip()
    if not 4 <= len(number) <= 128 or not number.isprintable():
        raise NotAllowed(
            "this is no badge number",
            rule="4 to 128 printable characters, as the reader types them",
            remedy="hold the badge to the reader again",
        )
    return number


def _taken() -> NotAllowed:
    return NotAllowed(
        "this badge belongs to somebody else",
        rule="a badge names one person",
        remedy="take your own badge, or ask the user administrator to take it from its owner",
    )
