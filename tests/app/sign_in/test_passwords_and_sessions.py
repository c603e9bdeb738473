"""Passwords, locks, limits, sessions and the log: what holds, and what an attacker tries."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters.safe import MemorySafe
from onelot.app.sign_in import MOST_FAILURES, NotSignedIn, SecurityLog, Unfinished, Where, check_password
from onelot.app.sign_in.limits import MOST_ADDRESSES, Limits, TooOften
from onelot.app.sign_in.locks import LONGEST, Locks
from onelot.record.errors import NotAllowed, Unreachable
from tests.app.sign_in.desk import PASSWORD, PEOPLE, Clock, FarSafe, desk


def test_a_password_opens_a_session_and_signing_out_ends_it() -> None:
    made = desk(Clock())
    token = made.open("nina", PASSWORD)
    assert made.who(token) == "nina"
    assert made.actor(token) == PEOPLE["nina"]
    made.close(token)
    # A stolen copy of the cookie is worth nothing after that.
    with pytest.raises(NotSignedIn):
        made.who(token)


def test_tokens_and_passwords_are_not_in_the_safe() -> None:
    safe = MemorySafe()
    made = desk(Clock(), safe)
    token = made.open("nina", PASSWORD)
    kept = repr(safe._held)
    assert token not in kept and PASSWORD not in kept


@pytest.mark.parametrize("login", ["nina", "nobody", "", "nina\x00"])
def test_wrong_tries_lock_whoever_it_is(login: str) -> None:
    made = desk(Clock())
    said = []
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(NotAllowed) as refused:
            made.open(login, "wrong wrong wrong")
        said.append("locked" in refused.value.what)
    # A stranger's name locks as a colleague's does: the lock tells nobody who works here.
    assert said == [False] * MOST_FAILURES + [True]


def test_a_lock_ends_and_the_next_lasts_longer() -> None:
    clock = Clock()
    made = desk(clock)
    lasted = []
    for _ in range(9):
        for _ in range(MOST_FAILURES):
            with pytest.raises(NotAllowed):
                made.open("nina", "wrong wrong wrong")
        began = clock.now
        while True:
            try:
                made.locks.check("sign-in", "nina")
                break
            except NotAllowed:
                clock.on(minutes=1)
        lasted.append(clock.now - began)
    assert lasted[:3] == [timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=60)]
    assert lasted == sorted(lasted) and lasted[-1] == LONGEST
    assert made.who(made.open("nina", PASSWORD)) == "nina"
    for _ in range(MOST_FAILURES):
        with pytest.raises(NotAllowed):
            made.open("nina", "wrong wrong wrong")
    clock.on(minutes=15)
    assert made.open("nina", PASSWORD)


def test_a_right_sign_in_does_not_wipe_out_wrong_signing_passwords() -> None:
    made = desk(Clock())
    for _ in range(MOST_FAILURES):
        with made.tries.signing("nina") as tried:
            assert not tried.right
        made.open("nina", PASSWORD)
    with pytest.raises(NotAllowed, match="locked"), made.tries.signing("nina"):
        raise AssertionError("looked at")


def test_guesses_side_by_side_are_no_more_than_in_a_row() -> None:
    locks, looked = Locks(FarSafe(), Clock()), []
    ready = threading.Barrier(40)

    def guess() -> None:
        ready.wait()
        try:
            locks.begin("sign-in", "nina")
        except NotAllowed:
            return
        looked.append(1)
        # Looking takes a while; nobody has been found wrong when the next one begins.
        time.sleep(0.05)
        locks.wrong("sign-in", "nina")

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert 1 <= len(looked) <= MOST_FAILURES
    with pytest.raises(NotAllowed):
        locks.check("sign-in", "nina")


def test_an_address_that_fails_too_often_waits_and_others_do_not() -> None:
    clock = Clock()
    made = desk(clock, failures_per_minute=10)
    here, there = Where("10.0.0.1"), Where("10.0.0.2")
    for number in range(10):
        with pytest.raises(NotAllowed):
            made.open(f"guess{number}", "wrong wrong wrong", here)
    with pytest.raises(TooOften):
        made.open("nina", PASSWORD, here)
    assert made.open("nina", PASSWORD, there)
    clock.on(seconds=13)
    for _ in range(30):
        # Who signs in rightly is not counted, also not two hundred people behind one address.
        assert made.open("nina", PASSWORD, here)


def test_one_ipv6_subscriber_is_one_address_and_the_table_is_bounded() -> None:
    limits = Limits(Clock(), 5)
    for host in range(5):
        limits.begin(f"2001:db8::{host + 1:x}")
    with pytest.raises(TooOften):
        limits.begin("2001:db8::ffff")
    limits.begin("2001:db8:0:1::1")
    for number in range(MOST_ADDRESSES + 50):
        limits.begin(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limits) <= MOST_ADDRESSES


@given(st.lists(st.sampled_from(["begin", "right", "wait"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_never_more_tries_than_the_bucket_holds(steps: list[str]) -> None:
    clock, most = Clock(), 5
    limits, counted, began = Limits(clock, most), 0, clock.now
    for step in steps:
        if step == "wait":
            clock.on(seconds=7)
        elif step == "right":
            limits.right("a")
            counted = max(0, counted - 1)
        else:
            try:
                limits.begin("a")
                counted += 1
            except TooOften:
                pass
    assert counted <= most + (clock.now - began).total_seconds() * most / 60 + 1e-6


def test_a_session_ends_by_idleness_and_by_age() -> None:
    clock = Clock()
    made = desk(clock, idle_minutes=10, lasts_hours=1)
    idle, busy = made.open("nina", PASSWORD), made.open("nina", PASSWORD)
    for _ in range(5):
        clock.on(minutes=9)
        assert made.who(busy) == "nina"
    with pytest.raises(NotSignedIn):
        made.who(idle)
    clock.on(minutes=9)
    assert made.who(busy)
    clock.on(minutes=6)
    with pytest.raises(NotSignedIn):
        made.who(busy)


def test_sessions_are_listed_and_all_ended_and_none_comes_back() -> None:
    clock = Clock()
    made = desk(clock)
    tokens = [made.open("nina", PASSWORD, Where(f"10.0.0.{n}", "tablet\x1b[31m")) for n in range(3)]
    other = made.open("omar", PASSWORD)
    listed = made.sessions.of("nina")
    assert len(listed) == 3 and {each.address for each in listed} == {"10.0.0.0", "10.0.0.1", "10.0.0.2"}
    assert all(token not in repr(listed) for token in tokens)
    assert "\x1b" not in listed[0].agent
    assert made.sessions.end("nina", lambda each: each.id == listed[0].id) == 1
    assert made.sessions.end("nina") == 2
    clock.on(minutes=2)
    for token in tokens:
        with pytest.raises(NotSignedIn):
            made.who(token)
    assert made.who(other) == "omar"


def test_a_session_ended_while_it_is_used_stays_ended() -> None:
    clock = Clock()

    class Meanwhile(MemorySafe):
        token = ""

        def get(self, kind: str, name: str) -> bytes | None:
            found = super().get(kind, name)
            if kind == "session" and self.token:
                self.remove(kind, name)
            return found

    safe = Meanwhile()
    made = desk(clock, safe)
    safe.token, token = "", made.open("nina", PASSWORD)
    clock.on(minutes=2)
    safe.token = token
    made.who(token)
    safe.token = ""
    with pytest.raises(NotSignedIn):
        made.who(token)


def test_old_sessions_are_swept_out() -> None:
    clock, safe = Clock(), MemorySafe()
    made = desk(clock, safe)
    for _ in range(20):
        made.open("nina", PASSWORD)
    clock.on(hours=9)
    made.open("nina", PASSWORD)
    assert len(safe.names("session")) == 1


def test_a_new_password_ends_sessions() -> None:
    made = desk(Clock())
    token = made.open("nina", PASSWORD)
    made.set_password("nina", "another four words here")
    with pytest.raises(NotSignedIn):
        made.who(token)
    with pytest.raises(NotAllowed):
        made.open("nina", PASSWORD)
    assert made.open("nina", "another four words here")


def test_a_temporary_password_opens_nothing_and_runs_out() -> None:
    clock = Clock()
    made = desk(clock, temporary_days=2)
    first, until = made.set_temporary("nina", "person/root")
    second, _ = made.set_temporary("nina", "person/root")
    assert first != second and until == clock.now + timedelta(days=2)
    with pytest.raises(NotAllowed):
        made.open("nina", first)
    token = made.open("nina", second)
    with pytest.raises(Unfinished) as unfinished:
        made.who(token)
    assert unfinished.value.needs == ("own_passwords",)
    with pytest.raises(Unfinished):
        made.actor(token)
    clock.on(days=2)
    with pytest.raises(NotAllowed):
        made.open("nina", second)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaa", "ababababababab", ""])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(NotAllowed):
        check_password(password)


def test_the_log_says_who_when_from_where_and_no_secret(tmp_path: Path) -> None:
    clock = Clock()
    log = SecurityLog(clock, tmp_path / "security.jsonl")
    made = desk(clock, log=log)
    where = Where("192.0.2.7", "Firefox")
    made.close(made.open("nina", PASSWORD, where), where)
    for login in ("nina", "my secret typed into the wrong field"):
        with pytest.raises(NotAllowed):
            made.open(login, "a wrong password", where)
    text = (tmp_path / "security.jsonl").read_text()
    assert "a wrong password" not in text and PASSWORD not in text and "wrong field" not in text
    lines: list[dict[str, Any]] = log.last()
    assert [(each["what"], each["who"]) for each in reversed(lines)] == [
        ("signed in", "nina"), ("signed out", "nina"), ("refused", "nina"), ("refused", "(unknown name)"),
    ]  # fmt: skip
    assert all(each["from"] == "192.0.2.7" and each["at"].startswith("2026-03-02T08:00:05") for each in lines)
    assert (tmp_path / "security.jsonl").stat().st_mode & 0o077 == 0
    assert len(log.last("nina", 2)) == 2


def test_nobody_signs_in_where_the_log_cannot_be_written(tmp_path: Path) -> None:
    clock = Clock()
    made = desk(clock, log=SecurityLog(clock, tmp_path / "no folder" / "security.jsonl"))
    with pytest.raises(Unreachable):
        made.open("nina", PASSWORD)
    assert not made.sessions.of("nina")
