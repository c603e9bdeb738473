"""Side effects where a site is served: each on its own, one at a time, and none in the way of what is recorded."""

from __future__ import annotations

import logging
from threading import RLock

from onelot.app.commands.release import JudgeLateResult
from onelot.app.context import SYSTEM
from onelot.app.house import House
from onelot.record.errors import OnelotError
from onelot.record.journal import Effect

LOG = logging.getLogger("onelot.effects")
# Taken around every side effect, and around each act of a simulation that runs beside the server.
AT_A_TIME = RLock()


def carry_out(house: House) -> int:
    """Carry out what waits; how many were done. What nobody here can do, or what fails, goes on waiting.

    The command that promised it is on the record already: its answer never becomes a refusal because of an effect.
    """
    house.doers.setdefault("late_result", lambda effect: _judge(house, effect))
    done = 0
    with AT_A_TIME:
        for effect in house.whole.effects():
            doer = house.doers.get(effect.kind)
            if doer is None:
                LOG.warning("%s waits: nothing here carries out %s", effect.key, effect.kind)
                continue
            try:
                doer(effect)
            except OnelotError as refusal:
                LOG.warning("%s waits: %s", effect.key, refusal.what)
                continue
            house.whole.effect_done(effect.key)
            done += 1
    return done


def _judge(house: House, effect: Effect) -> None:
    house.loop.handle(JudgeLateResult(str(effect.data["batch"]), int(effect.data["seq"])), SYSTEM)
