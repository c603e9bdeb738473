"""The house one patient is taken through by hand: its people at their browsers, its scanners, its clock.

A simulated installation on the embedded PostgreSQL server, served over a socket. Masters (people, equipment, lots,
recipes) are set up as the demo does it; everything about the patient is done on the pages. From outside come only what
the outside would give: the patient's files, the answers of devices, what an instrument shows, and time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page

from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app import home as homes
from onelot.app.api.application import create_app
from onelot.app.demo import own_cohort, tour_case
from onelot.app.entropy import from_seed
from onelot.app.house import House
from onelot.app.sign_in import SignIn
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import HOSPITALS, PLANT, Site, set_up
from onelot.record.identity import make_identifier
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch, Therapy
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World
from tests.app.web.plant import PASSWORD, signing
from tests.browser.conftest import QUICK, Served, picture, serving

CLINIC = HOSPITALS[0]
STARTS_AT = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
SEED = 5
# Somebody else's chain of identity: on the label of every wrong bag.
FOREIGN = make_identifier(12345678901)
# For pictures: who else is on the board, and how long they have been on their way.
NEIGHBOURS = ("p01", "p04", "p09", "p10", "p12", "p14", "p16", "p17")
AT_WORK = timedelta(days=14)
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
# Who holds what in the hand; everybody else sits at a desk.
HANDS = {"collection": PHONE, "bedside_nurse": PHONE, "operator": TABLET}


@dataclass
class Way(Served):
    """The house behind a socket, and everybody who has signed in there so far.

    stage: the world outside, which knows what instruments show; case, file: the patient and their FHIR bundle;
    labels: what is printed on a thing, as a scanner reads it.
    """

    clock: SimulatedClock
    stage: Stage
    case: Case
    file: Path
    people: dict[str, Page] = field(default_factory=dict)
    signing: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def be(self, role: str, site: str = PLANT, number: int = 1) -> Page:
        """The browser of this person; the first time they sign in on the sign-in page."""
        return self.be_called(f"{role}.{site}" + (f".{number}" if number > 1 else ""), **HANDS.get(role, {}))

    def be_called(self, login: str, **given: int) -> Page:
        """The browser of whoever signs in by this name."""
        if login not in self.people:
            self.people[login] = self.signed_in(login, **given)
        return self.people[login]

    def password(self, login: str) -> str:
        """Their signing password."""
        return self.signing.get(login, signing(login))

    def forward(self, **by: float) -> None:
        """Let time pass, as `timedelta` takes it."""
        self.clock.advance(self.clock.now() + timedelta(**by))

    @property
    def therapy(self) -> Therapy:
        """The therapy as the record has it now."""
        found = self.stage.therapy_of(self.case)
        assert found is not None, "nothing is ordered"
        return found

    @property
    def batch(self) -> Batch:
        """The batch as the record has it now."""
        return self.house.loop.reader.batch(self.number)

    def stamp(self, moment: datetime | None = None) -> str:
        """A moment as a browser's field takes it, UTC."""
        return f"{moment or self.clock.now():%Y-%m-%dT%H:%M}"


def shoot(page: Page, name: str) -> None:
    """A picture for the docs, from the top of the page."""
    page.evaluate("window.scrollTo(0, 0)")
    picture(page, name)


def sent(page: Page, press: Callable[[], None]) -> None:
    """Press, and wait until what answers it stands in the place of what was there."""
    page.evaluate("document.querySelector('main').dataset.before = 'yes'")
    with page.expect_response(lambda answer: answer.request.method == "POST") as found:
        press()
    assert found.value.status < 500, page.url
    # A refusal stands at the head of its form, and the page stays with all that was typed.
    page.wait_for_selector("main:not([data-before]), form > .refused")
    page.wait_for_load_state("load")


def scan(page: Page, text: str) -> None:
    """What a wedge scanner does, wherever the focus is: it types, and ends with Enter. "": Enter in the box alone."""

    def typed() -> None:
        if not text:
            # An Enter that comes as fast as a scanner's second one is not taken for an answer.
            page.wait_for_timeout(420)
            page.press("[data-scan]", "Enter")
            return
        page.evaluate("document.activeElement.blur()")
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    sent(page, typed)


def press(page: Page, selector: str) -> None:
    """Press a button whose form is sent; what is refused on the way fails here, with the words of the page."""
    sent(page, lambda: page.click(selector))
    assert_taken(page)


def assert_taken(page: Page) -> None:
    """The page refused nothing."""
    refused = page.locator("main .refused, main .wrong, main .stop")
    assert refused.count() == 0, f"{page.url}\n{page.inner_text('main')}"


def follow(page: Page, selector: str) -> None:
    """Follow a link that the page offers."""
    page.click(selector)
    page.wait_for_load_state("load")


def second(page: Page, login: str, password: str) -> None:
    """The second person names themselves and proves to be there."""
    page.fill("#verified_by", login)
    page.fill("#verifier_password", password)


@contextmanager
def open_way(chromium: Browser, *, neighbours: bool = False) -> Iterator[Way]:
    """The house with its masters; our patient not ordered, nobody signed in.

    neighbours: whether simulated people have taken other patients some way before, so that pictures show a house at
    work. They do nothing from then on, and never anything for our patient.
    """
    # The embedded server runs as a user of its own, which must be able to pass through.
    folder = Path(tempfile.mkdtemp(prefix="onelot-way-"))
    folder.chmod(0o755)
    clock, entropy, recipes = SimulatedClock(STARTS_AT), from_seed(SEED), tuple(shipped().values())
    house: House | None = None
    try:
        house = homes.init(
            folder / "home", mode="simulation", site=PLANT, administrator="root", printed_name="Root",
            password=signing("root"), clock=clock.now, entropy=entropy,
        )  # fmt: skip
        # A simulation takes the word of a test for a second person; here everybody proves it, as in production.
        house.loop.asks_presence = True
        site = Site(house, signing, "root")
        set_up(site, recipes, clock.now())
        if neighbours:
            _others(site, folder / "others", clock, recipes)
        case, file = tour_case(folder / "patient", SEED, clock.now(), recipes)
        stage = Stage(site, World(SEED, {}), InMemory(), {case.key: case}, clock.now)
        Driver(stage, clock, (), lambda now, who, what: None, by_hand={case.key})
        desk = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
        for login in site.rows("people"):
            desk.set_password(login, PASSWORD)
        url, end = serving(create_app(house, desk))
        try:
            yield Way(house, "", url, chromium, clock, stage, case, file)
        finally:
            end()
    finally:
        if house is not None:
            house.close()
        shutil.rmtree(folder, ignore_errors=True)


def _others(site: Site, folder: Path, clock: SimulatedClock, recipes: tuple[MasterRecipe, ...]) -> None:
    """Other patients, each as far as the simulation took them by then."""
    cohort = own_cohort(folder, SEED, recipes).only(NEIGHBOURS)
    stage = Stage(site, World(SEED, {}), InMemory(), cohort.cases, clock.now)
    driver = Driver(stage, clock, (), lambda now, who, what: None)
    driver.begin()
    while (due := driver.next_due()) is not None and due < STARTS_AT + AT_WORK:
        driver.step()
    clock.advance(max(clock.now(), STARTS_AT + AT_WORK))
