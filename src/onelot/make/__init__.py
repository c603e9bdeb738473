"""Make it.

Takes: a control recipe, the batch record, what devices and people observed, and the time now.
Gives: the next phase, commands to equipment, measurements, deviations.
Never: repeats a command without its key, calls a stop a success, goes on from unknown.
Standards: ISA-88 (phase states), 21 CFR 11.10(f), EU GMP Annex 11.
"""
