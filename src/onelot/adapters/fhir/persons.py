"""Who the patient is, in the clear: for the vault and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from onelot.profile.document import Document
from onelot.record.errors import BadInput


@dataclass(frozen=True)
class Identity:
    """Name, birth date (ISO, as precise as given), recorded sex, identifiers as (system, value)."""

    name: str
    birth_date: str
    sex: str
    identifiers: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        """Nothing of the person, so that it never lands in a log."""
        return "Identity(...)"


def identity_of(document: Document) -> Identity:
    """The person of this document's Patient.

    Raises:
        BadInput: no Patient, or one without a name or birth date: nobody could be told apart by it.
    """
    patient = next(document.of("Patient"), None)
    names = [one for one in patient.body.get("name", ()) if one.get("use") != "old"] if patient else []
    official = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    # A list of FHIR primitives may hold null where only an extension stands.
    parts = [*official.get("given", ()), official.get("family")]
    shown = official.get("text") or " ".join(part for part in parts if part).strip()
    if patient is None or not shown or not patient.body.get("birthDate"):
        raise BadInput(
            "the document names no patient with name and birth date",
            rule="a patient is identified by at least two identifiers",
            remedy="complete Patient.name and Patient.birthDate",
            place=f"{patient.pointer if patient else '/entry'}",
        )
    body = patient.body
    numbers = [(str(one.get("system", "")), str(one["value"])) for one in body.get("identifier", ()) if "value" in one]
    if body.get("id"):
        numbers.append(("id", str(body["id"])))
    return Identity(shown, str(body["birthDate"]), str(body.get("gender", "")), tuple(numbers))
