"""Overlays: FHIR resources marked synthetic that complete a patient for a demonstration, on a clock of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

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


def read_overlays(path: Path | str) -> Mapping[str, Overlay]:
    """Overlays by the id of the Patient they belong to.

    Raises:
        BadInput: not an overlay file, not marked synthetic, or a resource that is not FHIR R4.
    """
    path = Path(path)
    file = read_json(path)
    value = file.value
    if not isinstance(value, dict) or value.get("format") != FORMAT or value.get("synthetic") is not True:
        raise BadInput(
            f"{path.name} is no overlay",
            rule=f"an overlay says format {FORMAT} and synthetic true",
            remedy="supply an overlay file, and mark it synthetic: it is never a patient's own data",
            place=f"{path}#/format",
        )
    found = {}
    for number, each in enumerate(value["patients"]):
        overlay = _overlay(each, f"/patients/{number}", file.sha256, str(path))
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


def _overlay(each: Mapping[str, Any], pointer: str, source: str, place: str) -> Overlay:
    resources = []
    for number, body in enumerate(each["resources"]):
        where = f"{pointer}/resources/{number}"
        validate(body["resourceType"], body, f"{place}#{where}")
        subject = body.get("subject", body.get("patient", {})).get("reference")
        if subject != f"Patient/{each['patient']}":
            raise BadInput(
                "a resource of the overlay is about somebody else",
                rule="facts of two people never meet in one profile",
                remedy="correct its subject",
                place=f"{place}#{where}",
            )
        resources.append(Resource(body["resourceType"], where, source, body, synthetic=True))
    now = instant(each["now"])
    if now is None:
        raise BadInput(
            "the clock cannot be read", rule=FORMAT, remedy="write `now` in UTC", place=f"{place}#{pointer}/now"
        )
    return Overlay(each["patient"], now, each["expected"], each["reason"], tuple(resources))
