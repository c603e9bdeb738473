"""`onelot demo`: a folder of patients from order to bedside, on simulated equipment, couriers, people and clock.

A run lives in a home of its own and can be killed at any moment: run again, it goes on where its record stands.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from onelot.adapters.fhir import Order, identity_of, order_of, read_bundle
from onelot.adapters.recipes import shipped
from onelot.adapters.vault import Identity
from onelot.app import cohort, home
from onelot.app.entropy import from_seed
from onelot.app.house import SIMULATION, House
from onelot.app.sign_in import SignIn
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.driver import Driver, Told
from onelot.app.simulation.live import Live
from onelot.app.simulation.pace import Pace
from onelot.app.simulation.report import Report, report
from onelot.app.simulation.site import HOSPITALS, PLANT, Site, login_of, set_up
from onelot.profile.document import Document
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.recipe import MasterRecipe
from onelot.twin.clock import SimulatedClock
from onelot.twin.cohort import Expected
from onelot.twin.faults import Faults, read_faults
from onelot.twin.memory import InFile
from onelot.twin.world import World

ADMINISTRATOR = "administrator"
# What the clinics of our own cohort state of their samples.
GERMLINE = "germline-blood"
# The stock is made before the first order: about four weeks and its tests.
STOCK_AHEAD = timedelta(days=60)
# The longest anybody waits for compiled loops before compiling them in this process.
COMPILES_S = 60.0


@dataclass(frozen=True)
class Cohort:
    """Patients on their way: cases, what goes wrong, when the first clock starts, and the ends to be held to."""

    cases: dict[str, Case]
    faults: Faults
    starts_at: datetime
    expected: dict[str, Expected]

    def only(self, names: Sequence[str]) -> Cohort:
        """These patients alone; their clocks stay as they are.

        Raises:
            BadInput: a name stands for nobody here.
        """
        wanted = {name.strip() for name in names}
        if unknown := wanted - self.cases.keys():
            raise BadInput(
                f"there is no patient {', '.join(sorted(unknown))}",
                rule="patients are named as their files are",
                remedy=f"some of: {', '.join(self.cases)}",
            )
        return replace(self, cases={key: case for key, case in self.cases.items() if key in wanted})


@dataclass
class Demo:
    """A run that is set up; `run` takes it to its end."""

    house: House
    driver: Driver
    cohort: Cohort
    recipes: tuple[MasterRecipe, ...]

    def let_in(self, desk: SignIn) -> list[tuple[str, str, str]]:
        """Let the simulated people sign in; those a newcomer may be: name, sign-in password, signing password."""
        site = self.driver.stage.site
        for login in site.rows("people"):
            if login != ADMINISTRATOR:
                desk.set_password(login, self.sign_in_of(login))
        told = [login_of(role, place) for role, place in LET_IN]
        # Whoever tries a step with two people needs the other one, who proves to be there.
        told.insert(2, login_of("operator", PLANT, 2))
        return [(login, self.sign_in_of(login), site.password_of(login)) for login in told]

    def sign_in_of(self, login: str) -> str:
        """A simulated person's sign-in password."""
        return self.house.loop.entropy(f"sign-in/{login}", 8).hex()

    def live(self, folder: Path, seed: int, speed: str) -> Live:
        """The run beside a server, with a patient of its own for the tour; `start` begins it."""

        def new_tour(now: datetime) -> tuple[Case, Path]:
            return tour_case(folder / "tour", seed, now, self.recipes)

        tour, file = new_tour(self.driver.clock.now())
        pace = Pace(self.driver.clock, speed, hurry_until=self.cohort.starts_at)
        return Live(self.driver, pace, tour, file, self.sign_in_of, new_tour)

    def report(self) -> Report:
        """How the cohort stands."""
        return report(self.house, self.driver, self.cohort.cases, self.cohort.expected, self.recipes)

    def run(self) -> Report:
        """Act until nobody has anything left to do, and report."""
        self.driver.run()
        return self.report()


# Whom a newcomer may be on the screens of the demo.
LET_IN = (
    ("qp", PLANT), ("operator", PLANT), ("process_engineer", PLANT), ("auditor", PLANT), ("prescriber", HOSPITALS[0]),
)  # fmt: skip


