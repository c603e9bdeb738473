"""One suite for every device behind the port of `make.equipment`: in memory, and with a memory on disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from onelot.make.equipment import MOVE, Device
from onelot.twin.equipment import TwinDevice
from onelot.twin.memory import InFile, InMemory, Memory

Make = Callable[[str], TwinDevice]


@pytest.fixture(params=["memory", "file"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    return InMemory() if request.param == "memory" else InFile(tmp_path / "devices.sqlite")


def test_a_command_brings_the_device_to_its_target(memory: Memory) -> None:
    device: Device = TwinDevice("bio-1", memory)
    assert device.send("k1", MOVE, "culture").result == "done"
    assert device.ask("k1").result == "done"
    assert TwinDevice("bio-1", memory).state == "culture"
    assert TwinDevice("bio-2", memory).state == ""


def test_the_same_key_again_changes_nothing_and_is_counted(memory: Memory) -> None:
    device = TwinDevice("bio-1", memory)
    first = device.send("k1", MOVE, "culture")
    device.send("k2", MOVE, "harvested")
    assert device.send("k1", MOVE, "culture") == first
    assert device.state == "harvested"
    assert [(each.key, each.sends, each.effects) for each in memory.all()] == [("k1", 2, 1), ("k2", 1, 1)]


def test_a_key_stands_for_one_command_only(memory: Memory) -> None:
    device = TwinDevice("bio-1", memory)
    device.send("k1", MOVE, "culture")
    assert device.send("k1", MOVE, "harvested").result == "refused"
    assert TwinDevice("bio-2", memory).send("k1", MOVE, "culture").result == "refused"
    assert TwinDevice("bio-2", memory).ask("k1").result == "refused"
    assert device.state == "culture"


def test_what_it_cannot_do_is_refused_and_stays_refused(memory: Memory) -> None:
    device = TwinDevice("bio-1", memory)
    assert device.send("k1", "toggle", "lid").result == "refused"
    assert device.send("k2", MOVE, "").result == "refused"
    assert device.send("k1", "toggle", "lid").result == "refused"
    assert device.state == "" and [each.effects for each in memory.all()] == [0, 0]


def test_a_key_it_never_got_is_unknown(memory: Memory) -> None:
    assert TwinDevice("bio-1", memory).ask("k9").result == "unknown"


def test_a_lost_answer_is_unknown_until_the_command_is_sent_again(memory: Memory) -> None:
    device = TwinDevice("bio-1", memory, loses=lambda key: key == "k1")
    assert device.send("k1", MOVE, "culture").result == "unknown"
    assert device.state == "culture"
    assert device.ask("k1").result == "unknown"
    assert device.send("k1", MOVE, "culture").result == "done"
    assert device.ask("k1").result == "done"
    assert [(each.sends, each.effects) for each in memory.all()] == [(2, 1)]


def _sends(path: Path, number: int) -> None:
    device = TwinDevice(f"bio-{number}", InFile(path))
    for count in range(20):
        device.send(f"k{count}", MOVE, f"from {number}")


def test_processes_share_a_memory_on_disk_and_each_key_acts_once(tmp_path: Path) -> None:
    path = tmp_path / "devices.sqlite"
    InFile(path)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_sends, args=(path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    found = InFile(path).all()
    assert [each.sends for each in found] == [3] * 20
    assert {each.effects for each in found} == {1}


def _send_and_die(path: Path) -> None:
    TwinDevice("bio-1", InFile(path)).send("k1", MOVE, "culture")
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_was_acknowledged_survives_the_death_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "devices.sqlite"
    worker = multiprocessing.get_context("spawn").Process(target=_send_and_die, args=(path,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL
    device = TwinDevice("bio-1", InFile(path))
    assert device.ask("k1").result == "done" and device.state == "culture"
