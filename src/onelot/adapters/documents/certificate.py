"""The certificate of analysis as PDF, from the plain data that release makes (`printed_certificate`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from onelot.adapters.documents.page import build, cell, content_digest, facts, section, signatures, stacked, table
from onelot.record.errors import Broken
from onelot.record.identity import grouped

_VERDICT = {
    "pass": ("complies", "body"),
    "out_of_specification": ("OUT OF SPECIFICATION", "stop"),
    "negative_to_date": ("negative to date", "bold"),
    "corrected": ("corrected, not judged anew", "bold"),
    "no result": ("no result", "bold"),
}


def certificate_pdf(printed: Mapping[str, Any]) -> bytes:
    """The certificate: results against limits with unit, basis and source, disposition, signatures.

    Args:
        printed: {certificate, sha256, disposition, signatures}, as release gives it.

    Raises:
        Broken: the content is not the one whose digest was signed.
    """
    content = printed["certificate"]
    digest = content_digest(content)
    if digest != printed["sha256"]:
        raise Broken(
            "the content of this certificate is not what was signed",
            rule="the digest in CertificateIssued is that of the content's canonical form",
            remedy="print from the stored content; verify the batch's export",
            place=str(content.get("batch", "")),
        )
    story: list[Flowable] = [
        cell("Certificate of analysis", "title"),
        cell(f"{content['title']}, {content['stage']}", "lead"),
        Spacer(0, 3 * mm),
        facts(_head(content)),
        *section("Disposition", room_mm=20),
        cell(printed["disposition"], "bold"),
        *section("Results against the specification"),
        results_table(content["results"]),
    ]
    if any(line.get("unverified") for line in content["results"]):
        story.append(Spacer(0, 1.5 * mm))
        story.append(
            cell(
                "[unverified]: the limit is our assumption, or its source was not checked against its original.",
                "small",
            )
        )
    story += [*section("Containers"), _containers(content["containers"])]
    story += [*section("Deviations"), deviations_table(content["deviations"])]
    story += [*section("Signatures"), signatures(printed["signatures"])]
    running = f"{content['batch']} · {content['recipe']}"
    return build(story, title="Certificate of analysis", running=running, digest=digest, simulated=content["simulated"])


def _head(content: Mapping[str, Any]) -> list[tuple[str, object]]:
    coi = content["chain_of_identity"]
    return [
        ("Batch", content["batch"]),
        ("Chain of identity", grouped(coi) if coi else "stock"),
        ("Product", content["product"]),
        ("Recipe", content["recipe"]),
        ("Site", content["site"]),
        ("Jurisdiction", content["jurisdiction"]),
        ("Issued", content["issued_at"]),
        ("Expires", content["expires_at"]),
        ("Statement", content["label_statement"]),
    ]


def results_table(results: list[Mapping[str, Any]]) -> Flowable:
    """One line a test; unverified limits carry the mark."""
    rows = []
    for line in results:
        said, style = _VERDICT.get(line["verdict"], (line["verdict"], "bold"))
        mark = " [unverified]" if line.get("unverified") else ""
        rows.append(
            [
                stacked((line["title"], "bold"), (line["method"], "small")),
                stacked((line["limit"] + mark, "body"), (line.get("source", ""), "small")),
                cell(f"{line['value']} {line['unit'] if line['value'] and line['unit'] != '1' else ''}".strip()),
                cell(said, style),
                stacked(
                    (line.get("sampled_at", "").replace("T", " ").replace("Z", " UTC"), "small"),
                    (f"tested {line['tested_by']}" if line.get("tested_by") else "", "small"),
                    (f"verified {line['verified_by']}" if line.get("verified_by") else "", "small"),
                ),
            ]
        )
    return table(("Test and method", "Limit, basis, source", "Result", "Verdict", "Evidence"), rows, _SHARES)


_SHARES = (0.23, 0.28, 0.13, 0.15, 0.21)


def deviations_table(deviations: list[Mapping[str, Any]]) -> Flowable:
    """One line a deviation; open ones stand out in words."""
    rows = []
    for line in deviations:
        closed = line.get("closed_by")
        told = stacked((line["what"], "body"), (line.get("rule", ""), "small"), (line.get("conclusion", ""), "small"))
        state = stacked((f"closed by {closed}", "body")) if closed else stacked(("OPEN", "stop"))
        rows.append([cell(line["deviation"]), cell(line["severity"], "bold"), told, state])
    return table(("Deviation", "Class", "What, rule, conclusion", "State"), rows, (0.17, 0.1, 0.5, 0.23))


def _containers(containers: list[Mapping[str, Any]]) -> Flowable:
    rows = [
        [cell(each["identifier"]), cell(each["kind"]), cell(f"{each['amount']} {each['unit']}")] for each in containers
    ]
    return table(("Container", "Kind", "Amount"), rows, (0.4, 0.3, 0.3))
