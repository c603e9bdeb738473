"""Printed forms of a batch: its record, its certificate, its labels. Every form shows its signatures and its mode."""

from __future__ import annotations

from typing import Any

import orjson

from onelot.adapters import documents
from onelot.adapters.documents import batch_record_content, batch_record_pdf, certificate_pdf, signature_line
from onelot.adapters.labels import Label, make_label, make_labels
from onelot.app.authority import sees_personal_data
from onelot.app.commands.gate import open_work
from onelot.app.context import SYSTEM, Actor, Context
from onelot.app.guide_file import guide_file
from onelot.app.house import SIMULATION, House
from onelot.app.tailoring import tailored
from onelot.app.why import genome_of
from onelot.record.durations import span
from onelot.record.errors import BadInput, Erased, Held, NotAllowed
from onelot.record.events.editing import EvidenceRecorded, GuideChosen, GuideConfirmed, GuidesDesigned
from onelot.record.terms.opened import OpenParameter
from onelot.release import printed_certificate

MOST_LABELS = 100
_GUIDE = (GuidesDesigned, GuideChosen, GuideConfirmed, EvidenceRecorded)


def record_pdf(house: House, batch: str, actor: Actor = SYSTEM) -> bytes:
    """The batch record as PDF; parameters are opened for roles that need them, and erased ones say so."""
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    found = context.batch(batch)
    therapy = house.loop.reader.therapy(found.therapies[0]) if found.therapies else None
    parameters: dict[str, OpenParameter | None] = {}
    if therapy is not None and therapy.tailoring is not None:
        parameters = dict.fromkeys(therapy.tailoring.parameters)
        if actor is SYSTEM or sees_personal_data(actor):
            try:
                parameters = dict(context.open_parameters(therapy))
            except Erased:
                parameters = dict.fromkeys(therapy.tailoring.parameters)
    if found.recipe is None:
        raise Held("the batch has no recipe", rule="a batch cites its recipe", remedy="verify the journal")
    content = batch_record_content(
        house.loop.reader.recipe(found.recipe),
        house.journal.read(f"batch/{batch}"),
        therapy,
        parameters,
        house.clock(),
        simulated=house.mode == SIMULATION,
        genome=genome_of(context, therapy) if therapy else (),
    )
    return batch_record_pdf(content)


def tailoring_pdf(house: House, coi: str, actor: Actor) -> bytes:
    """The tailoring of a therapy as PDF, with its facts in the clear: for people who may see them.

    Raises:
        NotAllowed: no such therapy for this person, or not a role that sees personal data. Erased: the key is gone.
    """
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    therapy = context.therapy(coi)
    if actor is not SYSTEM and not sees_personal_data(actor):
        raise NotAllowed("this shows health values", rule="role table: personal data", remedy="ask a clinical role")
    found = tailored(context, therapy)
    titles = {each.name: each.title for each in found.facts}
    entries = house.journal.read(f"therapy/{coi}")
    signed = [line for entry in entries if entry.envelope["type"] in _SIGNED and (line := signature_line(entry))]
    return documents.tailoring_pdf(
        {
            "schema": "onelot-tailoring/1",
            "simulated": house.mode == SIMULATION,
            "chain_of_identity": coi,
            "product": found.recipe.product,
            "recipe": found.recipe.identifier,
            "title": found.recipe.title,
            "state": therapy.state.replace("_", " "),
            "signed": found.approved_by,
            "printed_at": f"{house.clock():%Y-%m-%d %H:%M} UTC",
            "blocked": [{"what": each.what, "rule": each.rule, "remedy": each.remedy} for each in found.blocked],
            "results": [
                {
                    "drug": not each.key.startswith("parameter/"),
                    "name": each.title,
                    "value": f"{each.value} {each.unit}".strip() + (f" (now: {each.after})" if each.after else ""),
                    "basis": each.basis,
                    "why": each.decision or each.how,
                    "rests_on": ", ".join(titles[name] for name in each.inputs),
                    "source": each.source,
                    "state": each.state,
                }
                for each in found.results
            ],
            "facts": [
                {
                    "name": each.title,
                    "value": f"{each.value} {each.unit}".strip() or each.state,
                    "observed": f"{each.observed_at:%Y-%m-%d %H:%M} UTC" if each.observed_at else "",
                    "valid_until": f"{each.valid_until:%Y-%m-%d %H:%M} UTC" if each.valid_until else "",
                    "place": each.place,
                    "source": each.source,
                    "before": ", ".join(each.before),
                    "acts": each.acts,
                }
                for each in found.facts
            ],
            "signatures": signed,
        }
    )


