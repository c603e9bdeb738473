"""`onelot tailor guides|choose|confirm|evidence|file`: the patient's own guide, on the record.

Whoever gives one of these names themselves and proves it with their signing password; the first four are signed.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from onelot.app.cli.give import As, PasswordFile, proven
from onelot.app.cli.house import Home, Json, open_for_reading, read_file
from onelot.app.cli.output import print_json
from onelot.app.commands import Command
from onelot.app.commands.editing import ChooseGuide, ConfirmGuide, RecordDesign
from onelot.app.commands.evidence import RecordEvidence
from onelot.app.context import Context
from onelot.app.editing import Sources, derive
from onelot.app.effects import carry_out
from onelot.app.guide_file import guide_file
from onelot.record.errors import BadInput, Held

Coi = Annotated[str, typer.Argument(help="The therapy's chain of identity.")]
Candidate = Annotated[int, typer.Option("--candidate", help="Its rank in the newest design.")]


def _give(command: Command, login: str, password_file: Path | None, home: Path | None) -> dict[str, Any]:
    house = open_for_reading(home)
    try:
        actor, password = proven(house, login, password_file)
        done = house.loop.handle(command, actor, password)
        carry_out(house)
    finally:
        house.close()
    return {"recorded": [f"{each.stream}#{each.seq}" for each in done.entries], **done.answer}


def _tell(told: dict[str, Any], json: bool) -> None:
    if json:
        print_json(told)
        return
    for name, value in told.items():
        print(f"{name:10} {', '.join(value) if isinstance(value, list) else value}")


def guides(
    coi: Coi,
    reference: Annotated[Path, typer.Option("--reference", help="The genome: FASTA (plain or gzip) or UCSC 2bit.")],
    vcf: Annotated[Path, typer.Option("--vcf", help="The patient's variants: their own haplotypes are searched.")],
    gff: Annotated[Path | None, typer.Option("--gff", help="GFF3: what bystander edits do to proteins.")] = None,
    sample: Annotated[str | None, typer.Option("--sample", help="Sample of the VCF, where it has several.")] = None,
    table: Annotated[Path | None, typer.Option("--editors", help="Another editor table (JSON).")] = None,
    mismatches: Annotated[int | None, typer.Option("--mismatches", help="0 to 6; as the recipe asks.")] = None,
    dna_bulges: Annotated[int | None, typer.Option("--dna-bulges", help="0 to 2; as the recipe asks.")] = None,
    rna_bulges: Annotated[int | None, typer.Option("--rna-bulges", help="0 to 2; as the recipe asks.")] = None,
    workers: Annotated[int, typer.Option("--workers", help="Threads; 0 for one a core.")] = 0,
    as_: As = "",
    password_file: PasswordFile = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Design guides for the recorded causal variant, search the platform's, and record both, signed."""
    house = open_for_reading(home)
    try:
        actor, password = proven(house, as_, password_file)
        context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
        therapy = context.therapy(coi)
        recipe = house.loop.reader.recipe(therapy.recipe) if therapy.recipe else None
        editing = recipe.editing if recipe else None
        known = therapy.facts.get(editing.fact) if editing else None
        if editing is None or known is None:
            raise Held(
                "there is no causal variant to design for",
                rule="guides are designed for the recorded fact of an editing recipe",
                remedy="order an editing recipe, and record the causal variant with the profile",
            )
        asked = (mismatches, dna_bulges, rna_bulges)
        least = (editing.mismatches.value, editing.dna_bulges.value, editing.rna_bulges.value)
        limits = tuple(int(own) if given is None else given for given, own in zip(asked, least, strict=True))
        found = derive(
            Sources(reference, vcf, gff, table, sample),
            str(context.open(known.fact.value)),
            cast(tuple[int, int, int], limits),
            editing.editors,
            workers=workers,
        )
        done = house.loop.handle(RecordDesign(coi, **asdict(found)), actor, password)
    finally:
        house.close()
    _tell({"recorded": [f"{each.stream}#{each.seq}" for each in done.entries], **done.answer}, json)


