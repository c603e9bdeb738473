"""Terminology codes in needs and documents: `system|code`, `system|code=word`, and answers in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"

# Answers of presence tests. LOINC LA codes and SNOMED CT qualifier values, from knowledge of the code systems.
ANSWERS: Mapping[str, str] = {
    f"{LOINC}|LA6577-6": "negative",
    f"{LOINC}|LA11883-8": "negative",  # not detected
    f"{LOINC}|LA15255-5": "negative",  # non-reactive
    f"{LOINC}|LA6576-8": "reactive",  # positive
    f"{LOINC}|LA11882-0": "reactive",  # detected
    f"{LOINC}|LA15256-3": "reactive",
    f"{SNOMED}|260385009": "negative",
    f"{SNOMED}|260415000": "negative",  # not detected
    f"{SNOMED}|131194007": "negative",  # non-reactive
    f"{SNOMED}|10828004": "reactive",  # positive
    f"{SNOMED}|260373001": "reactive",  # detected
    f"{SNOMED}|11214006": "reactive",
}
WORDS: Mapping[str, str] = {
    "negative": "negative",
    "not detected": "negative",
    "non-reactive": "negative",
    "nonreactive": "negative",
    "reactive": "reactive",
    "positive": "reactive",
    "detected": "reactive",
}
FLAGS: Mapping[str, bool] = {
    f"{LOINC}|LA33-6": True,
    f"{LOINC}|LA32-8": False,
    f"{LOINC}|LA15173-0": True,  # pregnant
    f"{LOINC}|LA26683-5": False,  # not pregnant
    f"{SNOMED}|373066001": True,
    f"{SNOMED}|373067005": False,
    f"{SNOMED}|77386006": True,  # pregnant
    f"{SNOMED}|60001007": False,  # not pregnant
}
# ECOG answer list of LOINC 89247-1; LA9622-7 = 0 was seen in the example of HL7 mCODE.
SCORES: Mapping[str, Decimal] = {f"{LOINC}|LA{9622 + n}-{check}": Decimal(n) for n, check in enumerate("753086")}


def parse_need(codes: Iterable[str]) -> dict[str, str]:
    """`system|code` -> the word it stands for, or "" where none is given."""
    found: dict[str, str] = {}
    for code in codes:
        left, _, word = code.partition("=")
        found[left.strip()] = word.strip()
    return found


def keys_of(concept: Any) -> list[str]:
    """The codings of a CodeableConcept as `system|code`, in order."""
    if not isinstance(concept, Mapping):
        return []
    return [f"{coding.get('system', '')}|{coding.get('code', '')}" for coding in concept.get("coding", ())]


def words_of(concept: Mapping[str, Any]) -> str:
    """What a CodeableConcept says in words: its text, else a display, else a code."""
    if concept.get("text"):
        return str(concept["text"])
    for name in ("display", "code"):
        for coding in concept.get("coding", ()):
            if coding.get(name):
                return str(coding[name])
    return ""
