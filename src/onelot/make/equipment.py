"""The port of the devices. Adapters: the twin's, later SiLA 2 and OPC UA.

A verb moves a device to a state and never toggles, so sending it twice under one key is harmless. A command is on the
record before it is sent; after a crash the device is asked by key, and `unknown` means that a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

MOVE = "move_to"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the device says about a command: done, refused (and why), or unknown."""

    result: Literal["done", "refused", "unknown"]
    detail: str = ""


class Device(Protocol):
    """What every device can do, through its driver."""

    def send(self, key: str, verb: str, target: str) -> Answer:
        """Bring the device to `target`; the same key again changes nothing and gives the first answer.

        A key sent again with another verb or target is refused.
        """

    def ask(self, key: str) -> Answer:
        """What became of the command with this key; unknown when the device cannot tell."""
