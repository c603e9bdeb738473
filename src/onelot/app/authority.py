"""Who may do what: the role table, read from data; deny by default."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson

from onelot.app.context import Actor
from onelot.record.errors import NotAllowed


@cache
def table() -> dict[str, dict[str, object]]:
    """The role table: `roles` (name -> title, personal data or not), `commands` and `pages` (name -> roles)."""
    found: dict[str, dict[str, object]] = orjson.loads((files("onelot") / "data" / "roles.json").read_bytes())
    return found


def title(role: str) -> str:
    """A role as people say it: `Qualified person`."""
    found = table()["roles"].get(role, {})
    return str(found.get("title", role)) if isinstance(found, dict) else role


@cache
def roles_for(command: str) -> frozenset[str]:
    """The roles that may give this command; none for a command the table does not name."""
    found = table()["commands"].get(command, [])
    return frozenset(str(role) for role in found) if isinstance(found, list) else frozenset()


@cache
def roles_of_page(page: str) -> frozenset[str]:
    """The roles that may open this page of the screens; none for a page the table does not name."""
    found = table()["pages"].get(page, [])
    return frozenset(str(role) for role in found) if isinstance(found, list) else frozenset()


def check(command: str, actor: Actor) -> None:
    """Refuse unless one of the actor's roles may give the command."""
    allowed = roles_for(command)
    if not allowed & actor.roles:
        raise NotAllowed(
            f"{actor.printed_name} may not {_words(command)}",
            rule=f"role table: {command} is for {', '.join(sorted(allowed)) or 'nobody'}",
            remedy="ask somebody with that role, or the user administrator",
        )


def sees_personal_data(actor: Actor) -> bool:
    """Whether one of the actor's roles needs to see who the patient is, or health values."""
    roles = table()["roles"]
    return any(bool(roles.get(role, {}).get("personal_data")) for role in actor.roles)  # type: ignore[attr-defined]


def _words(command: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in command).strip()
