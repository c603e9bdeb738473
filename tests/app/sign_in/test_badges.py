"""Badge and PIN on a shared tablet: who may, where, for how long, and that nobody signs there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from onelot.adapters.safe import MemorySafe
from onelot.app.context import Actor
from onelot.app.sign_in import MOST_FAILURES, NotSignedIn, Settings, SignIn, Where
from onelot.app.sign_in.badges import check_pin
from onelot.record.errors import BadInput, NotAllowed
from tests.app.sign_in.desk import PASSWORD, PEOPLE, Clock, desk

ALLOWED: dict[str, Any] = {"badge": {"sites": {"north": ["bedside_nurse"], "plant": ["operator"]}, "idle_minutes": 5}}
PIN = "740192"


def ready(clock: Clock | None = None, safe: MemorySafe | None = None) -> tuple[SignIn, str]:
    made = desk(clock or Clock(), safe, **ALLOWED)
    token, _ = made.badges.add_tablet("bay 3", "north", "person/root")
    made.badges.enrol("nina", "04A2-99", PIN)
    made.badges.enrol("omar", "04A2-98", PIN)
    return made, token


def test_a_badge_and_a_pin_open_a_short_session_that_never_signs() -> None:
    clock = Clock()
    made, tablet = ready(clock)
    token = made.open_by_badge("04A2-99", PIN, tablet, Where("10.1.1.1"))
    actor = made.actor(token)
    assert actor == Actor("person/nina", "Nina Nurse", frozenset({"bedside_nurse"}), frozenset({"north"}), signs=False)
    clock.on(minutes=4)
    assert made.actor(token)
    clock.on(minutes=5)
    with pytest.raises(NotSignedIn):
        made.actor(token)


def test_its_whole_life_is_short_too() -> None:
    clock = Clock()
    made, tablet = ready(clock)
    token = made.open_by_badge("04A2-99", PIN, tablet)
    for _ in range(7):
        clock.on(minutes=4)
        made.actor(token)
    clock.on(minutes=3)
    with pytest.raises(NotSignedIn):
        made.actor(token)


def test_roles_are_those_the_site_names_and_no_more() -> None:
    made, _ = ready()
    at_plant, _ = made.badges.add_tablet("hood 1", "plant", "person/root")
    # Omar is operator and quality control; the plant's tablets are for operators.
    assert made.actor(made.open_by_badge("04A2-98", PIN, at_plant)).roles == {"operator"}


@pytest.mark.parametrize("who", ["omar at north", "nina at plant"])
def test_only_at_ones_own_site(who: str) -> None:
    made, at_north = ready()
    at_plant, _ = made.badges.add_tablet("hood 1", "plant", "person/root")
    badge, tablet = ("04A2-98", at_north) if who == "omar at north" else ("04A2-99", at_plant)
    with pytest.raises(NotAllowed, match="may not sign in by badge"):
        made.open_by_badge(badge, PIN, tablet)


def test_only_on_enrolled_tablets_and_taking_one_out_ends_its_sessions() -> None:
    made, tablet = ready()
    for strange in ("", "x", tablet[:-1]):
        with pytest.raises(NotAllowed, match="not available"):
            made.open_by_badge("04A2-99", PIN, strange)
    token = made.open_by_badge("04A2-99", PIN, tablet)
    (found,) = made.badges.tablets()
    assert made.badges.remove_tablet(found.id)
    with pytest.raises(NotSignedIn):
        made.actor(token)
    with pytest.raises(NotAllowed):
        made.open_by_badge("04A2-99", PIN, tablet)


def test_wrong_pins_lock_and_longer_each_time() -> None:
    clock = Clock()
    made, tablet = ready(clock)
    for badge in ("04A2-99", "a badge nobody has"):
        said = []
        for _ in range(MOST_FAILURES + 1):
            with pytest.raises(NotAllowed) as refused:
                made.open_by_badge(badge, "000000", tablet)
            said.append("locked" in refused.value.what)
        assert said == [False] * MOST_FAILURES + [True]
    with pytest.raises(NotAllowed, match="locked"):
        made.open_by_badge("04A2-99", PIN, tablet)
    # The sign-in password is another secret, and still good.
    assert made.open("nina", PASSWORD)
    clock.on(minutes=16)
    assert made.open_by_badge("04A2-99", PIN, tablet)


def test_another_badge_does_not_give_more_tries() -> None:
    made, tablet = ready()
    for badge in ("04A2-99", "04A2-77"):
        made.badges.enrol("nina", badge, PIN)
        for _ in range(3):
            with pytest.raises(NotAllowed):
                made.open_by_badge(badge, "000000", tablet)
    with pytest.raises(NotAllowed, match="locked"):
        made.open_by_badge("04A2-77", PIN, tablet)


def test_a_badge_names_one_person_and_is_replaced_whole() -> None:
    made, tablet = ready()
    with pytest.raises(NotAllowed, match="somebody else"):
        made.badges.enrol("omar", "04A2-99", "918273")
    made.badges.enrol("nina", "04A2-55", "918273")
    with pytest.raises(NotAllowed):
        made.open_by_badge("04A2-99", PIN, tablet)
    assert made.open_by_badge("04A2-55", "918273", tablet)
    assert made.badges.remove("nina") and not made.badges.has("nina")
    with pytest.raises(NotAllowed):
        made.open_by_badge("04A2-55", "918273", tablet)


def test_neither_badge_nor_pin_can_be_read_in_the_safe() -> None:
    safe = MemorySafe()
    ready(safe=safe)
    kept = repr(safe._held)
    assert "04A2" not in kept and PIN not in kept
    assert all(re.fullmatch(r"[0-9a-f]{64}", name) for name in safe.names("badge"))


@pytest.mark.parametrize(
    "pin", ["", "12345", "123456", "987654", "111111", "112112", "12345678901234", "abcdef", "１２３４５６"]
)
def test_easy_pins_are_refused(pin: str) -> None:
    with pytest.raises(NotAllowed):
        check_pin(pin)


def test_who_left_comes_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    made, tablet = ready()
    token = made.open_by_badge("04A2-99", PIN, tablet)
    monkeypatch.delitem(PEOPLE, "nina")
    for step in (lambda: made.actor(token), lambda: made.open_by_badge("04A2-99", PIN, tablet)):
        with pytest.raises(NotAllowed):
            step()


@pytest.mark.parametrize(
    "roles", [["user_administrator"], ["it"], ["*"], ["no such role"]], ids=["administrator", "it", "all", "unknown"]
)
def test_settings_keep_badges_from_administrators(roles: list[str]) -> None:
    with pytest.raises(ValueError, match="badge|role"):
        Settings.model_validate({"badge": {"sites": {"north": roles}}})


def test_settings_that_ask_for_more_than_there_is_are_refused() -> None:
    with pytest.raises(BadInput):
        SignIn(MemorySafe(), Clock(), settings=Settings.model_validate(ALLOWED))
