"""The driver: whoever's turn it is next acts, the clock moves there, and so on to the end.

What comes next is asked of the record each time. After a kill the clock is set to the last event, what was promised
and not done is done, and the cohort goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from onelot.app.commands.make import AnswerCommand
from onelot.app.commands.release import JudgeLateResult
from onelot.app.context import SYSTEM
from onelot.app.simulation import clinic, courier, editing, plant, quality
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Case, Stage
from onelot.record.errors import OnelotError, Refused
from onelot.record.journal import Effect
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Finding
from onelot.twin.clock import Agenda, SimulatedClock

# A refusal that nothing changes would be tried again for ever.
MOST_TRIES = 3
Told = Callable[[datetime, str, str], None]


@dataclass
class Driver:
    """A cohort on its way. `tell(now, patient, what)` hears of every act; whoever is `by_hand` is moved by people."""

    stage: Stage
    clock: SimulatedClock
    stock: tuple[MasterRecipe, ...]
    tell: Told
    agenda: Agenda = field(default_factory=Agenda)
    seal_every: timedelta = timedelta(days=1)
    by_hand: set[str] = field(default_factory=set)
    _sealed_at: datetime | None = None
    _tries: dict[tuple[str, str], int] = field(default_factory=dict)
    _refusals: dict[str, OnelotError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        house = self.stage.site.house
        house.doers["device"] = self._device
        house.doers["late_result"] = self._late_result

    def run(self) -> None:
        """Act until nobody has anything left to do."""
        self.begin()
        while self.step():
            pass
        self.stage.site.house.seal()

    def begin(self) -> None:
        """Do what was promised and not done, and see whose turn it is."""
        self.stage.site.house.run_effects()
        self._sealed_at = self.clock.now()
        self.look_again()

    def look_again(self) -> None:
        """See whose turn it is among those who waited for nothing: somebody else may have moved them on."""
        waiting = {name for _, name in self.agenda}
        for name in (*(recipe.identifier for recipe in self.stock), *self.stage.cases):
            if name not in waiting:
                self._plan(name)

    def next_due(self) -> datetime | None:
        """When somebody acts next; None when nobody has anything left to do."""
        return next((when for when, _ in self.agenda), None)

    def step(self) -> bool:
        """Let the one whose turn it is act, the clock moved there; False when it is nobody's turn."""
        taken = self.agenda.take()
        if taken is None:
            return False
        when, name = taken
        self.clock.advance(max(when, self.clock.now()))
        self._act(name)
        self._plan(name)
        if self._sealed_at is None or self.clock.now() - self._sealed_at >= self.seal_every:
            self.stage.site.house.seal()
            self._sealed_at = self.clock.now()
        return True

    def waiting_for(self, key: str) -> OnelotError | None:
        """What a case was last refused with, where it did not get on."""
        return self._refusals.get(key)

    def _act(self, name: str) -> None:
        act = None if name in self.by_hand else self._next(name)
        if act is None:
            return
        if act.due > self.clock.now():
            self.agenda.put(act.due, name)
            return
        try:
            act.do()
        except Refused as refusal:
            self._tries[(name, act.what)] = self._tries.get((name, act.what), 0) + 1
            self._refusals[name] = refusal
            self.tell(self.clock.now(), name, f"{act.what}: refused, {refusal.what}")
            return
        self._tries.pop((name, act.what), None)
        self._refusals.pop(name, None)
        self.tell(self.clock.now(), name, act.what)

    def _plan(self, name: str) -> None:
        act = None if name in self.by_hand else self._next(name)
        if act is None or self._tries.get((name, act.what), 0) >= MOST_TRIES:
            self.agenda.drop(name)
            return
        tries = self._tries.get((name, act.what), 0)
        # Wait a little longer each time: another batch may need the unit, or stock may still be on its way.
        self.agenda.put(max(act.due, self.clock.now()) + timedelta(hours=8) * tries, name)

    def _next(self, name: str) -> Act | None:
        case = self.stage.cases.get(name)
        return self._next_of_stock(name) if case is None else self._next_of(case)

    def _next_of_stock(self, name: str) -> Act | None:
        recipe = next(each for each in self.stock if each.identifier == name)
        batch = self.stage.site.house.loop.reader.batch(f"S-{recipe.name}-{recipe.version}")
        if batch.state == "new":
            return plant.plan_batch(self.stage, None, None, recipe, self.clock.now() - plant.SHORT)
        return _first(
            plant.next_act(self.stage, None, batch, None, recipe),
            quality.next_act(self.stage, None, batch, None, recipe),
        )

    def _next_of(self, case: Case) -> Act | None:
        therapy = self.stage.therapy_of(case)
        if therapy is None:
            return self._order(case)
        recipe = case.recipe
        batch = self.stage.batch_of(therapy)
        found: list[Act | None] = []
        if not therapy.ended:
            found.append(clinic.next_act(self.stage, case, therapy, recipe))
            last = self.stage.last_event(f"therapy/{therapy.coi}")
            if recipe.editing is not None:
                found.append(editing.next_act(self.stage, case, therapy, recipe, batch, last))
            elif found == [None] and batch is None and self._ready(therapy, recipe):
                found.append(plant.plan_batch(self.stage, case, therapy, recipe, last))
        if batch is not None and not therapy.ended:
            found.append(plant.next_act(self.stage, case, batch, therapy, recipe))
            if not batch.for_study:
                found.append(courier.next_act(self.stage, case, batch, therapy, recipe))
        if batch is not None:
            found.append(quality.next_act(self.stage, case, batch, therapy, recipe))
            found.append(courier.after_the_end(self.stage, case, batch, therapy))
        return _first(*found)

    def _order(self, case: Case) -> Act | None:
        return None if isinstance(case.order, Finding) else clinic.place_order(self.stage, case)

    def _ready(self, therapy: Therapy, recipe: MasterRecipe) -> bool:
        tailoring = therapy.tailoring
        if tailoring is None or not tailoring.approved or therapy.stale or therapy.withdrawn:
            return False
        if recipe.kind == "kit":
            return True
        return therapy.assessment is not None and therapy.assessment.adequate

    def _device(self, effect: Effect) -> None:
        """Send a recorded command; after a crash the device is asked first."""
        data = effect.data
        key = str(data.get("key", effect.key))
        batch = self.stage.site.house.loop.reader.batch(str(data["batch"]))
        asked = batch.commands.get(key)
        if asked is not None and asked.answer in ("done", "refused"):
            return
        self._begin(str(data["batch"]))
        device = self.stage.world.device(str(data["equipment"]), self.stage.memory)
        answer = device.ask(key)
        if answer.result == "unknown":
            answer = device.send(key, str(data["verb"]), str(data["target"]))
        command = AnswerCommand(str(data["batch"]), key, answer.result, answer.detail)
        self.stage.site.house.loop.handle(command, SYSTEM)

    def _begin(self, number: str) -> None:
        batch = self.stage.site.house.loop.reader.batch(number)
        for case in self.stage.cases.values():
            therapy = self.stage.therapy_of(case)
            if therapy is not None and therapy.coi in batch.therapies:
                self.stage.begin(batch, therapy, case)
                return
        self.stage.begin(batch, None, None)

    def _late_result(self, effect: Effect) -> None:
        command = JudgeLateResult(str(effect.data["batch"]), int(effect.data["seq"]))
        self.stage.site.house.loop.handle(command, SYSTEM)


def _first(*acts: Act | None) -> Act | None:
    """The earliest act; of several at one time the first named."""
    found = [act for act in acts if act is not None]
    return min(found, key=lambda act: act.due) if found else None
