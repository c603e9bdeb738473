"""Make it.

Takes: a control recipe, the batch record, what devices and people observed, and the time now.
Gives: the next phase, commands to equipment, measurements, deviations.
Never: repeats a command without its key, calls a stop a success, goes on from unknown.
Standards: ISA-88 (phase states), 21 CFR 11.10(f), EU GMP Annex 11.
"""

from onelot.make.command import decide_command, record_answer, record_command
from onelot.make.control import adjust_parameter, effective
from onelot.make.engine import next_step
from onelot.make.material import charge, complete_manufacture, fill, receive_material
from onelot.make.measurement import record_measurement
from onelot.make.phase import complete_phase, hold_phase, refused_scan, restart_phase, start_phase

__all__ = [
    "adjust_parameter",
    "charge",
    "complete_manufacture",
    "complete_phase",
    "decide_command",
    "effective",
    "fill",
    "hold_phase",
    "next_step",
    "receive_material",
    "record_answer",
    "record_command",
    "record_measurement",
    "refused_scan",
    "restart_phase",
    "start_phase",
]
