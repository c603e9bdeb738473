"""Who may do what: the role table is complete, names only what exists, and the loop asks it first."""

from __future__ import annotations

from typing import Any

import pytest

from onelot.app import authority
from onelot.app.commands import Command, all_commands, everything  # noqa: F401  (registers every command)
from onelot.app.context import Actor
from onelot.app.loop import Loop
from onelot.record.errors import NotAllowed

MACHINE = "system"


def allowed() -> dict[str, list[str]]:
    return authority.table()["commands"]  # type: ignore[return-value]


def test_every_command_stands_in_the_table_and_the_other_way_round() -> None:
    assert set(all_commands()) == set(allowed())


def test_the_roles_named_exist() -> None:
    roles = set(authority.table()["roles"])
    for command, names in allowed().items():
        assert names, f"{command} is for nobody"
        assert set(names) <= roles | {MACHINE}, command
        assert len(names) == len(set(names)), command
    assert MACHINE not in roles, "no person can be given the machine's role"


def test_the_roles_that_only_read() -> None:
    for role in ("auditor", "it"):
        assert not [command for command, names in allowed().items() if role in names]
    for role in ("it", "auditor", "courier", "user_administrator"):
        assert not authority.sees_personal_data(Actor("person/x", "X", frozenset({role})))


def test_a_signed_command_is_never_a_machines() -> None:
    for name, command in all_commands().items():
        if command.meaning:
            assert MACHINE not in allowed()[name]


class Untouchable:
    """Anything that fails the test as soon as it is looked at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was touched before authority was checked")

    def __call__(self, *_: object) -> Any:
        raise AssertionError("asked for the time before authority was checked")


def refusals() -> list[tuple[str, str]]:
    everyone = [*authority.table()["roles"], MACHINE, "", "nobody"]
    return [(name, role) for name in all_commands() for role in everyone if role not in allowed().get(name, [])]


def bare(cls: type[Command]) -> Command:
    """A command without a single field: whoever reads one before checking authority fails."""
    return object.__new__(cls)


def test_every_other_role_is_refused_before_anything_is_touched() -> None:
    nothing: Any = Untouchable()
    loop = Loop(nothing, nothing, nothing, nothing, nothing, nothing)
    pairs = refusals()
    assert len(pairs) > 800
    for name, role in pairs:
        actor = Actor("person/x", "X", frozenset({role}))
        with pytest.raises(NotAllowed) as refusal:
            loop.handle(bare(all_commands()[name]), actor, "password")
        assert refusal.value.rule.startswith(f"role table: {name} is for")


def test_no_roles_at_all_and_unknown_commands() -> None:
    nobody = Actor("person/x", "X", frozenset())
    for name in all_commands():
        with pytest.raises(NotAllowed):
            authority.check(name, nobody)
    everything_at_once = Actor("person/x", "X", frozenset(authority.table()["roles"]) | {MACHINE})
    with pytest.raises(NotAllowed, match="may not"):
        authority.check("DropAllTables", everything_at_once)


def test_several_roles_add_up() -> None:
    authority.check("ReleaseBatch", Actor("person/x", "X", frozenset({"auditor", "qp"})))
