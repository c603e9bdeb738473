"""The simulated site: people, equipment, lots and approved recipes, set up through the same commands as a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from onelot.adapters.knowledge import guideline, load_pgx_knowledge
from onelot.adapters.recipes import shipped_dose_rules
from onelot.app.commands import Command, lots, masters
from onelot.app.context import Actor
from onelot.app.house import House
from onelot.app.loop import Done
from onelot.app.presence import Proof, by_signing_password
from onelot.app.rules import DOSE_RULES, GUIDELINE, guideline_name
from onelot.app.simulation.networks import simulated_networks
from onelot.record.recipe import MasterRecipe, write_recipe
from onelot.tailor.dose_rules import document_name, write_dose_rules
from onelot.tailor.guideline import write_guideline

PLANT = "plant"
HOSPITALS = ("hospital-north", "hospital-south")
SLOT_CLASSES = ("apheresis", "suite", "bedside")
# How many of each class; enough for a cohort of two dozen, few enough that slots matter.
UNITS = {"apheresis": 2, "suite": 12, "bedside": 4, "lnp_mixer": 2}
UNITS_OTHERWISE = 14

_PLANT_ROLES = {
    "planner": 1,
    "operator": 2,
    "supervisor": 1,
    "qc": 2,
    "qa_reviewer": 1,
    "qp": 1,
    "process_engineer": 1,
    "metrology": 1,
    "bioinformatician": 1,
    "auditor": 1,
    "it": 1,
}
_CLINIC_ROLES = {"prescriber": 1, "clinic_coordinator": 1, "collection": 2, "bedside_nurse": 2}
_NAMES = (
    "Ada Byrne", "Ben Castel", "Cora Duarte", "Dev Eriksen", "Edda Falk", "Finn Garcia", "Gita Hansen", "Hugo Ivanov",
    "Ines Jansen", "Jonas Keller", "Kira Lund", "Levi Moreau", "Mina Novak", "Nils Okafor", "Oda Petrov", "Pia Quint",
    "Rafa Rossi", "Sana Silva", "Theo Tanaka", "Una Vogel", "Vera Weiss", "Wim Xander", "Yara Young", "Zeno Zhang",
    "Alma Brandt", "Bela Conti", "Clea Dumas", "Dara Engel",
)  # fmt: skip


@dataclass
class Site:
    """The simulated site over a house."""

    house: House
    password_of: Callable[[str], str]
    administrator: str

    def actor(self, role: str, site: str, number: int = 1) -> Actor:
        """The `number`-th person with this role at this site."""
        return self.house.loop.actor(login_of(role, site, number))

    def give(self, command: Command, role: str, site: str, number: int = 1) -> Done:
        """Let somebody give a command, signing where it is signed; then carry out what it promised."""
        actor = self.actor(role, site, number)
        password = self.password_of(actor.id.removeprefix("person/")) if command.meaning else None
        done = self.house.loop.handle(command, actor, password, proof=self.proof(command))
        self.house.run_effects()
        return done

    def proof(self, command: Command) -> Proof | None:
        """The second person's proof, by their own signing password, where the command names one."""
        login = getattr(command, "verified_by", "").removeprefix("person/")
        if not login:
            return None
        return by_signing_password(self.house.people_keys, self.house.loop.reader.person, self.password_of(login))

    def rows(self, view: str) -> dict[str, dict[str, Any]]:
        """The rows of a view."""
        return self.house.journal.rows(view)


def login_of(role: str, site: str, number: int = 1) -> str:
    """The sign-in name of a simulated person."""
    return f"{role}.{site}" + (f".{number}" if number > 1 else "")


def person(role: str, site: str, number: int = 1) -> str:
    """The stream of a simulated person, as it stands in `verified_by`."""
    return f"person/{login_of(role, site, number)}"


def set_up(site: Site, recipes: Iterable[MasterRecipe], now: datetime) -> None:
    """Make everything known that the cohort needs; what is there already stays."""
    recipes = tuple(recipes)
    _people(site)
    _documents(site, recipes, now)
    _networks(site, now)
    _equipment(site, recipes, now)
    _lots(site, recipes, now)


