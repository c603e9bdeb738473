"""Security keys: both ceremonies with a key in software, and what a thief, a copy and a wrong site try."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.app.sign_in import MOST_FAILURES, SignIn
from onelot.record.errors import NotAllowed
from tests.app.sign_in.authenticator import Key, b64, unb64
from tests.app.sign_in.desk import PASSWORD, Clock, desk

ADDRESS, PARTY = "https://onelot.north.example:8443", "onelot.north.example"


def with_key(clock: Clock, login: str = "nina", made: SignIn | None = None) -> tuple[SignIn, Key]:
    made = made or desk(clock, address=ADDRESS)
    key = Key(ADDRESS, PARTY)
    session = made.session(made.open(login, PASSWORD))
    made.keys.add(session, key.create(made.keys.offer(session, "Nina")), "blue")
    return made, key


def test_a_key_is_registered_and_answers() -> None:
    made, key = with_key(Clock())
    assert [each["name"] for each in made.keys.of("nina")] == ["blue"]
    half = made.open("nina", PASSWORD)
    whole = made.give_key(half, key.get(made.ask_key(half)))
    assert made.session(whole).how == ("password", "security key")


def test_an_answer_is_good_once_and_for_one_session() -> None:
    made, key = with_key(Clock())
    half, other = made.open("nina", PASSWORD), made.open("nina", PASSWORD)
    answer = key.get(made.ask_key(half))
    made.ask_key(other)
    with pytest.raises(NotAllowed):
        made.give_key(other, answer)
    assert made.give_key(half, answer)
    with pytest.raises(NotAllowed):
        made.give_key(half, answer)
    third = made.open("nina", PASSWORD)
    made.ask_key(third)
    with pytest.raises(NotAllowed):
        made.give_key(third, answer)


def test_an_answer_nobody_asked_for_or_too_late_is_refused() -> None:
    clock = Clock()
    made, key = with_key(clock)
    half = made.open("nina", PASSWORD)
    with pytest.raises(NotAllowed, match="waited for"):
        made.give_key(half, key.get({"challenge": b64(b"x" * 32)}))
    options = made.ask_key(half)
    clock.on(minutes=6)
    with pytest.raises(NotAllowed, match="waited for"):
        made.give_key(half, key.get(options))


@pytest.mark.parametrize("wrong", ["origin", "party", "untouched", "other key", "copy", "kind", "challenge"])
def test_a_wrong_answer_is_refused_and_counted(wrong: str) -> None:
    made, key = with_key(Clock())
    half = made.open("nina", PASSWORD)
    options = made.ask_key(half)
    match wrong:
        case "origin":
            key.origin = "https://onelot.north.example.evil"
        case "party":
            key.party = "evil.example"
        case "untouched":
            key.flags = 0
        case "other key":
            stranger = Key(ADDRESS, PARTY)
            stranger.id = key.id
            key = stranger
            key.count = 9
        case "copy":
            key.count = 0  # a copy of the key, whose counter stayed behind
        case "challenge":
            options = {**options, "challenge": b64(b"another challenge, 32 bytes long")}
    answer = key.get(options)
    if wrong == "kind":
        answer["response"] = {**answer["response"], "clientDataJSON": key.create(options)["response"]["clientDataJSON"]}
    with pytest.raises(NotAllowed):
        made.give_key(half, answer)
    assert made.sessions.find(half).needs == ("second_factor",)


def test_wrong_answers_lock() -> None:
    made, key = with_key(Clock())
    stranger = Key(ADDRESS, PARTY)
    for _ in range(MOST_FAILURES):
        half = made.open("nina", PASSWORD)
        with pytest.raises(NotAllowed):
            made.give_key(half, stranger.get(made.ask_key(half)))
    half = made.open("nina", PASSWORD)
    with pytest.raises(NotAllowed, match="locked"):
        made.give_key(half, key.get(made.ask_key(half)))


def test_a_colleagues_key_does_not_answer() -> None:
    clock = Clock()
    made, _ = with_key(clock)
    _, omars = with_key(clock, "omar", made)
    half = made.open("nina", PASSWORD)
    with pytest.raises(NotAllowed):
        made.give_key(half, omars.get(made.ask_key(half)))


def test_a_key_is_registered_once_for_one_person() -> None:
    clock = Clock()
    made, key = with_key(clock)
    session = made.session(made.open("omar", PASSWORD))
    with pytest.raises(NotAllowed, match="registered already"):
        made.keys.add(session, key.create(made.keys.offer(session, "Omar")), "mine")
    assert not made.keys.enrolled("omar")
    assert made.keys.remove("nina", b64(key.id)) == 1
    made.keys.add(session, key.create(made.keys.offer(session, "Omar")), "mine")


def test_a_registration_of_another_session_or_origin_is_refused() -> None:
    made, _ = with_key(Clock())
    first, second = (made.session(made.open("omar", PASSWORD)) for _ in range(2))
    key = Key(ADDRESS, PARTY)
    answer = key.create(made.keys.offer(first, "Omar"))
    made.keys.offer(second, "Omar")
    with pytest.raises(NotAllowed):
        made.keys.add(second, answer, "x")
    key.origin = "http://onelot.north.example:8443"
    with pytest.raises(NotAllowed):
        made.keys.add(first, key.create(made.keys.offer(first, "Omar")), "x")
    assert not made.keys.enrolled("omar")


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:8400", "https://[::1]:8400"])
def test_there_are_no_keys_without_a_name_of_the_house(address: str) -> None:
    made = desk(Clock(), address=address)
    session = made.session(made.open("nina", PASSWORD))
    with pytest.raises(NotAllowed, match="not available"):
        made.keys.offer(session, "Nina")


def test_at_most_ten_keys() -> None:
    made, _ = with_key(Clock())
    session = made.keys and made.sessions.of("nina")[0]
    for _ in range(9):
        made.keys.add(session, Key(ADDRESS, PARTY).create(made.keys.offer(session, "Nina")), "more")
    with pytest.raises(NotAllowed, match="too many"):
        made.keys.offer(session, "Nina")


def _bent(answer: dict[str, Any], place: str, how: bytes, at: float) -> dict[str, Any]:
    bent = copy.deepcopy(answer)
    where = bent["response"] if place in bent["response"] else bent
    data = unb64(where[place])
    cut = int(at * len(data))
    where[place] = b64(data[:cut] + how + data[cut + len(how) :])
    return bent


@given(
    st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
    st.binary(min_size=1, max_size=6),
    st.floats(0, 0.99),
)
@settings(max_examples=60, deadline=None)
def test_a_bent_answer_never_passes_and_never_breaks(place: str, how: bytes, at: float) -> None:
    made, key = with_key(Clock())
    half = made.open("nina", PASSWORD)
    answer = key.get(made.ask_key(half))
    bent = _bent(answer, place, how, at)
    if bent == answer:
        return
    with pytest.raises(NotAllowed):
        made.give_key(half, bent)


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(NONSENSE)
@settings(max_examples=60, deadline=None)
def test_nonsense_is_refused(value: Any) -> None:
    made, key = with_key(Clock())
    session = made.sessions.of("nina")[0]
    made.keys.offer(session, "Nina")
    with pytest.raises(NotAllowed):
        made.keys.add(session, {"id": b64(key.id), "rawId": b64(key.id), "type": "public-key", "response": value}, "x")
    half = made.open("nina", PASSWORD)
    made.ask_key(half)
    with pytest.raises(NotAllowed):
        made.give_key(half, {"id": b64(key.id), "rawId": value, "type": "public-key", "response": value})
