"""Where and when it is made.

Takes: open work, the network, calendars and a clock.
Gives: slots with claims; a network design with its proof of optimality; an independent check of either.
Never: books the same slot twice, calls an unproven answer optimal.
Standards: ISA-95 (equipment hierarchy, scheduling).
"""

from onelot.plan.bookings import Rules, Way, earliest_allowed, midnight, utc_day
from onelot.plan.slots import Window, check, earliest

__all__ = ["Rules", "Way", "Window", "check", "earliest", "earliest_allowed", "midnight", "utc_day"]