_SIGNED = frozenset({"TailoringApproved", "Decided", "TherapyOrdered"})


def newest_certificate(house: House, batch: str, actor: Actor = SYSTEM) -> dict[str, Any]:
    """The newest certificate of a batch as it is printed: content, digest, disposition, signatures.

    Raises:
        Held: none was issued. Broken: the kept document is not the one that was signed.
    """
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    context.batch(batch)
    entries = house.journal.read(f"batch/{batch}")
    issued = [entry for entry in entries if entry.envelope["type"] == "CertificateIssued"]
    if not issued:
        raise Held(
            f"no certificate was issued for {batch}",
            rule="a certificate follows the results",
            remedy="record the results, then issue the certificate",
        )
    content = orjson.loads(house.document(issued[-1].envelope["data"]["sha256"]))
    return printed_certificate(content, entries)


def certificate_of(house: House, batch: str, actor: Actor = SYSTEM) -> bytes:
    """The newest certificate of a batch as PDF."""
    return certificate_pdf(newest_certificate(house, batch, actor))


def labels_to_fill(house: House, batch: str, count: int, actor: Actor) -> bytes:
    """As many labels as are about to be used, PDF, one a page: the batch's next containers, printed in its fill step.

    Raises:
        BadInput: none, or too many. Held: the batch is not in its fill step; its containers are labelled already.
    """
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    work = open_work(context, batch)
    found, run = work.batch, work.batch.running
    phase = next((each for each in work.recipe.phases if run and each.name == run.phase), None)
    if phase is None or phase.kind != "fill" or found.filled is not None:
        raise Held(
            f"{batch} is not in its fill step",
            rule="labels are printed here and now: in the fill step, after the line is clear",
            remedy="print them when the step is in hand",
        )
    if not 1 <= count <= MOST_LABELS:
        raise BadInput(
            f"{count} labels", rule=f"1 to {MOST_LABELS} labels a time", remedy="say how many containers you fill"
        )
    coi = work.therapy.coi if work.therapy and not found.for_study else ""
    return make_labels(
        [
            Label(
                container=f"{batch}-{number}",
                batch=batch,
                product=work.recipe.name,
                expires_at=house.clock() + span(work.recipe.logistics.shelf_life),
                coi=coi,
                statement=found.label,
                storage=work.recipe.logistics.lane,
                simulated=house.mode == SIMULATION,
            )
            for number in range(1, count + 1)
        ]
    )


def label_of(house: House, batch: str, container: str, kind: str = "pdf", actor: Actor = SYSTEM) -> bytes:
    """The label of one container; kind: png, svg or pdf."""
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    found = context.batch(batch)
    wanted = next((each for each in found.containers if each.identifier == container), None)
    if wanted is None or found.filled is None or found.recipe is None:
        raise Held(
            f"{container} is not a filled container of {batch}",
            rule="a label is printed for a container that is on the record",
            remedy="scan the container again",
        )
    recipe = house.loop.reader.recipe(found.recipe)
    label = Label(
        container=container,
        batch=batch,
        product=recipe.name,
        expires_at=found.filled.expires_at,
        coi=wanted.coi,
        statement=wanted.label,
        storage=recipe.logistics.lane,
        simulated=house.mode == SIMULATION,
    )
    return make_label(label, kind)  # type: ignore[arg-type]


def guide_pdf(house: House, coi: str, actor: Actor) -> bytes:
    """The file behind a therapy's guide as PDF, with variant and guide in the clear: for people who may see them.

    Raises:
        NotAllowed: no such therapy for this person, or not a role that sees health values.
        BadInput: the product edits no gene.
    """
    found = guide_file(house, coi, actor)
    therapy = house.loop.reader.therapy(coi)
    entries = house.journal.read(f"therapy/{coi}")
    signed = [line for entry in entries if isinstance(entry.event, _GUIDE) and (line := signature_line(entry))]
    return documents.guide_pdf(
        {
            **_exact(found),
            "schema": "onelot-guide/1",
            "simulated": house.mode == SIMULATION,
            "product": therapy.product,
            "printed_at": f"{house.clock():%Y-%m-%d %H:%M} UTC",
            "signatures": signed,
        }
    )


def _exact(value: Any) -> Any:
    """The same with fractions as they are printed: what is hashed has no floats."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return {name: _exact(each) for name, each in value.items()}
    return [_exact(each) for each in value] if isinstance(value, list | tuple) else value