def choose(
    coi: Coi,
    candidate: Candidate,
    reason: Annotated[str, typer.Option("--reason", help="Why this one and not another.")],
    as_: As = "",
    password_file: PasswordFile = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Choose a guide of the newest design, with a reason. It counts once another person has confirmed."""
    _tell(_give(ChooseGuide(coi, candidate, reason), as_, password_file, home), json)


def confirm(
    coi: Coi,
    candidate: Candidate,
    remark: Annotated[str, typer.Option("--remark", help="What you want to add.")] = "",
    as_: As = "",
    password_file: PasswordFile = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Confirm the chosen guide as another person, by naming the same candidate."""
    _tell(_give(ConfirmGuide(coi, candidate, remark), as_, password_file, home), json)


def evidence(
    coi: Coi,
    need: Annotated[str, typer.Argument(help="Its name in the recipe's evidence file.")],
    document: Annotated[Path, typer.Option("--document", help="The document; its digest is recorded, not its text.")],
    says: Annotated[str, typer.Option("--says", help="What it shows, in a sentence.")],
    shown_at: Annotated[str, typer.Option("--date", help="Date of the document, ISO; with zone, or UTC is taken.")],
    against: Annotated[bool, typer.Option("--against", help="It speaks against; that blocks.")] = False,
    value: Annotated[str, typer.Option("--value", help="The number behind it, where one decides.")] = "",
    unit: Annotated[str, typer.Option("--unit", help="Unit of the number (UCUM).")] = "",
    lot: Annotated[str, typer.Option("--lot", help="The toxicology lot it was shown with.")] = "",
    until: Annotated[str, typer.Option("--until", help="Until when it holds, where it says so.")] = "",
    as_: As = "",
    password_file: PasswordFile = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Record a document of the evidence file."""
    command = RecordEvidence(
        coi,
        need,
        sha256(read_file(document)).hexdigest(),
        "against" if against else "supports",
        says,
        _moment(shown_at, "--date"),
        _number(value),
        unit,
        lot,
        _moment(until, "--until") if until else None,
    )
    _tell(_give(command, as_, password_file, home), json)


def _moment(text: str, place: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(
            f"{text!r} is no date", rule="dates are ISO 8601", remedy="write it like 2026-10-01", place=place
        ) from cause
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as cause:
        raise BadInput(
            f"{text!r} is no number", rule="a value is a number", remedy="write it like 62.5", place="--value"
        ) from cause


def file(coi: Coi, as_: As = "", password_file: PasswordFile = None, home: Home = None, json: Json = False) -> None:
    """The file behind a guide: candidates, off-target counts, choice, and every gap of the evidence file."""
    house = open_for_reading(home)
    try:
        actor, _ = proven(house, as_, password_file)
        found = guide_file(house, coi, actor)
    finally:
        house.close()
    if json:
        print_json(found)
        return
    print(f"{found['title']}, {coi}\n{found['notice']}")
    for each in (found["design"] or {}).get("candidates", ()):
        mark = "platform" if each["editor"] in found["platform"] else ""
        print(f"{each['rank']:3} {each['editor']:18} {each['strand']} {each['spacer']} {each['pam']:6} {mark}")
    for each in (found["sites"] or {}).get("guides", ()):
        counts = ", ".join(f"{name}: {count}" for name, count in each["by_mismatches"].items())
        print(f"    {each['spacer']}  sites by mismatches {counts}; {each['patient_only']} only in this patient")
    for gap in found["gaps"]:
        print(f"gap        {gap}")
    for each in found["evidence"]:
        print(f"{'gap' if each['gap'] else 'stands':10} {each['title']}: {each['gap'] or each['conclusion']}")


def register(app: typer.Typer) -> None:
    """Add the verbs of this file to the tailoring room's application."""
    for verb in (guides, choose, confirm, evidence, file):
        app.command(verb.__name__)(verb)
