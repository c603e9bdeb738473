"""Every command with its handler, registered by import; and a command read from JSON."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from onelot.app.commands import (
    Command,
    all_commands,
    collect,
    decide,
    deliver,
    editing,
    evidence,
    learn,
    lots,
    make,
    masters,
    material,
    order,
    plan,
    profile,
    release,
    stock,
    stops,
    tailor,
)
from onelot.record.errors import BadInput

MODULES = (
    masters,
    order,
    profile,
    decide,
    editing,
    evidence,
    tailor,
    plan,
    stock,
    collect,
    make,
    material,
    lots,
    release,
    deliver,
    learn,
    stops,
)


@cache
def adapter_of(name: str) -> TypeAdapter[Command]:
    """How the command of this name is read from JSON, and its schema.

    Raises:
        BadInput: there is no such command.
    """
    found = all_commands().get(name)
    if found is None:
        raise BadInput(
            f"there is no command {name}",
            rule="commands are named in data/roles.json",
            remedy=f"one of: {', '.join(sorted(all_commands()))}",
        )
    return TypeAdapter(found)


def read_command(name: str, fields: Any) -> Command:
    """A command from its name and its fields as JSON values.

    Raises:
        BadInput: no such command, or the first field that does not fit.
    """
    try:
        return adapter_of(name).validate_python(fields)
    except ValidationError as cause:
        first = cause.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise BadInput(
            f"the fields of {name} do not fit: {first['msg']}",
            rule=f"command {name}",
            remedy="mend the field at this place",
            place=f"#/{place}",
        ) from cause
