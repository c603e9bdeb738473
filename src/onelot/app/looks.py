"""Every look at personal data leaves a line, whichever page it was: the vault behind the doors writes it itself.

Once a patient and request, before the value is given. What a command opens for its own arithmetic is no look.
"""

from __future__ import annotations

from collections.abc import Callable

from onelot.adapters.vault import Identity, Vault
from onelot.record.errors import NotAllowed
from onelot.record.journal import Payload
from onelot.record.terms.opened import Value
from onelot.record.terms.values import Sealed

# Logs one look: (stream, what). Refuses when nobody was recognised.
Noted = Callable[[str, str], None]


class LoggedVault(Vault):
    """The vault as screens and the API are given it."""

    def __init__(self, whole: Vault, noted: Noted) -> None:
        self.__dict__.update(whole.__dict__)
        self._noted = noted

    def open(self, sealed: Sealed, payload: Payload | None) -> Value:
        """The value behind a seal; the look is logged first."""
        self._noted(f"patient/{sealed.patient}", "health values")
        return super().open(sealed, payload)

    def identify(self, patient: str) -> Identity:
        """Who the patient is; the look is logged first."""
        self._noted(f"patient/{patient}", "identity")
        return super().identify(patient)


def nobody() -> NotAllowed:
    """A value was asked for before anybody was recognised."""
    return NotAllowed(
        "nobody was recognised who could look at this",
        rule="each look at personal data is logged with who looked",
        remedy="sign in",
    )
