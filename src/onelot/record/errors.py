"""Every refusal of the house, one tree.

OnelotError                 what, by which rule, what to do now, and where (exit 1)
├── Refused                 a rule of the house said no
│   ├── OutOfOrder          the life table of the subject does not allow this event now
│   ├── NotAllowed          the person may not do this (role, own work, second person, signature)
│   ├── Mismatch            two identities that must agree do not
│   ├── Held                something that must be known is missing, outdated or stale
│   └── Conflict            somebody else was faster: version moved on, or the claim is taken
├── BadInput                what came in cannot be read; place says file, path or line
├── Broken                  a chain, seal, signature or commitment does not verify
├── Erased                  the key to this value has been destroyed
└── Unreachable             the outside world does not answer (exit 3)
"""

from __future__ import annotations

from functools import partial
from typing import Any

# A refusal tells of what it refuses and never repeats it whole: a hostile file may be all one word.
MOST = 4_000


def _said(text: str) -> str:
    """The beginning of a text; half a character of a hostile file becomes a question mark, or nobody could send it."""
    return text[:MOST].encode("utf-8", "replace").decode()


class OnelotError(Exception):
    """A refusal that tells a person what happened, by which rule, and what to do now.

    Args:
        what: what was refused or went wrong, one sentence.
        rule: the rule, clause or limit that says so, e.g. "21 CFR 11.200(a)" or "recipe cd19-kg/1 limit dose".
        remedy: what the reader can do now.
        place: where the cause lies: file, FHIR path, VCF line, stream and event number.
    """

    exit_code = 1

    def __init__(self, what: str, *, rule: str, remedy: str, place: str | None = None) -> None:
        self.what, self.rule, self.remedy = _said(what), _said(rule), _said(remedy)
        self.place = _said(place) if place is not None else None
        super().__init__(self.what)

    def __reduce__(self) -> tuple[Any, ...]:
        # So that a refusal made in another process arrives as itself.
        return partial(type(self), self.what, rule=self.rule, remedy=self.remedy, place=self.place), ()

    def as_dict(self) -> dict[str, str | None]:
        """The refusal as plain fields for JSON output."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "rule": self.rule,
            "remedy": self.remedy,
            "place": self.place,
        }

    def __str__(self) -> str:
        at = f" [{self.place}]" if self.place else ""
        return f"{self.what}{at}\n  rule: {self.rule}\n  now:  {self.remedy}"


class Refused(OnelotError):
    """A rule of the house said no."""


class OutOfOrder(Refused):
    """The life table of the subject does not allow this event now."""


class NotAllowed(Refused):
    """The person may not do this: role, own work, second person, signature."""


class Mismatch(Refused):
    """Two identities that must agree do not."""


class Held(Refused):
    """Something that must be known is missing, outdated or stale."""


class Conflict(Refused):
    """Somebody else was faster: the version moved on, or the claim is taken."""


class BadInput(OnelotError):
    """What came in cannot be read; `place` says file, path or line."""


class Broken(OnelotError):
    """A chain, seal, signature or commitment does not verify."""


class Erased(OnelotError):
    """The key to this value has been destroyed."""


class Unreachable(OnelotError):
    """The outside world does not answer."""

    exit_code = 3
