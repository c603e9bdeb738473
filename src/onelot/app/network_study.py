"""Network questions asked on a screen: read, bounded in size, answered in a worker thread, kept for a while by digest.

Nothing here is on the record. What is chosen becomes master data through RegisterDocument, like everything else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from time import perf_counter
from typing import Any

import orjson

from onelot.plan.network import Answer, Network, check_network, plan_network, read_network
from onelot.record.errors import BadInput, Broken, Conflict, Held

MOST_BYTES = 4 * 1024 * 1024
SECONDS, GAP = 20.0, 0.002
KEPT, AT_ONCE, WAITING = 60, 2, 8
# What a question asked on a screen may hold; the command line has no such limits.
MOST = {
    "plants": 60,
    "sites": 250,
    "cost_in": 30_000,
    "cost_out": 30_000,
    "demand": 100_000,
    "forecast": 1_000,
    "scenarios": 10,
    "outages": 500,
    "point_of_care": 60,
}
MOST_DAYS, MOST_WAIT, MOST_POINTS, MOST_PATIENTS = 1100, 30, 15, 150_000


def answered(network: Network, seconds: float, gap: float) -> Answer:
    """An answer that the independent check has counted again.

    Raises:
        Broken: the check refuses it.
    """
    answer = plan_network(network, clock=perf_counter, seconds=seconds, gap=gap)
    for checked in (answer, *(point.answer for point in answer.front)):
        faults = check_network(network, checked).faults
        if faults:
            raise Broken(
                f"The independent check refuses the answer: {faults[0]}",
                rule="every answer is counted again from its flows",
                remedy="Do not use it. Report it with the question attached.",
            )
    return answer


@dataclass(frozen=True)
class Study:
    """A question, and its answer as soon as it is there. key: hex, from the question alone."""

    key: str
    name: str
    question: Mapping[str, Any]
    network: Network
    future: Future[Answer]

    @property
    def ready(self) -> bool:
        """Whether there is an answer, or a refusal."""
        return self.future.done()

    def answer(self, point: int | None = None) -> Answer:
        """The answer, or one point of its front.

        Raises:
            Held: it is still being searched. BadInput: its front has no such point.
        """
        if not self.ready:
            raise Held("the search is still running", rule=f"at most {SECONDS:g} s", remedy="open the page again")
        found = self.future.result()
        if point is None:
            return found
        if not 0 <= point < len(found.front):
            raise BadInput(
                f"the front has no point {point}",
                rule="points are numbered from 0, the cheapest",
                remedy="choose one of the points drawn",
                place=f"$.front[{point}]",
            )
        return found.front[point].answer


class Studies:
    """The studies of one server, newest last; the oldest are forgotten."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds, self._lock = seconds, Lock()
        self._kept: OrderedDict[str, Study] = OrderedDict()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="network-study")

    def ask(self, question: Mapping[str, Any], name: str, patience: float = 5.0) -> Study:
        """Take a question in, and wait a little for its answer.

        Args:
            question: parsed JSON. name: what people call it. patience: seconds to wait here; the search goes on.

        Raises:
            BadInput: it cannot be read, or is too large for a screen; `place` is the JSON path.
            Conflict: too many searches are waiting.
        """
        network = take_in(question)
        key = sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
        with self._lock:
            found = self._kept.pop(key, None)
            if found is None or (found.ready and found.future.exception() is not None):
                found = Study(key, name, question, network, self._begin(network))
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)[1].future.cancel()
        wait([found.future], patience)
        return found

    def _begin(self, network: Network) -> Future[Answer]:
        if sum(not each.ready for each in self._kept.values()) >= WAITING:
            raise Conflict(
                f"{WAITING} searches are running or waiting",
                rule="a server answers few network questions at once",
                remedy="try again in a minute, or use `onelot plan network`",
            )
        return self._pool.submit(answered, network, self._seconds, GAP)

    def get(self, key: str) -> Study:
        """A study by its key.

        Raises:
            BadInput: it is not kept here (any more).
        """
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            raise BadInput(
                "this question is not kept here any more",
                rule=f"a server keeps its last {KEPT} network questions until it stops",
                remedy="upload the question again",
                place=key,
            )
        return found

    def close(self) -> None:
        """Stop: what waits is not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def read_question(data: bytes) -> dict[str, Any]:
    """An uploaded question.

    Raises:
        BadInput: too large, no JSON, or no object; `place` says where.
    """
    if len(data) > MOST_BYTES:
        raise _too_large("$", f"the file is larger than {MOST_BYTES // 1024} KiB")
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise BadInput(
            f"this is not JSON: {fault.msg}",
            rule="RFC 8259",
            remedy="correct the file at this place; NaN and Infinity are no JSON numbers",
            place=f"line {fault.lineno}, column {fault.colno}",
        ) from None
    if not isinstance(found, dict):
        raise BadInput(
            "the question must be one JSON object",
            rule="network.schema.json",
            remedy="put the fields into an object",
            place="$",
        )
    return found


def take_in(question: Mapping[str, Any]) -> Network:
    """A question that is well-formed, and small enough for a screen.

    Raises:
        BadInput: it cannot be read, or is too large; `place` is the JSON path.
    """
    for name, most in MOST.items():
        rows = question.get(name)
        if isinstance(rows, list) and len(rows) > most:
            raise _too_large(f"$.{name}", f"{len(rows)} {name} are more than {most}")
    network = read_network(question)
    _check_patients(network)
    return network


def changed(question: Mapping[str, Any], closed: set[str], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A what-if: the question without some plants, and with some fields changed; not yet read."""
    found = {**question, **changes}
    for name, key in (("plants", "id"), ("cost_in", "plant"), ("cost_out", "plant"), ("outages", "plant")):
        if name in found:
            found[name] = [row for row in found[name] if row[key] not in closed]
    return found


def _check_patients(network: Network) -> None:
    """What the lists' lengths do not bound: days, waits, points, patients."""
    waits = network.storage.max_days if network.storage else 0
    futures = [scenario.demand for scenario in network.scenarios] or [network.demand]
    patients = sum(row.count for rows in futures for row in rows) + sum(
        row.per_day * (row.to_day - row.from_day) for row in network.forecast
    )
    for path, value, most in (
        ("$.horizon_days", network.horizon_days, MOST_DAYS),
        ("$.storage.max_days", waits, MOST_WAIT),
        ("$.front_points", network.front_points if network.minimise == "both" else 0, MOST_POINTS),
        ("$.demand", patients, MOST_PATIENTS),
        ("$.scenarios", sum(len(rows) for rows in futures), MOST["demand"]),
    ):
        if value > most:
            raise _too_large(path, f"{value:g} is more than {most}")


def _too_large(path: str, what: str) -> BadInput:
    return BadInput(
        f"{what}: too large for a screen",
        rule="a server bounds what it searches for a page",
        remedy="ask it on the command line, `onelot plan network FILE`, which has no such limit",
        place=path,
    )
