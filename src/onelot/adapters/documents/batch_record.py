"""The batch record as PDF: the thread of what happened, parameters with their why, results, deviations, signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from onelot.adapters.documents.certificate import deviations_table, results_table
from onelot.adapters.documents.page import build, cell, content_digest, facts, section, signatures, stacked, table
from onelot.record.identity import grouped


def batch_record_pdf(content: Mapping[str, Any]) -> bytes:
    """The batch record from plain data, as `batch_record_content` makes it.

    Every parameter shows formula, rule and source; what has no source is marked as our assumption.
    """
    digest = content_digest(content)
    coi = content["chain_of_identity"]
    head: list[tuple[str, object]] = [
        ("Batch", content["batch"]),
        ("Chain of identity", grouped(coi) if coi else "stock"),
        ("Product", content["product"]),
        ("Recipe", content["recipe"]),
        ("Site", content["site"]),
        ("State", content["state"]),
        ("Disposition", content["disposition"]),
        ("Printed", content["printed_at"]),
    ]
    assumptions = sum(line.get("origin") == "assumption" for line in content["parameters"])
    story: list[Flowable] = [
        cell("Batch record", "title"),
        cell(content["title"], "lead"),
        Spacer(0, 3 * mm),
        facts(head),
        *section("Parameters of the control recipe"),
        cell(f"{assumptions} of {len(content['parameters'])} parameters rest on an assumption of ours.", "small"),
        _parameters(content["parameters"]),
        *_genome(content.get("genome", ())),
        *section("Results against the specification"),
        results_table(content["results"]),
        *section("Deviations"),
        deviations_table(content["deviations"]),
        *section("Signatures"),
        signatures(content["signatures"]),
        *section("The thread"),
        _thread(content["thread"]),
    ]
    running = f"{content['batch']} · {content['recipe']}"
    return build(story, title="Batch record", running=running, digest=digest, simulated=content["simulated"])


def _parameters(parameters: list[Mapping[str, Any]]) -> Flowable:
    rows = []
    for line in parameters:
        origin = line.get("origin", "")
        mark = "" if origin in ("", "cited") else f"[{origin}] "
        uses = f"uses {', '.join(line['inputs'])}" if line.get("inputs") else ""
        rows.append(
            [
                stacked((line["name"], "bold"), (line.get("basis", ""), "small")),
                cell(f"{line['value']} {line['unit'] if line['unit'] != '1' else ''}".strip()),
                stacked((line.get("formula", ""), "body"), (line.get("rule", ""), "small"), (uses, "small")),
                cell(f"{mark}{line.get('source', '')}", "bold" if mark else "small"),
            ]
        )
    return table(("Parameter, basis", "Value", "Why", "Source"), rows, (0.24, 0.18, 0.31, 0.27))


def _genome(told: Sequence[Mapping[str, Any]]) -> list[Flowable]:
    """The therapy's genome facts; a patient without any has no such section."""
    if not told:
        return []
    rows = [
        [
            cell(line["fact"].replace("_", " ", 1), "bold"),
            cell(line["value"]),
            cell(", ".join(line["acts_on"]) or "nothing: no rule of the recipe uses it", "small"),
            stacked((line["place"], "small"), (f"sha256 {line['source_sha256'][:16]}", "small")),
        ]
        for line in told
    ]
    heads = ("Fact", "Value", "Acts on", "Source")
    return [*section("Genome of the therapy"), table(heads, rows, (0.17, 0.39, 0.17, 0.27))]


def _thread(thread: list[Mapping[str, Any]]) -> Flowable:
    rows = [
        [
            cell(line["at"], "small"),
            stacked((line["what"], "bold"), (line.get("detail", ""), "body")),
            stacked((line["by"], "small"), ("signed" if line.get("signed") else "", "small")),
            stacked((line["event"], "small"), (line["hash"][:16], "small")),
        ]
        for line in thread
    ]
    return table(("Time", "What happened", "By", "Event"), rows, (0.16, 0.46, 0.18, 0.2))
