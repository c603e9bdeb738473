"""Overlays: FHIR resources marked synthetic that complete a patient for a demonstration, on a clock of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from onelot.adapters.fhir.bundle import validate
from onelot.adapters.json_file import read_json
from onelot.profile.document import Document, Resource
from onelot.profile.statement import instant
from onelot.record.errors import BadInput, Mismatch

FORMAT = "onelot-overlay/1"


@dataclass(frozen=True)
class Overlay:
    """What completes one patient: FHIR id of the Patient, clock, resources, and the end to be expected."""

    patient: str
    now: datetime
    expected: str
    reason: str
    resources: tuple[Resource, ...]


def read_overlays(folder: Path | str) -> Mapping[str, Overlay]:
    """Overlays by the id of the Patient they belong to, from a folder with one file per patient.

    One file per patient, since its digest is the source of the facts: no two people share a source.

    Raises:
        BadInput: not an overlay file, not marked synthetic, or a resource that is not FHIR R4.
    """
    found = {}
    for path in sorted(Path(folder).glob("*.json")):
        overlay = _overlay(path)
        found[overlay.patient] = overlay
    return found


def apply_overlay(document: Document, overlay: Overlay) -> Document:
    """The document with the overlay's resources added; each keeps the overlay's digest and place, marked synthetic.

    Raises:
        Mismatch: the overlay belongs to another patient.
    """
    patient = next(document.of("Patient"), None)
    if patient is None or patient.body.get("id") != overlay.patient:
        raise Mismatch(
            "the overlay belongs to another patient",
            rule="facts of two people never meet in one profile",
            remedy="apply the overlay that names this Patient.id",
            place=patient.pointer if patient else "/entry",
        )
    return replace(document, resources=(*document.resources, *overlay.resources))


def _overlay(path: Path) -> Overlay:
    file = read_json(path)
    each = file.value
    if not isinstance(each, dict) or each.get("format") != FORMAT or each.get("synthetic") is not True:
        raise BadInput(
            f"{path.name} is no overlay",
            rule=f"an overlay says format {FORMAT} and synthetic true",
            remedy="supply an overlay file, and mark it synthetic: it is never a patient's own data",
            place=f"{path}#/format",
        )
    resources = []
    for number, body in enumerate(each["resources"]):
        where = f"/resources/{number}"
        validate(body["resourceType"], body, f"{path}#{where}")
        subject = body.get("subject", body.get("patient", {})).get("reference")
        if subject != f"Patient/{each['patient']}":
            raise BadInput(
                "a resource of the overlay is about somebody else",
                rule="facts of two people never meet in one profile",
                remedy="correct its subject",
                place=f"{path}#{where}",
            )
        resources.append(Resource(body["resourceType"], where, file.sha256, body, synthetic=True))
    now = instant(each["now"])
    if now is None:
        raise BadInput("the clock cannot be read", rule=FORMAT, remedy="write `now` in UTC", place=f"{path}#/now")
    return Overlay(each["patient"], now, each["expected"], each["reason"], tuple(resources))
