"""The guided tour: one simulated patient, moved by the visitor, who is each person in turn. Only in a simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from onelot.adapters.vault import Identity
from onelot.app.effects import AT_A_TIME
from onelot.app.simulation.live import Live
from onelot.app.simulation.site import PLANT, login_of
from onelot.app.web.pages import COOKIE, HEADERS
from onelot.app.web.rooms.signing_in import NEXT, keep
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput
from onelot.record.subjects import Batch, Therapy

PATH = "/screen/tour"
NAV, SIMULATED = (("tour", PATH),), True
_NO_THERAPY, _NO_BATCH = Therapy(), Batch()
# After so many steps by hand the visitor has seen what a step is.
_BY_HAND = 2


@dataclass(frozen=True)
class Stop:
    """One stop. at: whose place it is done at; address: with {coi} and {batch}; done: asked of the record."""

    key: str
    role: str
    at: str
    address: str
    done: Callable[[Therapy, Batch], bool]


def _complete(batch: Batch) -> int:
    return sum(run.state == "Complete" for run in batch.runs)


STOPS = (
    Stop("order", "prescriber", "hospital", "/screen/order", lambda t, b: t.state != "new"),
    Stop("consent", "clinic_coordinator", "hospital", "/screen/therapies/{coi}", lambda t, b: bool(t.consent)),
    Stop("profile", "clinic_coordinator", "hospital", "/screen/therapies/{coi}", lambda t, b: t.eligible),
    Stop(
        "tailoring", "clinic_coordinator", "hospital", "/screen/therapies/{coi}/tailoring",
        lambda t, b: t.tailoring is not None,
    ),
    Stop(
        "approval", "prescriber", "hospital", "/screen/therapies/{coi}/tailoring",
        lambda t, b: t.tailoring is not None and t.tailoring.approved,
    ),
    Stop("collection", "collection", "hospital", "/screen/collection/{coi}", lambda t, b: bool(t.collections)),
    Stop("plan", "planner", "plant", "/screen/schedule?span=month", lambda t, b: b.state != "new"),
    Stop("receipt", "operator", "plant", "/screen/batches/{batch}/step", lambda t, b: bool(b.received)),
    Stop("step", "operator", "plant", "/screen/batches/{batch}/step", lambda t, b: _complete(b) >= _BY_HAND),
    Stop("stretch", "operator", "plant", "/screen/batches/{batch}", lambda t, b: b.completed is not None),
    Stop("qc", "qc", "plant", "/screen/batches/{batch}/qc", lambda t, b: b.certificate is not None),
    Stop("release", "qp", "plant", "/screen/batches/{batch}/release", lambda t, b: bool(b.disposition)),
    Stop("journey", "bedside_nurse", "hospital", "/screen/batches/{batch}", lambda t, b: b.shipment is not None),
    Stop("bedside", "bedside_nurse", "hospital", "/screen/bedside/{batch}", lambda t, b: b.administered is not None),
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One stop as it stands: its address, whom to be, and whether it is done, the present one, or to come."""

    key: str
    role: str
    login: str
    address: str
    state: str


def stops(live: Live) -> list[Seen]:
    """The tour as the record says it stands."""
    therapy, batch = _record(live)
    found: list[Seen] = []
    for stop in STOPS:
        done = stop.done(therapy, batch)
        now = not done and all(each.state == "done" for each in found)
        address = stop.address.format(coi=therapy.coi, batch=batch.batch)
        state = "done" if done else "now" if now else "later"
        found.append(Seen(stop.key, stop.role, _login(live, stop), address, state))
    return found


def _record(live: Live) -> tuple[Therapy, Batch]:
    stage = live.driver.stage
    # Never in the middle of an act: the stage remembers who ordered what, and the acts go through it.
    with AT_A_TIME:
        therapy = stage.therapy_of(live.tour) if live.tour else None
        batch = stage.batch_of(therapy) if therapy else None
    return therapy or _NO_THERAPY, batch or _NO_BATCH


def _login(live: Live, stop: Stop) -> str:
    return login_of(stop.role, PLANT if stop.at == "plant" or live.tour is None else live.tour.hospital)


def routes(router: APIRouter, screen: Screen) -> None:
    """The tour's page, the change of person, and the help of the simulated people."""

    def live() -> Live:
        found = screen.simulation
        if found.tour is None:
            raise BadInput(
                "this simulation has no tour", rule="the demo's own cohort has one", remedy="run `onelot demo`"
            )
        return found

    @router.get("/tour")
    def tour(request: Request) -> Response:
        actor = screen.enter(request, "tour")
        found, login = live(), actor.id.removeprefix("person/")
        seen = stops(found)
        names = {each.login: screen.house.loop.actor(each.login).printed_name for each in seen}
        site = found.driver.stage.site
        return screen.render(
            "tour.html", request, actor, stops=seen, names=names, login=login, live=found, recipe=_recipe(found),
            patient=_patient(found), now=next((each for each in seen if each.state == "now"), None),
            signing=site.password_of(login) if login in names else "",
            second=_second(screen, found, login) if login in names else None,
        )  # fmt: skip

    @router.post("/tour/be")
    def be(request: Request, sent: Annotated[Sent, Depends()], login: Text = "") -> Response:
        screen.enter(request, "tour", sent)
        found, desk = live(), screen.doors.sign_in
        if login not in {each.login for each in stops(found)}:
            raise BadInput("nobody of the tour", rule="the tour names its people", remedy="use its buttons")
        # The usual door, with the password this simulation gave its own people; there is no way around it.
        token = desk.open(login, found.sign_in_of(login), screen.doors.where(request))
        desk.close(screen.token(request), screen.doors.where(request))
        return keep(screen, screen.go(NEXT if desk.sessions.find(token).needs else PATH), COOKIE, token)

    @router.post("/tour/lend")
    def lend(request: Request, sent: Annotated[Sent, Depends()], stop: Text = "") -> Response:
        screen.enter(request, "tour", sent)
        found = live()
        wanted = next((each for each in STOPS if each.key == stop), None)
        if wanted is None:
            raise BadInput("no such stop", rule="the tour names its stops", remedy="use its buttons")
        found.lend(lambda: wanted.done(*_record(found)))
        return screen.go(PATH)

    @router.get("/tour/patient.json")
    def patient(request: Request) -> Response:
        screen.enter(request, "tour")
        file = live().tour_file
        return Response(
            file.read_bytes() if file else b"{}", media_type="application/json",
            headers={**HEADERS, "Content-Disposition": 'attachment; filename="tour.json"'},
        )  # fmt: skip


def _second(screen: Screen, live: Live, login: str) -> tuple[str, str, str] | None:
    """Who stands beside this person where a step needs two: name, sign-in name, signing password."""
    other = f"{login}.2"
    row = screen.house.journal.rows("people", [other]).get(other)
    return (str(row["printed_name"]), other, live.driver.stage.site.password_of(other)) if row else None


def _patient(live: Live) -> Identity | None:
    return live.tour.identity if live.tour else None


def _recipe(live: Live) -> str:
    return live.tour.recipe.title if live.tour else ""
