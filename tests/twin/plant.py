"""A plant in a test: a shipped recipe, tailored, made by the house's own rooms on the twin's devices.

Everything is asked of a fold of the one batch stream; a world may be thrown away and told again at any step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from onelot import make
from onelot.adapters.recipes import load
from onelot.make.engine import Continue, HeldFor, Start, Step, WaitUntil
from onelot.make.needs import Need
from onelot.record.events.base import Event
from onelot.record.events.batch import BatchPlanned, MaterialReceived
from onelot.record.journal import Draft, Entry, Head, Part, link_part
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_formulas import adequate_formula
from onelot.record.subjects import Batch, Equipment, Lot, fold_batch
from onelot.record.terms.opened import OpenFact
from onelot.record.terms.values import Cite, Container
from onelot.tailor import tailor
from onelot.twin import InMemory, World
from onelot.twin.memory import Memory

START = datetime(2026, 9, 7, 6, tzinfo=UTC)
COI = "ABCDEFGH1234X"
WEIGHT = {"cd19-per-kg": "72.4", "cd19-flat": "81", "cd34-edited": "48", "aav9-weight-band": "6.8", "aav9-stock": "1"}


def facts(weight: Decimal) -> dict[str, OpenFact]:
    values = {"weight_kg": (weight, "kg"), "height_cm": (Decimal(170), "cm")}
    return {
        name: OpenFact(name, value, unit, START, START + timedelta(days=30), "s", "p")
        for name, (value, unit) in values.items()
    }


@dataclass
class Plant:
    """One batch of one patient. `restart` before each step: the world is lost and told again from the record."""

    world: World
    recipe: MasterRecipe
    patient: str
    memory: Memory = field(default_factory=InMemory)
    restart: bool = False
    now: datetime = START
    entries: list[Entry] = field(default_factory=list)
    collections: list[dict[str, Decimal]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = f"B-{self.patient}"
        self._folded = (0, Batch())
        self.weight = Decimal(WEIGHT[self.recipe.name])
        self.parameters = {each.name: each.value for each in tailor(self.recipe, facts(self.weight), START)}

    @property
    def batch(self) -> Batch:
        if self._folded[0] != len(self.entries):
            self._folded = (len(self.entries), fold_batch(self.entries))
        return self._folded[1]

    @property
    def collected(self) -> dict[str, Decimal]:
        summed: dict[str, Decimal] = {}
        for counts in self.collections:
            for name, value in counts.items():
                summed[name] = summed.get(name, Decimal(0)) + value
        return summed

    def write(self, *events: Event, by: str = "person/op") -> None:
        head = Head(self.entries[-1].seq, self.entries[-1].hash) if self.entries else Head(0, bytes(32))
        drafts = tuple(Draft(event, self.now, by) for event in events)
        self.entries.extend(link_part(head, Part(f"batch/{self.key}", head.seq, drafts)))

    def collect(self) -> bool:
        """Collect until it is adequate or the recipe's tries are used up; whether it is adequate."""
        intake = self.recipe.intake
        if intake is None:
            return True
        enough = adequate_formula(self.recipe)
        names = [need.name for need in intake.counts]
        for number in range(1, int(intake.at_most.value) + 1):
            self.collections.append(self.world.collect(self.patient, names, self.weight, number))
            if enough.flag({**self.parameters, **self.collected}):
                return True
        return False

    def tell(self) -> None:
        """Tell the world what the record holds."""
        batch = self.batch
        started = batch.runs[0].started_at if batch.runs else self.now
        vials = self.parameters.get("vials")
        given = {"vials": vials} if vials is not None else {}
        seed_cells = self.parameters.get("cells_to_seed", Decimal(0))
        self.world.begin(
            self.key, self.patient, started, self.weight, self.collected, seed_cells=seed_cells, given=given
        )
        filled = next((entry for entry in self.entries if type(entry.event).__name__ == "Filled"), None)
        if filled is not None:
            self.fill(filled.at)

    def fill(self, at: datetime) -> Decimal:
        wanted = self.parameters.get(self.recipe.dose_parameter, Decimal(1))
        if "vials" not in self.parameters:
            return self.world.fill(self.key, at, wanted)
        small, large = self.parameters["vials_small"], self.parameters["vials_large"]
        put = small * Decimal("5.5") + large * Decimal("8.3")
        return self.world.fill(self.key, at, self.parameters["dose_ml"], put=put)

    def make(self) -> Step:
        """Work until the batch is finished, stopped, or a person has to decide; the step it came to."""
        self.write(BatchPlanned(self.key, ("t",), Cite("document/r", 1, "0" * 64), None, "plant", "patient"))
        if self.recipe.kind == "autologous":
            bag = Container(f"APH-{self.patient}", "bag", COI, Decimal(100), "mL")
            self.write(MaterialReceived(bag, "D1", "good", "person/second"))
        self.tell()
        return self.work()

    def work(self) -> Step:
        for _ in range(2000):
            if self.restart:
                self.world = World(self.world.seed, self.world.faults)
                self.tell()
            step = make.next_step(self.recipe, self.batch, self.parameters, self.now)
            if isinstance(step, WaitUntil):
                self.now = step.when
            elif isinstance(step, Start):
                self._start(step)
            elif isinstance(step, Continue):
                self._meet(step.phase.name, step.needs[0])
            else:
                return step
        raise RuntimeError("the procedure does not end")

    def decide(self, held: HeldFor) -> None:
        """A person looks at the device and sends the command again, or lets a held value pass."""
        assert held.phase is not None
        unknown = [each.key for each in self.batch.commands.values() if each.answer == "unknown"]
        if unknown:
            decided = make.decide_command(
                self.recipe, self.batch, unknown[0], "send_again", "looked: the line was down", by="person/super"
            )
        else:
            decided = make.restart_phase(self.recipe, self.batch, held.phase.name, "looked", by="person/super")
        self.write(*decided, by="person/super")

    def _start(self, step: Start) -> None:
        found = Equipment("qualified", 2, step.phase.equipment_class, "plant", True, self.now + timedelta(days=9))
        name = f"equipment/{step.phase.equipment_class}"
        self.write(
            *make.start_phase(
                self.recipe,
                self.batch,
                step.phase.name,
                self.now,
                parameters=self.parameters,
                equipment_name=name,
                equipment=found,
            )
        )

    def _meet(self, phase: str, need: Need) -> None:
        recipe, batch, now = self.recipe, self.batch, self.now
        if need.kind == "charge":
            assert need.amount is not None
            found = Lot("released", 2, need.name, need.unit, now + timedelta(days=9), Cite("lot/1", 1, "1" * 64))
            charged = make.charge(
                recipe,
                batch,
                phase,
                found,
                need.amount,
                need.amount,
                now,
                parameters=self.parameters,
                by="person/op",
                verified_by="person/second",
            )
            self.write(*charged)
        elif need.kind in ("command", "ask"):
            run = batch.running
            assert run is not None
            device = self.world.device(run.equipment, self.memory)
            if need.kind == "command":
                self.write(*make.record_command(recipe, batch, phase))
                command = self.batch.commands[need.name]
                answer = device.send(command.key, command.verb, command.target)
            else:
                answer = device.ask(need.name)
            self.write(*make.record_answer(recipe, self.batch, need.name, answer), by=run.equipment)
        elif need.kind == "measure":
            value = self.world.measure(self.key, need.name, now)
            name = f"DEV-{self.key}-{batch.seq}"
            self.write(
                *make.record_measurement(recipe, batch, phase, need.name, value, need.unit, now, now, deviation=name)
            )
        elif need.kind == "fill":
            amount = self.fill(now)
            bag = Container(f"DP-{self.patient}", "bag", COI if self.patient else "", amount, "{cells}")
            filled = make.fill(
                recipe,
                batch,
                phase,
                [bag],
                coi=bag.coi,
                labels_printed=2,
                labels_destroyed=1,
                expires_at=now + timedelta(days=365),
                now=now,
                by="person/op",
                verified_by="person/second",
            )
            self.write(*filled)
        else:
            self._complete(phase)

    def _complete(self, phase: str) -> None:
        things = {"container": f"APH-{self.patient}", "batch": self.key, "patient": COI}
        done = make.complete_phase(
            self.recipe,
            self.batch,
            phase,
            self.now,
            parameters=self.parameters,
            by="person/op",
            verified_by="person/second",
            deviation=f"DEV-{self.key}-{self.batch.seq}",
            expected=things,
            scans=things,
        )
        self.write(*done)


def plant(world: World, recipe: str, patient: str, **more: bool) -> Plant:
    return Plant(world, load(recipe), "" if recipe == "aav9-stock" else patient, **more)  # type: ignore[arg-type]
