"""The guided tour: one simulated patient, moved by the visitor, who is each person in turn; the record says how far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from onelot.app import advice
from onelot.app.api.courier import make_link
from onelot.app.effects import AT_A_TIME
from onelot.app.simulation.by_hand import Entry, Stand, entries_of, held_drug, missing, test_of
from onelot.app.simulation.live import Live
from onelot.app.simulation.site import PLANT, login_of
from onelot.deliver import window
from onelot.record.subjects import Batch, Therapy

# After so many phases by hand the visitor has seen what a step is.
_BY_HAND = 2
# The window is open for sure, and nobody stands there at its first minute.
_INTO_WINDOW = timedelta(hours=2)


@dataclass(frozen=True)
class Stop:
    """One stop.

    role, at: whose work it is, and whose place; role "" where nobody has to be anybody. address: with {coi}, {batch},
    {test}, {link} and {about}. done: asked of the record. signs: it ends in a signature. how: hand, lend (the simulated
    people do it), wait (time passes).
    """

    key: str
    role: str
    at: str
    address: str
    done: Callable[[Stand], bool]
    signs: bool = False
    how: str = "hand"


def _complete(batch: Batch) -> int:
    return sum(run.state == "Complete" for run in batch.runs)


def _opens(at: Stand) -> datetime | None:
    conditioning, started = at.case.recipe.conditioning, at.therapy.conditioning_started_at
    return window(conditioning, started)[0] + _INTO_WINDOW if conditioning and started else None


def _waited(at: Stand) -> bool:
    opens = _opens(at)
    return at.batch.compared is not None or (opens is not None and at.stage.now >= opens)


_THERAPY, _BATCH = "/screen/therapies/{coi}", "/screen/batches/{batch}"
STOPS = (
    Stop("order", "prescriber", "hospital", "/screen/order", lambda s: s.therapy.state != "new", True),
    Stop("consent", "clinic_coordinator", "hospital", f"{_THERAPY}/consent", lambda s: bool(s.therapy.consent)),
    Stop(
        "profile", "clinic_coordinator", "hospital", f"{_THERAPY}/files",
        lambda s: bool(s.therapy.facts) and (bool(s.therapy.markers) or not s.case.recipe.markers),
    ),
    Stop("eligibility", "clinic_coordinator", "hospital", f"{_THERAPY}/eligibility", lambda s: s.therapy.eligible),
    Stop(
        "tailoring", "clinic_coordinator", "hospital", f"{_THERAPY}/tailoring",
        lambda s: s.therapy.tailoring is not None,
    ),
    Stop(
        "drugs", "prescriber", "hospital", f"{_THERAPY}/decide/{{about}}",
        lambda s: s.therapy.tailoring is not None and advice.STEP not in s.therapy.holds, True,
    ),
    Stop(
        "approval", "prescriber", "hospital", f"{_THERAPY}/tailoring",
        lambda s: s.therapy.tailoring is not None and s.therapy.tailoring.approved, True,
    ),
    Stop("slot", "planner", "plant", f"{_THERAPY}/slots", lambda s: _booked(s.therapy, "collection")),
    Stop("collection", "collection", "hospital", "/screen/collection/{coi}", lambda s: bool(s.therapy.collections)),
    Stop("suite", "planner", "plant", f"{_THERAPY}/slots", lambda s: _booked(s.therapy, "manufacture")),
    Stop("plan", "planner", "plant", f"{_THERAPY}/slots", lambda s: s.batch.state != "new"),
    Stop("receipt", "operator", "plant", f"{_BATCH}/step", lambda s: bool(s.batch.received)),
    Stop("step", "operator", "plant", f"{_BATCH}/step", lambda s: _complete(s.batch) >= _BY_HAND),
    Stop("stretch", "", "plant", _BATCH, lambda s: s.batch.completed is not None, how="lend"),
    Stop("qc", "qc", "plant", f"{_BATCH}/qc/{{test}}", lambda s: bool(s.batch.results)),
    Stop(
        "laboratory", "", "plant", f"{_BATCH}/qc",
        lambda s: s.batch.certificate is not None or (s.batch.state != "new" and not missing(s)), how="lend",
    ),
    Stop(
        "certificate", "qa_reviewer", "plant", f"{_BATCH}/certificate",
        lambda s: s.batch.certificate is not None, True,
    ),
    Stop("release", "qp", "plant", f"{_BATCH}/release", lambda s: bool(s.batch.disposition), True),
    Stop("dispatch", "operator", "plant", f"{_BATCH}/dispatch", lambda s: len(s.batch.custody) >= 1),
    Stop("courier", "", "plant", "/screen/courier#{link}", lambda s: len(s.batch.custody) > 1),
    Stop("arrival", "bedside_nurse", "hospital", "/screen/bedside/{batch}", lambda s: s.batch.shipment is not None),
    Stop(
        "clearance", "prescriber", "hospital", f"{_THERAPY}/clearance/{{batch}}",
        lambda s: s.therapy.clearance is not None, True,
    ),
    Stop(
        "conditioning", "bedside_nurse", "hospital", "/screen/bedside/{batch}",
        lambda s: s.therapy.conditioning_started_at is not None,
    ),
    Stop("days", "", "hospital", "/screen/bedside/{batch}", _waited, how="wait"),
    Stop(
        "compare", "bedside_nurse", "hospital", "/screen/bedside/{batch}/compare",
        lambda s: s.batch.compared is not None and s.batch.compared.agreed,
    ),
    Stop(
        "bedside", "bedside_nurse", "hospital", "/screen/bedside/{batch}",
        lambda s: s.batch.administered is not None, True,
    ),
)  # fmt: skip


def _booked(therapy: Therapy, purpose: str) -> bool:
    return any(each.purpose.startswith(purpose) for each in therapy.slots)


@dataclass(frozen=True)
class Seen:
    """One stop as it stands. login: whom to be, "" for nobody; state: done, now or later.

    Of the present stop also: address; entries: what is entered there; until: what moment is waited for.
    """

    key: str
    role: str
    how: str
    login: str
    state: str
    address: str = ""
    entries: tuple[Entry, ...] = ()
    until: datetime | None = None


def stops(live: Live) -> list[Seen]:
    """The tour as the record says it stands."""
    found: list[Seen] = []
    # Never in the middle of an act: the stage remembers who ordered what, and the acts go through it.
    with AT_A_TIME:
        at = standing(live)
        for stop in STOPS:
            now = not any(each.state == "now" for each in found)
            if not now or stop.done(at):
                login, state = _login(live, stop), "done" if now else "later"
                found.append(Seen(stop.key, stop.role, stop.how, login, state))
            else:
                found.append(_now(live, stop, at))
    return found


def done(live: Live, key: str) -> bool:
    """Whether this stop lies behind the visitor.

    Raises:
        StopIteration: no stop is called so.
    """
    stop = next(each for each in STOPS if each.key == key)
    with AT_A_TIME:
        return stop.done(standing(live))


def standing(live: Live) -> Stand:
    """Where the visitor's patient stands."""
    stage, case = live.driver.stage, live.tour
    if case is None:
        raise ValueError("this simulation has no tour")
    therapy = stage.therapy_of(case)
    batch = stage.batch_of(therapy) if therapy else None
    return Stand(stage, case, therapy or Therapy(), batch or Batch())


def _now(live: Live, stop: Stop, at: Stand) -> Seen:
    site, login = at.stage.site, _login(live, stop)
    entries = () if live.lent else entries_of(stop.key, at)
    if stop.signs:
        entries += (Entry("password", "sign_box.password", site.password_of(login)),)
    test = test_of(at) if stop.key == "qc" else None
    link = ""
    if stop.key == "courier" and at.batch.dispatched is not None:
        link = make_link(site.house, site.actor("operator", PLANT), at.batch, at.batch.dispatched.shipment)
    address = stop.address.format(
        coi=at.therapy.coi, batch=at.batch.batch, test=test.name if test else "", link=link, about=held_drug(at)
    )
    until = _opens(at) if stop.how == "wait" else None
    return Seen(stop.key, stop.role, stop.how, login, "now", address, entries, until)


def _login(live: Live, stop: Stop) -> str:
    if not stop.role:
        return ""
    return login_of(stop.role, PLANT if stop.at == "plant" or live.tour is None else live.tour.hospital)
