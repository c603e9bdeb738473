"""Printed forms of a batch: its record, its certificate, its labels. Every form shows its signatures and its mode."""

from __future__ import annotations

from typing import Any

import orjson

from onelot.adapters.documents import batch_record_content, batch_record_pdf, certificate_pdf
from onelot.adapters.labels import Label, make_label
from onelot.app.authority import sees_personal_data
from onelot.app.context import SYSTEM, Actor, Context
from onelot.app.house import SIMULATION, House
from onelot.app.why import genome_of
from onelot.record.errors import Erased, Held
from onelot.record.terms.opened import OpenParameter
from onelot.release import printed_certificate


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
