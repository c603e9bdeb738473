"""Write src/onelot/data/cohort/synthea/<Patient.id>.json: what completes the 12 Synthea patients for a demonstration.

Run from the checkout: `python scripts/synthea_overlays.py`. A test holds the committed files to this script's output.
Every resource is made up and labelled as test health data; clocks lie a few days after the newest real weight,
or within the same year where that is older: all of them play at one site, whose equipment stays qualified for two.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from onelot.twin.cohort import resources as fhir

TARGET = Path(__file__).resolve().parents[1] / "src/onelot/data/cohort/synthea"
PRODUCT = "cd19-per-kg"
SCOPES = ("collection", "manufacture", "genome_use", "follow_up")

# Patient.id, clock, sex, expected end, why, and what differs from an overlay that completes everything.
PATIENTS: tuple[tuple[str, datetime, str, str, str, dict[str, Any]], ...] = (
    ("c931bf62-c468-49f1-9ef7-93ccbc949a87", datetime(2020, 2, 20, 8, tzinfo=UTC), "male", "administered", "", {}),
    ("7aa15a43-3a41-4d3d-a9c5-7ef941757531", datetime(2020, 4, 6, 8, tzinfo=UTC), "female", "administered", "", {}),
    (
        "98671a34-1c6e-4569-a1bc-6ee40c8d03a5",
        datetime(2020, 8, 14, 8, tzinfo=UTC),
        "female",
        "administered",
        "",
        {"wbc": 6.8},
    ),
    (
        "71a8a403-9ec4-4677-96f6-5a1f53c89da0",
        datetime(2020, 8, 25, 8, tzinfo=UTC),
        "female",
        "administered",
        "",
        {"wbc": 5.8, "steroid_d": 14},
    ),
    (
        "b16cc087-d48a-4292-a78c-aba3e85e516e",
        datetime(2020, 11, 5, 8, tzinfo=UTC),
        "male",
        "administered",
        "",
        {"wbc": 6.1},
    ),
    (
        "d78af07c-9cb9-4f31-9b11-c45a28f2eec8",
        datetime(2020, 3, 16, 8, tzinfo=UTC),
        "male",
        "held",
        "the absolute lymphocyte count is too low to collect",
        {"weight": 84.1, "height": 168.8, "wbc": 2.4, "alc": 0.21},
    ),
    (
        "af62299e-c617-433e-a736-1470772d921f",
        datetime(2020, 3, 2, 8, tzinfo=UTC),
        "male",
        "held",
        "a systemic steroid was taken until the day before",
        {"weight": 88.7, "wbc": 5.8, "steroid_d": 1},
    ),
    (
        "05feb4fd-d431-4977-841c-50bd0afc0183",
        datetime(2020, 5, 18, 8, tzinfo=UTC),
        "female",
        "held",
        "dead since 1959, and so not measured since",
        {},
    ),
    (
        "deaa60ba-499a-4d3f-8b8f-78f10ae34c0e",
        datetime(2020, 10, 9, 8, tzinfo=UTC),
        "female",
        "held",
        "younger than the product's indication",
        {"wbc": 6.6},
    ),
    (
        "3d6cdb4d-8387-4e3d-97ca-f01c30122329",
        datetime(2020, 6, 8, 8, tzinfo=UTC),
        "male",
        "held",
        "no consent to the use of the genome, and a child",
        {"wbc": 5.2, "scopes": ("collection", "manufacture", "follow_up")},
    ),
    (
        "a539adfd-de8f-4cb5-bd45-a084b89be0e1",
        datetime(2020, 9, 25, 8, tzinfo=UTC),
        "female",
        "held",
        "the infection markers are outdated, and a child",
        {"wbc": 7.7, "markers_d": 60},
    ),
    (
        "a196b317-2719-4739-b449-4ac5ec4fce62",
        datetime(2021, 1, 6, 8, tzinfo=UTC),
        "male",
        "held",
        "the diagnosis is only suspected, and a child",
        {"wbc": 8.0, "suspected": True},
    ),
)


def overlay(who: str, now: datetime, sex: str, expected: str, reason: str, differs: dict[str, Any]) -> dict[str, Any]:
    """One patient's overlay as JSON values."""
    ordered, sampled = now - timedelta(hours=2), now - timedelta(days=1)
    diagnosis = fhir.condition(
        who, fhir.SNOMED, "109969005", "Diffuse non-Hodgkin's lymphoma, large cell", now - timedelta(days=120)
    )
    if differs.get("suspected"):
        diagnosis["verificationStatus"] = fhir.concept(
            f"{fhir.TERMS}/condition-ver-status", "provisional", "Provisional"
        )
    last_steroid = differs.get("steroid_d")
    found = [
        fhir.order(who, PRODUCT, ordered, f"OVERLAY-{who[:8]}"),
        fhir.consent(who, differs.get("scopes", SCOPES), sampled, now + timedelta(days=3 * 365)),
        diagnosis,
        fhir.scored(who, "ecog", "89247-1", "ECOG Performance Status score", 1, sampled),
        fhir.measured(
            who, "alc", "731-0", "Lymphocytes by Automated count", differs.get("alc", 1.2), "10*3/uL", sampled
        ),
        fhir.steroid_not_taken(who, sampled)
        if last_steroid is None
        else fhir.steroid_course(who, now - timedelta(days=30), now - timedelta(days=last_steroid)),
        *(
            fhir.marker(who, name, "negative", now - timedelta(days=differs.get("markers_d", 3)))
            for name in fhir.MARKERS
        ),
    ]
    if sex == "female":
        found.append(fhir.not_pregnant(who, sampled))
    for name, code, display, unit in (
        ("wbc", "6690-2", "Leukocytes by Automated count", "10*3/uL"),
        ("weight", "29463-7", "Body weight", "kg"),
        ("height", "8302-2", "Body height", "cm"),
    ):
        if name in differs:
            found.append(fhir.measured(who, name, code, display, differs[name], unit, sampled))
    found += [fhir.no_allogeneic_transplant(who, sampled), *fhir.lymphoma_history(who, now)]
    return {
        "format": "onelot-overlay/1",
        "synthetic": True,
        "note": "made up for a demonstration; never a patient's own data",
        "patient": who,
        "now": fhir.stamp(now),
        "expected": expected,
        "reason": reason,
        "resources": found,
    }


def texts() -> dict[str, str]:
    """The files as they are committed, by name."""
    return {f"{each[0]}.json": json.dumps(overlay(*each), indent=1) + "\n" for each in PATIENTS}


if __name__ == "__main__":
    for name, content in texts().items():
        (TARGET / name).write_text(content, "utf-8")
