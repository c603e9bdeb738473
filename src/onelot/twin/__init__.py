"""The outside world, simulated: clock, cells, equipment, couriers, people, faults, invariants.

Models only; `app.simulate` drives the same loop as a real site with them. Production refuses every part of it.
No open data of real CAR-T batches exist to validate it against: its numbers show the machinery, not clinical results.
"""
