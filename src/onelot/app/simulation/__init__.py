"""A cohort walked through the house on simulated equipment, couriers, people and clock, by a real site's own loop.

Nothing of a run is kept but the record and the memory of the simulated devices: what comes next is asked of the folded
streams each time, so a run that was killed goes on where its record stands.
"""
