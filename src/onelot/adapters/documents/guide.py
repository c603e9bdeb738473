"""The file behind a guide as PDF: its place in the sequence, candidates, off-target sites, evidence, signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from onelot.adapters.documents.page import build, cell, content_digest, facts, section, signatures, stacked, table
from onelot.record.identity import grouped

#: Off-target sites printed of one guide; how many more there are is said.
SITES = 60
_HARD = "\u00a0"  # a blank that a paragraph keeps


def guide_pdf(content: Mapping[str, Any]) -> bytes:
    """The PDF of a guide's file.

    Args:
        content: as `app.guide_file.guide_file` gives it (design, sites, derivation, choice, evidence, gaps, notice),
            with product, printed_at, simulated and signatures.
    """
    head = [
        ("Product", content["product"]),
        ("Chain of identity", grouped(content["coi"])),
        ("Recipe", content["recipe"]),
        ("State", content["state"].replace("_", " ")),
        ("Printed", content["printed_at"]),
        ("Guide", _chosen(content["choice"])),
    ]
    story: list[Flowable] = [
        cell("Guide", "title"),
        cell(content["title"], "lead"),
        Spacer(0, 3 * mm),
        facts(head),
        Spacer(0, 3 * mm),
        cell(content["notice"], "stop"),
        *_gaps(content["gaps"]),
        *_choice(content["choice"]),
        *_design(content),
        *section("Evidence file"),
        _evidence(content["evidence"]),
        *section("Signatures"),
        signatures(content["signatures"]),
    ]
    running = f"{content['coi']} · {content['recipe']}"
    return build(story, title="Guide", running=running, digest=content_digest(content), simulated=content["simulated"])


def _chosen(choice: Mapping[str, Any] | None) -> str:
    if choice is None:
        return "not chosen"
    return f"candidate {choice['candidate']}" + ("" if choice["confirmed_by"] else ", not confirmed")


def _gaps(gaps: Sequence[str]) -> list[Flowable]:
    return [*section("In the way"), *(cell(gap, "stop") for gap in gaps)] if gaps else []


def _choice(choice: Mapping[str, Any] | None) -> list[Flowable]:
    if choice is None:
        return []
    said = f"Chosen by {choice['by']}, {_moment(choice['at'])}. Because: {choice['reason']}"
    other = f"Confirmed by {choice['confirmed_by']}, {_moment(choice['confirmed_at'])}."
    lines = [cell(said), cell(other if choice["confirmed_by"] else "Not confirmed by a second person.")]
    return [*section("Choice"), *lines]


def _moment(text: str) -> str:
    return text.replace("T", " ")[:16] + " UTC" if text else ""


def _design(content: Mapping[str, Any]) -> list[Flowable]:
    design, sites = content["design"], content["sites"]
    if design is None:
        return [*section("Design"), cell("nothing is designed, or the patient's values were erased")]
    choice = content["choice"]
    seen = next((each for each in design["candidates"] if choice and each["rank"] == choice["candidate"]), None)
    shown: list[Flowable] = []
    if seen is not None:
        shown = [*section(f"In the sequence: candidate {seen['rank']}", room_mm=45), *_place(design, seen)]
    return [
        *shown,
        *section("Candidates"),
        _candidates(design, content["platform"]),
        cell("Compared term by term from left to right, smaller first; no weights.", "small"),
        *section("Off-target sites by mismatches"),
        cell(sites["statement"], "stop"),
        *_counts(sites),
        *(_sites(sites, seen) if seen else []),
        *section("What was read"),
        facts(_read(content["derivation"])),
    ]


def _place(design: Mapping[str, Any], seen: Mapping[str, Any]) -> list[Flowable]:
    """The guide as it reads, with its positions: the window, the target and the bystanders under their letters."""
    spacer, pam = seen["spacer"], seen["pam"]
    first, last = seen["window"]
    others = {each["window_position"]: "b" for each in seen["bystanders"]}
    marks = "".join(
        "T" if k == seen["target_position"] else others.get(k, "." if first <= k <= last else " ")
        for k in range(1, len(spacer) + 1)
    )
    ruler = "".join(str(k // 10) if k % 10 == 0 else "'" if k % 5 == 0 else " " for k in range(1, len(spacer) + 1))
    reads = f"{pam} {spacer}" if seen["pam_side"] == 5 else f"{spacer} {pam}"
    before = " " * (len(pam) + 1 if seen["pam_side"] == 5 else 0)
    lines = [before + ruler, reads, before + marks]
    told = [f"T target {design['correction']['before']} to {design['correction']['after']}; . window {first} to {last}"]
    for each in seen["bystanders"]:
        effect = ", ".join(f"{one['effect']} {one['protein']}".strip() for one in each["consequences"])
        told.append(
            f"b position {each['window_position']}: {each['before']} to {each['after']} at {each['pos']:,}: "
            f"{effect or 'in no gene of the annotation'}"
        )
    return [*(cell(line.replace(" ", _HARD), "mono") for line in lines), *(cell(line, "small") for line in told)]


def _candidates(design: Mapping[str, Any], platform: Sequence[str]) -> Flowable:
    rows = []
    for each in design["candidates"]:
        searched = each["search"]
        terms = ", ".join(str(value) for value in each["terms"].values())
        rows.append(
            [
                cell(each["rank"], "bold"),
                stacked((each["editor"], "body"), ("the platform's" if each["editor"] in platform else "", "small")),
                stacked((f"{each['spacer']} {each['pam']}", "mono"), (", ".join(each["flags"]), "stop")),
                cell(terms, "small"),
                cell(f"{searched['sites']} ({searched['patient_only']})" if searched else "not searched", "small"),
            ]
        )
    terms = ", ".join(name.replace("_", " ") for name in design["ranking_terms"])
    heads = ("Rank", "Editor", "Guide and PAM", terms, "Sites (only in this patient)")
    return table(heads, rows, (0.06, 0.2, 0.36, 0.23, 0.15))


def _counts(sites: Mapping[str, Any]) -> list[Flowable]:
    if not sites["guides"]:
        return [cell("no guide was searched")]
    columns = list(sites["guides"][0]["by_mismatches"])
    rows = [
        [
            cell(each["spacer"], "mono"),
            *(cell(each["by_mismatches"][name]) for name in columns),
            cell(each["patient_only"]),
        ]
        for each in sites["guides"]
    ]
    share = 0.62 / (len(columns) + 1)
    return [table(("Guide", *columns, "only in this patient"), rows, (0.38, *(share for _ in columns), share))]


def _sites(sites: Mapping[str, Any], seen: Mapping[str, Any]) -> list[Flowable]:
    wanted = (seen["spacer"], seen["pam_pattern"], seen["pam_side"])
    mine = next((each for each in sites["guides"] if (each["spacer"], each["pam"], each["pam_side"]) == wanted), None)
    if mine is None:
        return []
    columns = {name: at for at, name in enumerate(sites["columns"])}

    def of(row: Sequence[str], name: str) -> str:
        return row[columns[name]] if name in columns else ""

    rows = [
        [
            cell(f"{of(row, 'chrom')}:{int(of(row, 'start')) + 1:,}–{int(of(row, 'end')):,} {of(row, 'strand')}"),
            cell(of(row, "site"), "mono"),
            cell(f"{of(row, 'mismatches')}, {of(row, 'dna_bulge')}, {of(row, 'rna_bulge')}"),
            stacked(
                ("only in this patient" if of(row, "patient_only") == "yes" else "", "stop"),
                (f"{of(row, 'variants')} {of(row, 'haplotype')}".strip(), "small"),
            ),
            cell(of(row, "genes") or " ", "small"),
        ]
        for row in mine["rows"][:SITES]
    ]
    left = mine["sites"] - len(rows)
    heads = ("Place", "Site", "Mismatches, DNA, RNA bulges", "This patient", "Genes")
    more = [cell(f"{left} more sites stand in the record.", "small")] if left > 0 else []
    return [
        *section(f"Sites of candidate {seen['rank']}"),
        table(heads, rows, (0.25, 0.29, 0.12, 0.22, 0.12)),
        *more,
    ]


def _read(derivation: Mapping[str, Any]) -> list[tuple[str, object]]:
    depth = (
        f"{derivation['mismatches']} mismatches, {derivation['dna_bulges']} DNA, {derivation['rna_bulges']} RNA bulges"
    )
    return [
        ("Searched", depth),
        ("Tool", derivation["tool"]),
        ("Reference", derivation["reference_sha256"]),
        ("Variants", derivation["variants_sha256"] or "none"),
        ("Genes", derivation["genes_sha256"] or "none"),
        ("Editor table", derivation["editors_sha256"]),
        ("Signed by", f"{derivation['by']}, {_moment(derivation['at'])}"),
        ("Recorded", derivation["recorded"]),
    ]


def _evidence(rows: Sequence[Mapping[str, Any]]) -> Flowable:
    lines = [
        [
            stacked((each["title"], "bold"), (each["asks"], "small")),
            stacked((f"gap: {each['gap']}" if each["gap"] else "there", "stop" if each["gap"] else "body")),
            stacked(
                (f"{each['value']} {each['unit'].strip('{}')}".strip(), "bold"),
                (each["limit"].replace("{", "").replace("}", ""), "small"),
                (each["statement"], "body"),
            ),
            stacked((_moment(each["shown_at"]), "small"), (each["sha256"], "small"), (each["lot"], "small")),
        ]
        for each in rows
    ]
    return table(("What must be shown", "Stands", "Document", "Date, SHA-256, lot"), lines, (0.3, 0.15, 0.29, 0.26))
