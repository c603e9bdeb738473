"""The second person proves that they are there; the doer's word for it is not enough (decision 0063).

A proof is asked by the loop, with the name that stands in the command, and says how that person proved it. The proof
by signing password is here; those by badge and by their own session are the desk's (`app.sign_in.witness`).
"""

from __future__ import annotations

from collections.abc import Callable

from onelot.adapters.keys import PersonKeys
from onelot.record.errors import NotAllowed
from onelot.record.subjects import Person

# Stream of the second person -> how they proved that they are there; raises NotAllowed.
Proof = Callable[[str], str]
BY_SIGNING_PASSWORD = "signing password"


def by_signing_password(keys: PersonKeys, person_of: Callable[[str], Person], password: str) -> Proof:
    """A proof by the second person's own signing password, under the key that is enrolled for them.

    person_of: who a sign-in name is on the record.
    """

    def prove(person: str) -> str:
        login = person.removeprefix("person/")
        key, _ = keys.open(login, password)
        if person_of(login).key != key:
            raise NotAllowed(
                "this key is not the one enrolled for the second person",
                rule="21 CFR 11.100: a key is unique to one person; enrolment is signed by the site",
                remedy="let the user administrator enrol their key",
            )
        return BY_SIGNING_PASSWORD

    return prove


def missing(person: str) -> NotAllowed:
    """The refusal where a second person is named and nothing proves that they are there."""
    return NotAllowed(
        f"{person} has not proven to be here",
        rule="second verifier: gives their own signing password, badge and PIN, or confirms in their own session",
        remedy="let your colleague look, and give their proof",
    )
