"""Moments that a calm run does not have, each brought about in the house, and the page that shows its form then.

A deviation, a held phase, a device that does not answer, a shipper on its way, an enrolled tablet, a half-finished
sign-in. What is told with a moment is what somebody at work would type into its form.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pyotp

from onelot.app.commands import Command
from onelot.app.commands.make import AnswerCommand, CommandDevice
from onelot.app.commands.masters import ChangeRoles, RegisterDocument
from onelot.app.commands.release import OpenDeviation
from onelot.app.commands.stops import RefuseCollectionScan
from onelot.app.commands.tailor import ApproveTailoring, TailorRecipe
from onelot.app.context import SYSTEM
from onelot.app.demo import tour_case
from onelot.app.document_kinds import NETWORK
from onelot.app.sign_in.account import Account
from onelot.app.sign_in.security_log import NOWHERE
from onelot.app.sign_in.sessions import ENROL
from onelot.app.simulation.site import HOSPITALS, PLANT, login_of
from onelot.app.simulation.tour import stops
from onelot.record.errors import Mismatch
from tests.app.fuzz.recorded import Moment, Recorded
from tests.app.web.plant import PASSWORD, signing

BADGE, PIN = "BADGE-0042", "908172"
OPERATOR, NURSE = login_of("operator", PLANT), login_of("bedside_nurse", HOSPITALS[0])
NEW = {"sign_in": "five other words sign me in", "signing": "quite other words sign for me"}


@dataclass(frozen=True)
class Visit:
    """Who looks at which page, and when; login "" for nobody who is signed in."""

    login: str
    moment: Moment
    path: str


def visits(house: Recorded) -> Iterator[Visit]:
    """Every further moment, one after the other; the house is left wherever the last one was."""
    for each in (_deviations, _making, _under_way, _masters, _signing_in, _on_a_tablet, _touring):
        yield from each(Bringing(house))


@dataclass(frozen=True)
class Bringing:
    """The house, to be brought somewhere."""

    house: Recorded

    def back(self, command: str, number: int = 0) -> dict[str, Any]:
        """Go back to where somebody was about to give a command, and what they gave."""
        moment = self.house.moments[command][number]
        self.house.put(moment.state)
        given: dict[str, Any] = moment.given
        return given

    def to_the_end(self) -> None:
        """Go to the end of the run."""
        self.house.put(self.house.end)

    def give(self, login: str, command: Command) -> None:
        """Let somebody give a command, signed where it is signed."""
        loop = self.house.house.loop
        loop.handle(command, loop.actor(login), signing(login) if command.meaning else None)

    def seen(self, login: str, path: str, told: Any = None, **cookies: str) -> Visit:
        """What somebody sees at this moment. told: what they would type."""
        moment = Moment("", login, told or {}, self.house.here(), tuple(cookies.items()))
        return Visit(login, moment, path)

    def half(self, login: str, token: str) -> str:
        """A name for a session that is not the person's finished one."""
        name = f"{login}, half signed in {len(self.house.sessions)}"
        self.house.sessions[name] = token
        return name


def _deviations(at: Bringing) -> Iterator[Visit]:
    """Open ones, of a batch and of a therapy, before quality; and a value that can be corrected."""
    batch, quality = at.back("CompletePhase", 1)["batch"], login_of("qa_reviewer", PLANT)
    at.give(OPERATOR, OpenDeviation(batch, "major", "the cabinet stood open", "the instruction: closed"))
    (name,) = at.house.house.loop.reader.batch(batch).deviations
    yield at.seen(quality, f"/screen/batches/{batch}/deviations/{quote(name)}")
    yield at.seen(quality, f"/screen/batches/{batch}/deviations/{quote(name)}/assess")
    coi = at.back("RecordCollection")["coi"]
    # Whoever closes it is of the hospital's quality too.
    at.give("root", ChangeRoles(quality, ("qa_reviewer",), (PLANT, HOSPITALS[0]), "the hospital's quality too"))
    with suppress(Mismatch):
        at.give(login_of("collection", HOSPITALS[0]), RefuseCollectionScan(coi, "bag", "SOMEBODY-ELSES-BAG"))
    (name,) = at.house.house.loop.reader.therapy(coi).deviations
    yield at.seen(quality, f"/screen/therapies/{coi}/deviations/{quote(name)}")
    yield at.seen(quality, f"/screen/therapies/{coi}/deviations/{quote(name)}/assess")
    at.to_the_end()
    events = at.house.house.journal.read(f"batch/{batch}")
    seq = next(each.envelope["seq"] for each in events if each.envelope["type"] == "Measured")
    yield at.seen(OPERATOR, f"/screen/batches/{batch}/correct?seq={seq}")


def _making(at: Bringing) -> Iterator[Visit]:
    """A device that refused, one that was not heard; and a tailoring signed anew after the batch was begun."""
    supervisor = login_of("supervisor", PLANT)
    for answer in ("refused", "unknown"):
        given = at.back("CommandDevice")
        batch = given["batch"]
        at.give(OPERATOR, CommandDevice(batch, given["phase"]))
        key = next(name for name, each in at.house.house.loop.reader.batch(batch).commands.items() if not each.answer)
        at.house.house.loop.handle(AnswerCommand(batch, key, answer, "no more carbon dioxide"), SYSTEM)  # type: ignore[arg-type]
        yield at.seen(supervisor, f"/screen/batches/{batch}/step", {"reason": "looked at it"})
    batch = at.back("CompletePhase", 1)["batch"]
    coi = at.house.house.loop.reader.batch(batch).therapies[0]
    at.give(login_of("clinic_coordinator", HOSPITALS[0]), TailorRecipe(coi))
    at.give(login_of("prescriber", HOSPITALS[0]), ApproveTailoring(coi))
    yield at.seen(login_of("planner", PLANT), f"/screen/batches/{batch}/parameters")


