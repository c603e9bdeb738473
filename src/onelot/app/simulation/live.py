"""A simulation beside the server: its people act in a thread of their own while real people use the screens.

One act at a time, and never during a side effect of somebody's command. Where a person was quicker, the record says so,
and the driver asks it what comes next.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread
from time import monotonic

from onelot.app.effects import AT_A_TIME
from onelot.app.sealing import SEAL_EVERY_SECONDS
from onelot.app.simulation.case import Case
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.pace import Pace
from onelot.record.errors import OnelotError
from onelot.record.terms.values import Finding

LOG = logging.getLogger("onelot.live")
_LINES, _LOOK_AGAIN_S = 12, 1.0


@dataclass(frozen=True)
class Line:
    """One act: when, of which therapy ("" for what is made for stock or not yet ordered), and what."""

    at: datetime
    coi: str
    what: str


@dataclass
class Live:
    """A driver and its pace.

    tour: the patient whom only the visitor moves, and tour_file their FHIR bundle; new_tour: both anew, with documents
    of that day, None where they stay as they are; sign_in_of: a person's sign-in password; lines: the newest acts
    first; over: nobody has anything left to do; failed: why it stands, "" if not.
    """

    driver: Driver
    pace: Pace
    tour: Case | None = None
    tour_file: Path | None = None
    sign_in_of: Callable[[str], str] = lambda login: ""
    new_tour: Callable[[datetime], tuple[Case, Path]] | None = None
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=_LINES))
    acts: int = 0
    failed: str = ""
    over: bool = False
    _until: Callable[[], bool] | None = None
    _thread: Thread | None = None
    _looked_at: float = 0.0
    _sealed_at: float = field(default_factory=monotonic)

    def start(self) -> None:
        """Let the simulated people go to work."""
        if self.tour is not None:
            self.driver.stage.cases[self.tour.key] = self.tour
            self.driver.by_hand.add(self.tour.key)
        tell = self.driver.tell

        def told(now: datetime, who: str, what: str) -> None:
            # The file's name of a patient may be a person's own: the line names the therapy instead.
            self.lines.appendleft(Line(now, self.driver.stage.ordered.get(who, ""), what))
            tell(now, who, what)

        self.driver.tell = told
        self._thread = Thread(target=self._run, name="simulation", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let them go home, once the act in hand is done."""
        self.pace.stop()
        if self._thread is not None:
            self._thread.join(30)

    def begin_tour(self) -> None:
        """Stop the clock, so that nothing grows old in the visitor's hands; the patient's documents are of this day."""
        self.pace.pause()
        if self.tour is None or self.new_tour is None:
            return
        with AT_A_TIME:
            stage = self.driver.stage
            if stage.therapy_of(self.tour) is None:
                self.tour, self.tour_file = self.new_tour(self.pace.clock.now())
                stage.cases[self.tour.key] = self.tour

    @property
    def unordered(self) -> list[tuple[str, Finding]]:
        """Patients for whom nobody has ordered anything, by the name of their file, and what is missing."""
        return [(key, case.order) for key, case in self.driver.stage.cases.items() if isinstance(case.order, Finding)]

    @property
    def lent(self) -> bool:
        """Whether the simulated people are moving the visitor's patient."""
        return self._until is not None

    def lend(self, until: Callable[[], bool]) -> None:
        """Let the simulated people move the visitor's patient until this is so; the clock does not wait for it."""
        if self.tour is not None and not until():
            self._until = until
            self.driver.by_hand.discard(self.tour.key)
            self._looked_at = 0.0

    def _take_back(self) -> None:
        if self.tour is None or self._until is None:
            return
        waiting = {name for _, name in self.driver.agenda}
        if self._until() or (self.tour.key not in waiting and self.driver.waiting_for(self.tour.key)):
            self._until = None
            self.driver.by_hand.add(self.tour.key)
            self.driver.agenda.drop(self.tour.key)

    def _run(self) -> None:
        try:
            with AT_A_TIME:
                self.driver.begin()
            while not self.pace.stopped:
                self._once()
        except Exception:
            # Whatever the simulation does, the screens go on; the clock's page says that it stands.
            LOG.exception("the simulation stopped")
            self.failed = "the simulation stopped; what is on the record stays: start the demo again to go on"
        finally:
            with AT_A_TIME:
                self.driver.stage.site.house.seal()

    def _once(self) -> None:
        if monotonic() - self._sealed_at > SEAL_EVERY_SECONDS:
            self._sealed_at = monotonic()
            with AT_A_TIME:
                self.driver.stage.site.house.seal()
        if monotonic() - self._looked_at > _LOOK_AGAIN_S:
            self._looked_at = monotonic()
            with AT_A_TIME:
                self.driver.look_again()
                self._take_back()
        due = self.driver.next_due()
        self.over = due is None
        if not self.pace.reach(due, at_once=self.lent):
            return
        with AT_A_TIME:
            try:
                self.acts += self.driver.step()
            except OnelotError as refusal:
                # A person was quicker, or did what the simulated one had not expected: the record is asked again.
                self.lines.appendleft(Line(self.pace.clock.now(), "", refusal.what))
            self._take_back()
