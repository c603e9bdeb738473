"""A therapy as the clinic sees it: facts with their age, what holds it, and the step that comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from onelot.app.authority import roles_of_page, sees_personal_data
from onelot.app.context import Actor, Context
from onelot.app.tailoring import number
from onelot.record.errors import Erased
from onelot.record.evidence_file import evidence_gaps
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch, Therapy
from onelot.record.subjects.therapy import KnownFact

GIVEABLE = frozenset({"conditionally_released", "released", "exceptional_supply"})
LOST = frozenset({"rejected", "returned", "terminated"})


@dataclass(frozen=True)
class FactSeen:
    """One fact as a page shows it. value: "" where the reader's role does not see it, or where it was erased (`state`).

    state: known, outdated, hidden or erased; age_d: days since it was observed, None without a date.
    """

    name: str
    title: str
    value: str
    unit: str
    observed_at: datetime | None
    age_d: int | None
    valid_until: datetime | None
    source: str
    place: str
    recorded: str
    state: str
    synthetic: bool


@dataclass(frozen=True)
class Next:
    """What comes next. key: of the sentence; address: where it is done, "" where this person does not do it."""

    key: str
    address: str


def facts_seen(context: Context, known: Mapping[str, KnownFact], titles: Mapping[str, str]) -> list[FactSeen]:
    """Facts in the order of their titles, opened for whoever may see them."""
    found = [_seen(context, name, each, titles.get(name, "")) for name, each in known.items()]
    return sorted(found, key=lambda each: each.title or each.name)


def _seen(context: Context, name: str, known: KnownFact, title: str) -> FactSeen:
    fact, value, now = known.fact, "", context.now
    state = "outdated" if fact.valid_until and fact.valid_until < now else "known"
    if not sees_personal_data(context.actor):
        state = "hidden"
    else:
        try:
            value = number(context.open(fact.value))
        except Erased:
            state = "erased"
    hidden = state in ("hidden", "erased")
    return FactSeen(
        name=name,
        title=title,
        value=value,
        unit="" if hidden or fact.unit == "1" else fact.unit,
        observed_at=None if hidden else fact.observed_at,
        age_d=(now - fact.observed_at).days if fact.observed_at and not hidden else None,
        valid_until=None if hidden else fact.valid_until,
        source=fact.source,
        place=fact.place,
        recorded=f"{known.cite.stream}#{known.cite.seq}",
        state=state,
        synthetic=fact.synthetic,
    )


def titles_of(recipe: MasterRecipe | None) -> dict[str, str]:
    """Fact or marker -> its title in the recipe."""
    return {need.name: need.title for need in (*recipe.facts, *recipe.markers)} if recipe else {}


def batches_of(context: Context, coi: str) -> list[Batch]:
    """The batches of a therapy that this person may see, oldest first."""
    numbers = context.journal.rows("therapies", [coi]).get(coi, {}).get("batches", [])
    return [found for found in (context.reader.batch(each) for each in numbers) if found.state != "new"]


def next_step(actor: Actor, therapy: Therapy, recipe: MasterRecipe | None, batches: list[Batch], now: datetime) -> Next:
    """The next step of a therapy, with the page where this person does it, if it is theirs."""
    key, page, address = next(_steps(therapy, recipe, batches, now))
    return Next(key, address if roles_of_page(page) & actor.roles else "")


def _steps(
    therapy: Therapy, recipe: MasterRecipe | None, batches: list[Batch], now: datetime
) -> Iterator[tuple[str, str, str]]:
    here = f"/screen/therapies/{therapy.coi}"
    open_batches = [each for each in batches if each.state not in LOST]
    batch = open_batches[-1] if open_batches else None
    if therapy.ended:
        yield "ended", "", ""
    if therapy.dose_given_at:
        yield ("done", "", "") if therapy.outcome else ("outcome", "intake", f"{here}/outcome")
    if therapy.withdrawn or not therapy.consent:
        yield "withdrawn" if therapy.withdrawn else "consent", "intake", f"{here}/consent"
    if not therapy.facts:
        yield "files", "intake", f"{here}/files"
    if recipe and recipe.markers and not therapy.markers:
        yield "markers", "markers", f"{here}/markers"
    if not therapy.eligible or "eligibility" in therapy.holds:
        yield "eligibility", "intake", f"{here}/eligibility"
    if therapy.tailoring is None or not therapy.tailoring.approved or therapy.stale:
        yield "tailoring", "tailoring", f"{here}/tailoring"
    if recipe and recipe.intake and not (therapy.assessment and therapy.assessment.adequate):
        if sum(slot.purpose.startswith("collection") for slot in therapy.slots) <= len(therapy.collections):
            yield "slot", "slots", f"{here}/slots"
        yield "collection", "collection", f"/screen/collection/{therapy.coi}"
    if batch is not None and batch.for_study and batch.disposition:
        # A toxicology lot is studied and goes to nobody: the clinical lot is what comes next, once nothing is missing.
        gaps = evidence_gaps(recipe, therapy, now, "clinical_lot") if recipe else ()
        yield ("evidence", "evidence", f"{here}/evidence") if gaps else ("batch", "slots", f"{here}/slots")
    if batch is None:
        yield "batch", "slots", f"{here}/slots"
    else:
        yield _of_batch(therapy, recipe, batch)


def _of_batch(therapy: Therapy, recipe: MasterRecipe | None, batch: Batch) -> tuple[str, str, str]:
    at = f"/screen/bedside/{batch.batch}"
    if batch.state in GIVEABLE:
        return "dispatch", "dispatch", f"/screen/batches/{batch.batch}/dispatch"
    if batch.state == "in_transit":
        return "receive", "bedside", at
    if batch.state != "at_site":
        return "making", "record", f"/screen/batches/{batch.batch}"
    if recipe and recipe.conditioning and therapy.clearance is None:
        return "clearance", "clearance", f"/screen/therapies/{therapy.coi}/clearance/{batch.batch}"
    if recipe and recipe.conditioning and therapy.conditioning_started_at is None:
        return "conditioning", "bedside", at
    return "bedside", "bedside", at