def own_cohort(folder: Path, seed: int, recipes: Sequence[MasterRecipe]) -> Cohort:
    """Our cohort of about two dozen patients, written from the seed into `folder`."""
    plan = cohort.write_cohort(folder, seed)
    files = {found.name: found for found in cohort.patients_in(folder)}
    cases: dict[str, Case] = {}
    for each in plan.patients:
        found = files[each.patient]
        recipe = _recipe_for(each.product, recipes)
        late = each.fault("late_fact")
        case = _case(each.patient, cohort.read_patient(found), recipe, each.ordered_at, len(cases))
        case.vcf, case.outside = found.vcf, found.outside
        case.reference, case.genes = found.reference, found.genes
        case.sample = str(each.chart.get("sample", GERMLINE if found.vcf else ""))
        after_h = float(late.settings["after_h"]) if late else 24.0 * float(each.chart.get("weighed_again_d", 0))
        if after_h and found.later is not None:
            case.later = (read_bundle(found.later),)
            case.later_at = each.ordered_at + timedelta(hours=after_h)
        cases[each.patient] = case
    raw = orjson.loads((cohort.DATA / "faults.json").read_bytes())
    return Cohort(cases, read_faults(raw), plan.start, dict(cohort.expected_ends()))


def made_by(found: Cohort, recipe: MasterRecipe) -> Cohort:
    """Those patients of a cohort for whom a product of this kind is meant, with this recipe in the place of theirs.

    Raises:
        BadInput: nobody is treated by anything like it.
    """
    like = {
        key: replace(case, recipe=recipe)
        for key, case in found.cases.items()
        if case.recipe.product == recipe.product or case.recipe.name == recipe.name
    }
    if not like:
        raise BadInput(
            f"nobody of our cohort is ordered {recipe.product}",
            rule="our cohort's patients have the products of the shipped recipes",
            remedy="give a folder of patients whose orders name your recipe: onelot demo FOLDER --recipe FILE",
        )
    for case in like.values():
        if isinstance(case.order, Order):
            case.order = replace(case.order, product=recipe.name)
    return replace(found, cases=like, expected={})


def tour_case(folder: Path, seed: int, now: datetime, recipes: Sequence[MasterRecipe]) -> tuple[Case, Path]:
    """A patient for the guided tour, like the first of our own cohort, with documents of this day; and their file."""
    day = now.replace(minute=0, second=0, microsecond=0)
    like = replace(cohort.cohort_plan().patients[0], patient="tour", ordered_at=day, faults=())
    file = cohort.write_patient(folder, like, seed + 1)
    found = next(each for each in cohort.patients_in(folder) if each.name == "tour")
    case = _case("tour", cohort.read_patient(found), _recipe_for(like.product, recipes), day, 0)
    case.vcf, case.sample = found.vcf, str(like.chart.get("sample", GERMLINE if found.vcf else ""))
    return case, file


def folder_cohort(folder: Path, product: str, overlay: bool, recipes: Sequence[MasterRecipe], now: datetime) -> Cohort:
    """The patients of any folder, for one product; with the committed overlays where asked for.

    Raises:
        BadInput: the folder or a bundle cannot be read.
    """
    recipe = _recipe_for(product, recipes)
    overlays = cohort.synthea_overlays() if overlay else {}
    cases: dict[str, Case] = {}
    for found in cohort.patients_in(folder):
        documents = cohort.read_patient(found)
        bundle, clock = cohort.overlaid(documents[0], overlays)
        cases[found.name] = _case(found.name, (bundle, *documents[1:]), recipe, clock or now, len(cases))
        # Nobody has stated where the samples of a folder come from: their genomes are recorded and do not act.
        cases[found.name].vcf, cases[found.name].outside = found.vcf, found.outside
        cases[found.name].reference, cases[found.name].genes = found.reference, found.genes
    expected = {
        key: Expected(key, product, "", overlays[patient].expected, overlays[patient].reason)
        for key, case in cases.items()
        if (patient := _patient_id(case.documents[0])) in overlays
    }
    return Cohort(cases, {}, min(case.starts_at for case in cases.values()), expected)


