"""What the batch record says, as plain data from the streams themselves: nothing is typed in for print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from onelot.record.journal import Entry
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import fold_batch
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.opened import OpenParameter

_ONLY_LONG_ENOUGH = 400


def batch_record_content(
    recipe: MasterRecipe,
    entries: Sequence[Entry],
    therapy: Therapy | None,
    parameters: Mapping[str, OpenParameter | None],
    now: datetime,
    *,
    simulated: bool,
    genome: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The content of a batch record as JSON values.

    Args:
        entries: the batch's stream, whole.
        parameters: the tailored parameters opened, by name; None for one whose key was destroyed ("erased").
        genome: the therapy's genome facts in the clear: fact, value, source_sha256, place, acts_on.
    """
    batch = fold_batch(entries)
    return {
        "schema": "onelot-batch-record/1",
        "simulated": simulated,
        "batch": batch.batch,
        "chain_of_identity": therapy.coi if therapy else "",
        "product": recipe.product,
        "title": recipe.title,
        "recipe": recipe.identifier,
        "site": batch.site,
        "state": batch.state.replace("_", " "),
        "disposition": batch.disposition.replace("_", " ") or "none yet",
        "printed_at": _time(now),
        "parameters": [_parameter(recipe, name, found) for name, found in parameters.items()],
        "genome": [dict(each) for each in genome],
        "results": [_result(recipe, entry) for entry in entries if entry.envelope["type"] == "Tested"],
        "deviations": _deviations(entries),
        "signatures": [line for entry in entries if (line := signature_line(entry))],
        "thread": thread(entries),
    }


def thread(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """One line an event: time, what happened in words, its facts, who, and where it stands."""
    return [
        {
            "at": _time(entry.at),
            "what": _words(entry.envelope["type"]),
            "detail": _detail(entry.envelope["data"]),
            "by": entry.by,
            "signed": entry.signed is not None,
            "event": f"{entry.stream}#{entry.seq}",
            "hash": entry.hash.hex(),
        }
        for entry in entries
    ]


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).capitalize()


def _detail(data: Mapping[str, Any]) -> str:
    """The event's own fields in reading order; long lists are counted, never shortened silently."""
    parts = [f"{name.replace('_', ' ')}: {said}" for name, value in data.items() if (said := _said(value))]
    text = "; ".join(parts)
    if len(text) <= _ONLY_LONG_ENOUGH:
        return text
    return f"{text[:_ONLY_LONG_ENOUGH]}… ({len(text)} characters; the whole stands in the record)"


def _said(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if value.keys() == {"stream", "seq", "hash"}:
            return f"{value['stream']}#{value['seq']}"
        return ", ".join(said for item in value.values() if (said := _said(item)))
    if isinstance(value, list):
        return " | ".join(said for item in value if (said := _said(item)))
    return str(value)


def _parameter(recipe: MasterRecipe, name: str, found: OpenParameter | None) -> dict[str, Any]:
    rule = next((each for each in recipe.parameters if each.name == name), None)
    origin = rule.source.kind if rule else "assumption"
    if found is None:
        return {"name": name, "value": "erased", "unit": "", "origin": origin, "source": "the health key was destroyed"}
    return {
        "name": rule.title if rule else name,
        # A guide is read in the vault and on the page of the design, never on paper that goes round with the batch.
        "value": found.shown if isinstance(found.value, Decimal) else "sealed",
        "unit": found.unit,
        "basis": found.basis,
        "formula": found.formula,
        "rule": found.rule,
        "source": rule.source.text if rule else found.rule_source,
        "origin": origin,
        "inputs": list(found.inputs),
    }


def _result(recipe: MasterRecipe, entry: Entry) -> dict[str, Any]:
    data = entry.envelope["data"]
    test = next((each for each in recipe.specification if each.name == data["test"]), None)
    sources = [test.source, *(limit.source for limit in (test.low, test.high) if limit)] if test else []
    return {
        "title": test.title if test else data["test"],
        "method": data["method"],
        "limit": data["limit"],
        "source": test.source.shown if test else "",
        "unverified": any(source.kind != "cited" for source in sources) or test is None,
        "value": data["value"],
        "unit": data["unit"],
        "verdict": data["verdict"],
        "sampled_at": data["sampled_at"],
        "tested_by": entry.by,
        "verified_by": data["verified_by"],
    }


def _deviations(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        data = entry.envelope["data"]
        if entry.envelope["type"] == "DeviationOpened":
            found[data["deviation"]] = {**data, "opened_by": entry.by, "closed_by": "", "conclusion": ""}
        elif entry.envelope["type"] == "DeviationClosed" and data["deviation"] in found:
            conclusion = f"cause: {data['cause']}; impact: {data['impact']}"
            found[data["deviation"]] |= {"closed_by": entry.by, "conclusion": conclusion}
    return list(found.values())


def signature_line(entry: Entry) -> dict[str, str] | None:
    """Printed name, signer, meaning, time, event and hash of a signed event; None for one nobody signed."""
    signed = entry.signed
    if signed is None:
        return None
    return {
        "name": signed.printed_name,
        "signer": signed.signer,
        "meaning": signed.meaning,
        "at": _time(entry.at),
        "event": f"{_words(entry.envelope['type'])} · {entry.stream}#{entry.seq}",
        "hash": entry.hash.hex(),
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
