"""The tailoring of one therapy as PDF: facts, parameters and advice with what each rests on, signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from onelot.adapters.documents.page import build, cell, content_digest, facts, section, signatures, stacked, table
from onelot.record.identity import grouped


def tailoring_pdf(content: Mapping[str, Any]) -> bytes:
    """The PDF of a tailoring.

    Args:
        content: chain_of_identity, product, recipe, title, state, printed_at, simulated, blocked (lines of what and
            remedy), results (name, value, basis, why, rests_on, source, state), facts (name, value, observed,
            valid_until, place, source, before, acts), decisions and signatures.
    """
    head = [
        ("Product", content["product"]),
        ("Chain of identity", grouped(content["chain_of_identity"])),
        ("Recipe", content["recipe"]),
        ("State", content["state"]),
        ("Printed", content["printed_at"]),
        ("Signed", content["signed"] or "not signed"),
    ]
    story: list[Flowable] = [
        cell("Tailoring", "title"),
        cell(content["title"], "lead"),
        Spacer(0, 3 * mm),
        facts(head),
        *_blocked(content["blocked"]),
        *section("Parameters"),
        _results([each for each in content["results"] if not each["drug"]]),
        *section("Advice on the drugs around the product"),
        _results([each for each in content["results"] if each["drug"]]),
        *section("Facts these rest on"),
        _facts([each for each in content["facts"] if each["acts"] == "computes"]),
        *section("Facts asked by rules of eligibility"),
        _facts([each for each in content["facts"] if each["acts"] == "gates"]),
        *section("Facts shown, on which nothing rests"),
        _facts([each for each in content["facts"] if not each["acts"]]),
        *section("Signatures"),
        signatures(content["signatures"]),
    ]
    running = f"{content['chain_of_identity']} · {content['recipe']}"
    digest = content_digest(content)
    return build(story, title="Tailoring", running=running, digest=digest, simulated=content["simulated"])


def _blocked(lines: Sequence[Mapping[str, str]]) -> list[Flowable]:
    if not lines:
        return []
    rows = [[cell(each["what"], "stop"), cell(each["remedy"]), cell(each["rule"], "small")] for each in lines]
    return [*section("Blocked"), table(("What", "What to do now", "Rule"), rows, (0.38, 0.3, 0.32))]


def _results(lines: Sequence[Mapping[str, Any]]) -> Flowable:
    rows = [
        [
            stacked((each["name"], "bold"), (each["basis"], "small")),
            stacked((each["value"], "body"), (each["state"], "stop" if each["state"] in _STOPPED else "small")),
            stacked((each["why"], "body"), (f"rests on {each['rests_on']}" if each["rests_on"] else "", "small")),
            cell(each["source"], "small"),
        ]
        for each in lines
    ]
    return table(("What", "Value, state", "Why", "Source"), rows, (0.22, 0.3, 0.25, 0.23))


def _facts(lines: Sequence[Mapping[str, str]]) -> Flowable:
    rows = [
        [
            cell(each["name"], "bold"),
            stacked((each["value"], "body"), (f"before: {each['before']}" if each["before"] else "", "small")),
            stacked((each["observed"], "body"), (each["valid_until"], "small")),
            stacked((each["place"], "small"), (f"sha256 {each['source'][:16]}" if each["source"] else "", "small")),
        ]
        for each in lines
    ]
    return table(("Fact", "Value", "Observed, valid until", "Source"), rows, (0.23, 0.29, 0.2, 0.28))


_STOPPED = frozenset({"stale", "held", "open"})
