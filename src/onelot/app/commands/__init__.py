"""Commands, imperative: what people and machines may ask of the loop. One file per room.

A command is a frozen dataclass; its handler reads through a `Context` and leaves events behind. Which role may give
which command stands in `data/roles.json`; what a command's signature means stands on its class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict

from onelot.app.context import Context


@dataclass(frozen=True)
class Command:
    """Base of every command. meaning: what the signature says, "" for none.

    A field that the command does not have, here or inside a field, is refused where it comes in as JSON.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    meaning: ClassVar[str] = ""


C = TypeVar("C", bound=Command)
_HANDLERS: dict[type[Command], Callable[[Context, Any], None]] = {}


def handles(command: type[C]) -> Callable[[Callable[[Context, C], None]], Callable[[Context, C], None]]:
    """Register the handler of a command."""

    def register(handler: Callable[[Context, C], None]) -> Callable[[Context, C], None]:
        _HANDLERS[command] = handler
        return handler

    return register


def handler_of(command: type[Command]) -> Callable[[Context, Any], None]:
    """The handler of a command."""
    return _HANDLERS[command]


def all_commands() -> dict[str, type[Command]]:
    """Every command by name."""
    return {command.__name__: command for command in _HANDLERS}
