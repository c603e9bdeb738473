"""The whole way: one made-up patient from order to bedside in memory, exported and verified with a public key."""

import tempfile
from datetime import timedelta
from pathlib import Path

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.demo import own_cohort
from onelot.app.entropy import from_seed
from onelot.app.export import export_batch
from onelot.app.house import SIMULATION, assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.record.evidence import verify
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World

entropy, recipes = from_seed(7), tuple(shipped().values())
with tempfile.TemporaryDirectory() as folder:
    cohort = own_cohort(Path(folder), 7, recipes)
clock = SimulatedClock(cohort.starts_at - timedelta(days=1))
journal, keys = MemoryJournal(PROJECTIONS), make_site_keys(entropy)
open_journal(
    journal, mode=SIMULATION, site=PLANT, site_keys=keys, now=clock.now(), administrator="admin", printed_name="Admin"
)
house = assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=clock.now, entropy=entropy)
house.enrol("admin", "a simulated password", house.loop.actor("admin"))
site = Site(house, lambda login: f"password of {login}", "admin")
set_up(site, recipes, clock.now())
stage = Stage(site, World(7, cohort.faults), InMemory(), {"p01": cohort.cases["p01"]}, clock.now)
Driver(stage, clock, (), lambda now, who, what: print(f"{now:%d %b %H:%M}  {what}")).run()
(batch,) = journal.rows("board")
print(verify(export_batch(journal, keys, batch, clock.now(), None), keys.public))