def _people(site: Site) -> None:
    known = site.rows("people")
    administrator = site.house.loop.actor(site.administrator)
    wanted = [(role, PLANT, n) for role, count in _PLANT_ROLES.items() for n in range(1, count + 1)]
    wanted += [
        (role, clinic, n) for clinic in HOSPITALS for role, count in _CLINIC_ROLES.items() for n in range(1, count + 1)
    ]
    sites = site.rows("sites")
    for clinic in HOSPITALS:
        if clinic not in sites:
            site.house.loop.handle(
                masters.RegisterSite(clinic, clinic.replace("-", " ").title(), "hospital"), administrator
            )
    for number, (role, place, n) in enumerate(wanted):
        login = login_of(role, place, n)
        if login not in known:
            name = _NAMES[number % len(_NAMES)]
            site.house.loop.handle(masters.RegisterPerson(login, name, (role,), _sites(role, place)), administrator)
        if not known.get(login, {}).get("key"):
            site.house.enrol(login, site.password_of(login), administrator)


def _sites(role: str, place: str) -> tuple[str, ...]:
    """Planners book and bioinformaticians design for the hospitals too; others see the records of their own site."""
    return (place, *HOSPITALS) if role in ("planner", "bioinformatician") else (place,)


def _documents(site: Site, recipes: tuple[MasterRecipe, ...], now: datetime) -> None:
    for recipe in recipes:
        _document(site, f"recipe/{recipe.name}", "recipe", recipe.title, recipe.version, write_recipe(recipe), now)
    known = load_pgx_knowledge()
    for drug in sorted({drug for recipe in recipes for drug in recipe.drugs}):
        found = guideline(drug, known)
        title = f"{found.table}: {drug}"
        _document(site, guideline_name(drug), GUIDELINE, title, found.version, write_guideline(found), now)
    products = {recipe.product for recipe in recipes}
    for rules in shipped_dose_rules():
        if rules.product in products:
            title, name = f"Dose rules of {rules.product}", document_name(rules.product)
            _document(site, name, DOSE_RULES, title, rules.version, write_dose_rules(rules), now)


def _document(site: Site, name: str, kind: str, title: str, version: str, value: dict[str, Any], now: datetime) -> None:
    state = site.rows("documents").get(f"{name}/{version}", {}).get("state")
    if state is None:
        command = masters.RegisterDocument(name, kind, title, version, orjson.dumps(value).decode())
        site.give(command, "process_engineer", PLANT)
    if state != "approved":
        site.give(masters.ApproveDocument(name, version, now), "qa_reviewer", PLANT)


def _networks(site: Site, now: datetime) -> None:
    for each in simulated_networks():
        _document(site, each.name, "network", each.title, each.version, each.document(now.date()), now)


def _equipment(site: Site, recipes: Iterable[MasterRecipe], now: datetime) -> None:
    known = site.rows("equipment")
    plant = {phase.equipment_class for recipe in recipes for phase in recipe.phases if phase.equipment_class}
    wanted = [(name, PLANT) for name in sorted(plant | {"suite"})]
    wanted += [(name, clinic) for clinic in HOSPITALS for name in ("apheresis", "bedside")]
    for equipment_class, place in wanted:
        for number in range(1, UNITS.get(equipment_class, UNITS_OTHERWISE) + 1):
            name = f"{equipment_class}-{number}" + ("" if place == PLANT else f"@{place}")
            state = known.get(name, {}).get("state")
            if state is None:
                command = masters.RegisterEquipment(name, equipment_class, place, f"SIM-{name}", True, False)
                site.give(command, "metrology", PLANT)
            if state != "qualified":
                until = now + timedelta(days=730)
                site.give(masters.QualifyEquipment(name, until, "simulated qualification"), "metrology", PLANT)


def _lots(site: Site, recipes: Iterable[MasterRecipe], now: datetime) -> None:
    known = site.rows("lots")
    made = {item for recipe in recipes if recipe.kind == "stock" for item in recipe.stock_items}
    items = {
        (charge.item, charge.amount.unit)
        for recipe in recipes
        for phase in recipe.phases
        for charge in phase.charges
        if charge.item not in made and not charge.own
    }
    for item, unit in sorted(items):
        lot = f"LOT-{item}-1"
        state = known.get(lot, {}).get("state")
        if state is None:
            digest = sha256(f"simulated certificate of {lot}".encode()).hexdigest()
            command = lots.ReceiveLot(
                lot, item, f"SIM-{item}", digest, Decimal("1e18"), unit, now + timedelta(days=720)
            )
            site.give(command, "operator", PLANT)
        if state != "released":
            site.give(lots.ReleaseLot(lot, "simulated incoming inspection: complies"), "qc", PLANT)