def _patient_id(document: Document) -> str:
    patient = next(document.of("Patient"), None)
    return str(patient.body.get("id")) if patient else ""


def _recipe_for(product: str, recipes: Sequence[MasterRecipe]) -> MasterRecipe:
    for recipe in recipes:
        if product in (recipe.name, recipe.identifier) and recipe.kind != "stock":
            return recipe
    raise BadInput(
        f"there is no recipe for {product}",
        rule="a product is made by an approved master recipe",
        remedy=f"one of: {', '.join(recipe.name for recipe in recipes if recipe.kind != 'stock')}",
    )


def _case(key: str, documents: tuple[Document, ...], recipe: MasterRecipe, at: datetime, number: int) -> Case:
    person = identity_of(documents[0])
    identity = Identity(person.name, person.birth_date, tuple("|".join(each) for each in person.identifiers if each[1]))
    order = order_of(documents[0], recipe.name, at + timedelta(minutes=1))
    return Case(key, documents, recipe, HOSPITALS[number % len(HOSPITALS)], at, identity, order)


def prepare(
    folder: Path,
    seed: int,
    make: Callable[[Sequence[MasterRecipe]], Cohort],
    tell: Told,
    own: Sequence[MasterRecipe] = (),
) -> Demo:
    """Set a run up in `folder`, or take up one that was killed there. own: recipes beside the shipped ones.

    Raises:
        NotAllowed: the folder holds a production journal.
    """
    # A reader's own stand first: by the name of a shipped one they mean theirs.
    recipes = (*own, *shipped().values())
    found = make(recipes)
    entropy = from_seed(seed)
    starts_at = found.starts_at - STOCK_AHEAD
    clock = SimulatedClock(starts_at)
    password = entropy(f"password/{ADMINISTRATOR}", 12).hex()
    if (folder / home.CONFIG).exists():
        if home.config_of(folder)["mode"] != SIMULATION:
            raise NotAllowed(
                "the demo does not run on a production journal",
                rule="simulation is never mistaken for production",
                remedy="give the demo a folder of its own",
            )
        house = home.open_house(folder, clock=clock.now, entropy=entropy)
    else:
        house = home.init(
            folder,
            mode=SIMULATION,
            site=PLANT,
            administrator=ADMINISTRATOR,
            printed_name="Demo Administrator",
            password=password,
            clock=clock.now,
            entropy=entropy,
        )
    clock.advance(max(starts_at, _last_time(house)))
    site = Site(house, lambda login: entropy(f"password/{login}", 12).hex(), ADMINISTRATOR)
    set_up(site, recipes, starts_at)
    world = World(seed, found.faults)
    stage = Stage(site, world, InFile(folder / "twin-devices"), found.cases, clock.now)
    stage.ready_to_search = _compile_ahead(found)
    stock = tuple(recipe for recipe in recipes if recipe.kind == "stock" and _wanted(recipe, found))
    return Demo(house, Driver(stage, clock, stock, tell), found, recipes)


def _compile_ahead(found: Cohort) -> Callable[[], None]:
    """Index the reference and compile the search in a process beside this one, where a patient needs it.

    The first time on a machine that takes seconds, which the first orders of the cohort hide. Should the process fail,
    the search does the same itself, and says what is wrong.
    """
    reference = next((case.reference for case in found.cases.values() if case.reference is not None), None)
    if reference is None:
        return lambda: None
    command = [sys.executable, "-m", "onelot.app.editing", str(reference)]
    child = subprocess.Popen(  # noqa: S603 (our own program, no shell)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def ready() -> None:
        try:
            child.wait(COMPILES_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    return ready


def _wanted(stock: MasterRecipe, found: Cohort) -> bool:
    return any(case.recipe.stock_recipe == stock.identifier for case in found.cases.values())


def _last_time(house: House) -> datetime:
    """The time of the newest event: a run that was killed goes on from there."""
    newest = datetime.min.replace(tzinfo=UTC)
    for stream, head in house.journal.heads().items():
        newest = max(newest, house.journal.read(stream, head.seq - 1)[0].at)
    return newest
