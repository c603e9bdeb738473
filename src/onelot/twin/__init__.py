"""The outside world, simulated: clock, cells, collections, equipment, couriers, laboratory, faults, invariants.

Models only; `app.simulate` drives the same loop as a real site with them. Production refuses every part of it.
No open data of real CAR-T batches exist to validate it against: its numbers show the machinery, not clinical results.
"""

from onelot.twin.clock import Agenda, SimulatedClock
from onelot.twin.faults import Fault, Faults, read_faults
from onelot.twin.memory import InFile, InMemory
from onelot.twin.world import World

__all__ = ["Agenda", "Fault", "Faults", "InFile", "InMemory", "SimulatedClock", "World", "read_faults"]