def _under_way(at: Bringing) -> Iterator[Visit]:
    """What is ordered, collected, handed over, taken at the hospital."""
    given = at.back("OrderTherapy")
    issuer, _, number = given["identity"]["identifiers"][0].partition("|")
    told = {**given["identity"], "issuer": issuer, "number": number}
    yield at.seen(login_of("prescriber", HOSPITALS[0]), "/screen/order", told)
    given = at.back("RecordCollection")
    yield at.seen(login_of("collection", HOSPITALS[0]), f"/screen/collection/{given['coi']}", given)
    batch = at.back("TransferCustody")["batch"]
    yield at.seen(OPERATOR, f"/screen/batches/{batch}/dispatch")
    given = at.back("TransferCustody", 1)
    yield at.seen(NURSE, f"/screen/bedside/{given['batch']}", given)


def _masters(at: Bringing) -> Iterator[Visit]:
    """A network that waits for its signature, and the examples before somebody who registers one."""
    at.to_the_end()
    engineer, rows = login_of("process_engineer", PLANT), at.house.end_rows("documents")
    name = next(name for name, row in rows.items() if row["kind"] == NETWORK)
    known = at.house.house.loop.reader.document(name)
    base = name.rsplit("/", 1)[0]
    at.give(engineer, RegisterDocument(base, NETWORK, "The same again", "99", known.text))
    yield at.seen(login_of("qa_reviewer", PLANT), f"/screen/network/document/{base}/99")
    yield at.seen(engineer, "/screen/network", {"version": "100", "title": "What the study says"})


def _signing_in(at: Bringing) -> Iterator[Visit]:
    """A code is waited for, an app must be enrolled, passwords must be chosen; and a person with all there is."""
    at.to_the_end()
    desk, account = at.house.sign_in, Account(at.house.house, at.house.sign_in)
    app = pyotp.TOTP(desk.totp.offer(OPERATOR, "fuzz").secret)
    desk.totp.confirm(OPERATOR, app.now())
    desk.badges.enrol(OPERATOR, BADGE, PIN)
    yield at.seen(OPERATOR, "/screen/me", {"current": PASSWORD})
    waits = at.half(OPERATOR, desk.open(OPERATOR, PASSWORD))
    # The newest code was taken to enrol it: the next one is right, for a minute and a half.
    yield at.seen(waits, "/screen/sign-in/next", {"code": app.at(desk.now() + timedelta(seconds=30))})
    at.to_the_end()
    must = at.half(OPERATOR, desk.sessions.open(OPERATOR, ("password",), (ENROL,), NOWHERE))
    yield at.seen(must, "/screen/sign-in/next", {"code": "000000"})
    password, _ = account.let_in(OPERATOR, at.house.house.loop.actor("root"), "forgot it")
    chooses = at.half(OPERATOR, desk.open(OPERATOR, password))
    yield at.seen(chooses, "/screen/sign-in/next", {"current": password, **NEW})


def _on_a_tablet(at: Bringing) -> Iterator[Visit]:
    """A shared tablet, before the person who enrolled it, before somebody with a badge, and in their hands."""
    at.to_the_end()
    desk, account = at.house.sign_in, Account(at.house.house, at.house.sign_in)
    token, _ = account.add_tablet("bench 3", PLANT, at.house.house.loop.actor(login_of("it", PLANT)))
    desk.badges.enrol(OPERATOR, BADGE, PIN)
    tablet = {"onelot-tablet": token}
    yield at.seen(login_of("it", PLANT), "/screen/tablets", **tablet)
    yield at.seen("", "/screen/sign-in", {"badge": BADGE, "pin": PIN}, **tablet)
    by_badge = at.half(OPERATOR, desk.open_by_badge(BADGE, PIN, token))
    yield at.seen(by_badge, "/screen/board", **tablet)


def _touring(at: Bringing) -> Iterator[Visit]:
    """The tour in progress: at its first stop, and where it waits for days to pass."""
    at.to_the_end()
    yield at.seen(OPERATOR, "/screen/tour", **{"onelot-tour": "on"})
    live, folder = at.house.live, at.house.cohort.parent / "later"
    driver, recipes = live.driver, [each.recipe for each in live.driver.stage.cases.values()]
    live.tour, live.tour_file = tour_case(folder, 5, at.house.clock.now(), recipes)
    driver.stage.cases[live.tour.key] = live.tour
    driver.look_again()
    while (therapy := driver.stage.therapy_of(live.tour)) is None or therapy.conditioning_started_at is None:
        assert driver.step(), driver.waiting_for(live.tour.key)
    assert next(each.key for each in stops(live) if each.state == "now") == "days"
    del driver.stage.cases[live.tour.key]
    there = at.seen(NURSE, "/screen/tour", **{"onelot-tour": "on"})
    # The strip, which every other page carries.
    yield from (there, replace(there, path="/screen/bedside"))
