"""Codes from an app: enrolment, drift, replay, lock-out, and who is asked for one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.adapters.safe import MemorySafe
from onelot.app.sign_in import MOST_FAILURES, SignIn, Unfinished
from onelot.app.sign_in.totp import qr
from onelot.record.errors import Broken, NotAllowed
from tests.app.sign_in.desk import PASSWORD, Clock, FarSafe, desk


def oracle(secret: str, at: float) -> str:
    """RFC 6238 with SHA-1, 30 s, six digits, written from the text."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def enrolled(made: SignIn, clock: Clock, login: str = "nina") -> str:
    offered = made.totp.offer(login, "onelot north")
    made.totp.confirm(login, oracle(offered.secret, clock.now.timestamp()))
    clock.on(seconds=30)
    return offered.secret


def test_the_oracle_is_rfc_6238() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    # Appendix B, last six digits.
    for at, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert oracle(secret, at) == code


def test_a_second_factor_is_asked_for_once_it_is_there() -> None:
    clock = Clock()
    made = desk(clock)
    secret = enrolled(made, clock)
    half = made.open("nina", PASSWORD)
    with pytest.raises(Unfinished) as unfinished:
        made.who(half)
    assert unfinished.value.needs == ("second_factor",)
    whole = made.give_code(half, oracle(secret, clock.now.timestamp()))
    assert made.who(whole) == "nina" and whole != half
    assert made.session(whole).how == ("password", "totp")
    # The half token ended with the step.
    with pytest.raises(NotAllowed):
        made.who(half)


@pytest.mark.parametrize(("seconds", "right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(seconds: int, right: bool) -> None:
    clock = Clock()
    made = desk(clock)
    secret = enrolled(made, clock)
    clock.on(minutes=5)
    assert made.totp.check("nina", oracle(secret, clock.now.timestamp() + seconds)) is right


def test_a_code_is_good_once_and_none_older_after_it() -> None:
    clock = Clock()
    made = desk(clock)
    secret = enrolled(made, clock)
    clock.on(minutes=5)
    now = clock.now.timestamp()
    assert made.totp.check("nina", oracle(secret, now))
    assert not made.totp.check("nina", oracle(secret, now))
    assert not made.totp.check("nina", oracle(secret, now - 30))
    assert made.totp.check("nina", oracle(secret, now + 30))
    clock.on(seconds=30)
    assert not made.totp.check("nina", oracle(secret, now + 30))


def test_the_code_of_the_enrolment_opens_nothing() -> None:
    clock = Clock()
    made = desk(clock)
    offered = made.totp.offer("nina", "onelot")
    code = oracle(offered.secret, clock.now.timestamp())
    made.totp.confirm("nina", code)
    with pytest.raises(NotAllowed):
        made.give_code(made.open("nina", PASSWORD), code)


def test_one_of_many_at_once_gets_in() -> None:
    clock = Clock()
    made = desk(clock, FarSafe())
    code, passed = oracle(enrolled(made, clock), clock.now.timestamp()), []
    ready = threading.Barrier(16)

    def knock() -> None:
        ready.wait()
        if made.totp.check("nina", code):
            passed.append(1)

    threads = [threading.Thread(target=knock) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(passed) == 1


def test_wrong_codes_lock_across_sessions() -> None:
    clock = Clock()
    made = desk(clock)
    secret = enrolled(made, clock)
    for _ in range(MOST_FAILURES):
        # A new session each time, as somebody would who knows the password.
        with pytest.raises(NotAllowed, match="not right"):
            made.give_code(made.open("nina", PASSWORD), "000000")
    with pytest.raises(NotAllowed, match="locked"):
        made.give_code(made.open("nina", PASSWORD), oracle(secret, clock.now.timestamp()))
    clock.on(minutes=16)
    assert made.give_code(made.open("nina", PASSWORD), oracle(secret, clock.now.timestamp()))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 10_000, "\x00", "-1"])
def test_strange_codes_are_wrong_codes(code: str) -> None:
    clock = Clock()
    made = desk(clock)
    enrolled(made, clock)
    with pytest.raises(NotAllowed):
        made.give_code(made.open("nina", PASSWORD), code)


def test_a_role_or_a_site_asks_for_a_second_factor() -> None:
    for wanted in ({"roles": ["bedside_nurse"]}, {"sites": ["north"]}, {"roles": ["*"]}):
        made = desk(Clock(), second_factor=wanted)
        with pytest.raises(Unfinished) as unfinished:
            made.who(made.open("nina", PASSWORD))
        assert unfinished.value.needs == ("second_factor_enrolment",)
    assert made.needs_second_factor("root")
    made = desk(Clock(), second_factor={"sites": ["north"]})
    assert made.who(made.open("omar", PASSWORD)) == "omar"
    # Who is for every site is at that one too.
    assert made.needs_second_factor("root")


def test_the_step_of_another_person_or_order_is_refused() -> None:
    clock = Clock()
    made = desk(clock)
    secret = enrolled(made, clock, "omar")
    with pytest.raises(NotAllowed, match="waits for"):
        made.give_code(made.open("nina", PASSWORD), oracle(secret, clock.now.timestamp()))
    enrolled(made, clock)
    with pytest.raises(NotAllowed):
        made.give_code(made.open("nina", PASSWORD), oracle(secret, clock.now.timestamp()))


def test_a_half_session_lasts_ten_minutes() -> None:
    clock = Clock()
    made = desk(clock)
    secret = enrolled(made, clock)
    half = made.open("nina", PASSWORD)
    clock.on(minutes=10)
    with pytest.raises(NotAllowed):
        made.give_code(half, oracle(secret, clock.now.timestamp()))


def test_an_enrolment_waits_ten_minutes_and_needs_its_own_code() -> None:
    clock = Clock()
    made = desk(clock)
    first, second = made.totp.offer("nina", "onelot"), made.totp.offer("nina", "onelot")
    with pytest.raises(NotAllowed):
        made.totp.confirm("nina", oracle(first.secret, clock.now.timestamp()))
    clock.on(minutes=11)
    with pytest.raises(NotAllowed):
        made.totp.confirm("nina", oracle(second.secret, clock.now.timestamp()))
    assert not made.totp.enrolled("nina")


def test_secrets_are_sealed_for_one_person_under_one_key() -> None:
    clock, safe = Clock(), MemorySafe()
    made = desk(clock, safe)
    secret = enrolled(made, clock)
    kept = safe.get("totp", "nina")
    assert kept is not None and secret.encode() not in kept
    # Copied to somebody else's name in the database, it does not open.
    safe.put("totp", "omar", kept)
    with pytest.raises(Broken):
        made.totp.check("omar", oracle(secret, clock.now.timestamp()))
    other: Any = SignIn(safe, clock, key=b"x" * 32)
    with pytest.raises(Broken):
        other.totp.check("nina", oracle(secret, clock.now.timestamp()))


def test_without_a_site_key_there_are_no_factors() -> None:
    made = SignIn(MemorySafe(), Clock())
    with pytest.raises(NotAllowed, match="not available"):
        made.totp.offer("nina", "onelot")


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=80))
@settings(max_examples=30, deadline=None)
def test_the_qr_code_reads_back(login: str) -> None:
    clock = Clock()
    made = SignIn(MemorySafe(), clock, key=b"k" * 32)
    offered = made.totp.offer(login, "onelot north")
    size = int(offered.svg.split('viewBox="0 0 ')[1].split()[0])
    drawn = np.full((size, size), 255, np.uint8)
    for part in offered.svg.split('<path fill="#000" d="')[1].split('"')[0].split("M")[1:]:
        x, y = part.split("h")[0].split()
        drawn[int(y), int(x)] = 0
    read = zxingcpp.read_barcodes(np.kron(drawn, np.ones((4, 4), np.uint8)))
    assert [each.text for each in read] == [offered.address]
    asked = urlsplit(offered.address)
    assert asked.scheme == "otpauth" and parse_qs(asked.query)["secret"] == [offered.secret]
    assert len(base64.b32decode(offered.secret)) == 20


def test_a_qr_code_has_no_markup_of_its_text() -> None:
    assert "<script" not in qr('otpauth://totp/<script>"')
