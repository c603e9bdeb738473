"""Which passwords may be chosen, and that they are taken as they are (ASVS V6.2, V6.3, V6.4)."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from hashlib import sha1
from math import log2
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from onelot.adapters.safe import MemorySafe
from onelot.app.sign_in.guessable import Breached, check_guessable, check_list
from onelot.app.sign_in.passwords import SHORTEST, Passwords, check_own, check_password
from onelot.record.errors import BadInput, NotAllowed, Unreachable
from tests.app.security.house import PASSWORD, Attacked
from tests.app.sign_in.desk import QUICK, Clock
from tests.app.sign_in.test_account import NEW, SIGNING


def test_no_common_password_of_allowed_length_passes() -> None:
    """Every one of 12 signs and more among the 30,000 most common of breaches, and what people make of the rest."""
    common = list(FREQUENCY_LISTS["passwords"])
    assert len(common) == 30_000
    long = [each for each in common if len(each) >= SHORTEST]
    made = [each + tail for each in common[:100] for tail in ("1234567", "!!!!!!!", each, "2026onelot")]
    passed = []
    for each in (*long, *(each for each in made if len(each) >= SHORTEST)):
        try:
            check_own("max", "Max Mighty", each)
            passed.append(each)
        except NotAllowed:
            continue
    assert len(long) > 200 and len(made) == 400
    assert not passed


@pytest.mark.parametrize("password", [
    "onelotonelot1", "Plant-12026!!", "NorthHospital2026", "qwertyuiop12", "abcdabcdabcd", "1q2w3e4r5t6y7u8i",
])  # fmt: skip
def test_the_house_s_own_words_are_guessed(password: str) -> None:
    with pytest.raises(NotAllowed, match="guessed"):
        check_own("max", "Max Mighty", password, ("plant-1", "North Hospital", "northhospital"))


def test_no_rule_on_signs() -> None:
    """Any composition: small letters only, digits only, blanks, another script, and long."""
    long = "xxx" + "".join(chr(0x4E00 + n * 37) for n in range(500))
    others = ("лес тихая лампа окно", "森林の静かな灯台の窓辺に", "🐙 octopus marmalade")
    for password in ("quiet river stone lamp", "83920175466281", "  z7 q   kvx 9  ", *others, long):
        check_own("max", "Max Mighty", password)


def test_a_long_hostile_password_is_looked_at_quickly() -> None:
    began = time.perf_counter()
    for password in ("@" * 1000, "4@3€1!0" * 140, "qwerty" * 160, "".join(chr(97 + n % 26) for n in range(1000))):
        with suppress(NotAllowed):
            check_guessable(password, ("qwerty",) * 20)
    assert time.perf_counter() - began < 10


def test_it_is_taken_as_it_was_typed() -> None:
    """Not cut, folded, trimmed or put into another form, up to a thousand signs over HTTP."""
    house = Attacked()
    token = house.settled("cora")
    long = "".join(chr(0x4E00 + n * 31) for n in range(64)) + " Éa " + "kettle" * 14 + "  "
    status, answer = house.call("POST", "/me/passwords", token, password=NEW, new_sign_in_password=long)
    assert status == 200, answer
    assert house.sign_in("cora", long)["needs"] == []
    wrong = (long[:-1], long.strip(), long.casefold(), long.replace("É", "E\u0301"), long[:72], long + "x")
    for each in wrong[:4]:
        assert house.call("POST", "/session", login="cora", password=each)[0] == 403, each[-8:]
    assert house.sign_in("cora", long)
    for each in wrong[4:]:
        assert house.call("POST", "/session", login="cora", password=each)[0] == 403, each[-8:]
    assert house.call("POST", "/session", login="cora", password="x" * 1001)[0] == 422


def test_over_http_a_guessed_password_is_refused_and_nothing_changes() -> None:
    house = Attacked(guessable_words=["Kettlewell"])
    token = house.settled("cora")
    for wanted in ("password1234", "Kettlewell12!", "cora-control-9"):
        for field, more in (("new_sign_in_password", {}), ("new_signing_password", {"signing_password": SIGNING})):
            given = {"password": NEW, field: wanted, **more}
            assert house.call("POST", "/me/passwords", token, **given)[0] == 403, wanted
    assert house.sign_in("cora", NEW)["needs"] == []


def test_a_password_of_a_breach_is_refused_by_the_site_s_list(tmp_path: Path) -> None:
    known = ["quiet river stone lamp two", PASSWORD, *(f"number {n}" for n in range(3000))]
    lines = sorted(f"{sha1(each.encode()).hexdigest().upper()}:{n + 1}" for n, each in enumerate(known))
    listed = tmp_path / "pwned.txt"
    for end in ("\n", "\r\n"):
        listed.write_bytes(end.join(lines).encode() + end.encode())
        check_list(listed)
        found = Breached(listed)
        for each in known:
            with pytest.raises(NotAllowed, match="breach"):
                found.check(each)
        for n in range(300):
            found.check(f"nobody chose this {n}")
    house = Attacked(breached_passwords=str(listed))
    token = house.settled("cora")
    given = {"password": NEW, "new_sign_in_password": "quiet river stone lamp two"}
    status, answer = house.call("POST", "/me/passwords", token, **given)
    assert status == 403 and "breach" in answer["what"]
    listed.unlink()
    status, answer = house.call(
        "POST", "/me/passwords", token, **{**given, "new_sign_in_password": "a lamp in no list"}
    )
    assert status == 503 and str(tmp_path) not in str(answer)


def test_a_list_that_is_none_is_found(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("password\n")
    for path in (tmp_path / "words", tmp_path / "nothing", tmp_path):
        with pytest.raises(BadInput, match="breached"):
            check_list(path)
    with pytest.raises(Unreachable):
        Breached(tmp_path / "nothing").check("anything at all")


def test_there_is_no_account_nobody_made() -> None:
    house = Attacked()
    for login in ("admin", "root", "sa", "onelot", "administrator", "system", "demo", ""):
        for password in (login, "admin", "password", "onelot", ""):
            house.now += timedelta(minutes=1)
            assert house.call("POST", "/session", login=login, password=password)[0] in (403, 422)
    assert {each.removeprefix("person/") for each in house.house.whole.heads("person/")} == {
        "root", "omar", "quin", "cora", "ida", "rex", "max"}  # fmt: skip


def test_a_temporary_password_runs_out_and_never_stays() -> None:
    house = Attacked()
    temporary = house.let_in("cora")
    assert len(set(temporary.replace("-", ""))) > 5 and len(temporary) == 34
    half = house.sign_in("cora", temporary)
    assert half["needs"] == ["own_passwords"]
    # Nor in another writing, nor as the signing password: the administrator knows it.
    for wanted in ((temporary, SIGNING), (temporary.replace("-", ""), SIGNING), (temporary.upper(), SIGNING),
                   (NEW, temporary.replace("-", " "))):  # fmt: skip
        given = {"new_sign_in_password": wanted[0], "new_signing_password": wanted[1]}
        assert house.call("POST", "/me/passwords", half["token"], password=temporary, **given)[0] == 403
    assert house.call("GET", "/board", half["token"])[0] == 401
    drawn = Counter(house.desk.set_temporary("cora", "person/root")[0] for _ in range(200))
    assert len(drawn) == 200


def test_a_temporary_password_has_128_random_bits_and_is_easy_to_copy() -> None:
    house = Attacked()
    drawn = [house.desk.set_temporary("cora", "person/root")[0] for _ in range(100)]
    signs = Counter(sign for each in drawn for sign in each if sign != "-")
    assert all([len(group) for group in each.split("-")] == [4] * 7 for each in drawn)
    assert 28 * log2(len(signs)) >= 128
    for alike in ("0o", "1il", "2z", "5s", "8b", "9gq", "uv", "OIL"):
        assert len(signs.keys() & set(alike)) <= 1, alike
    # 2800 signs drawn evenly: none is far from its share (five standard deviations).
    share = 2800 / len(signs)
    assert all(abs(count - share) < 5 * share**0.5 for count in signs.values())
    last = house.let_in("cora")
    for typed in (last, last.upper(), last.replace("-", ""), last.replace("-", " "), f" {last.title()} ",
                  last.replace("-", " \N{EN DASH} ")):  # fmt: skip
        assert house.sign_in("cora", typed)["needs"] == ["own_passwords"]
    for typed in (last[:-1], last[:-1] + ("a" if last[-1] != "a" else "c"), drawn[0], ""):
        assert house.call("POST", "/session", login="cora", password=typed)[0] == 403
    # One's own is taken as it was typed only.
    half = house.sign_in("cora", last)["token"]
    given = {"new_sign_in_password": NEW, "new_signing_password": SIGNING}
    assert house.call("POST", "/me/passwords", half, password=last.upper(), **given)[0] == 200
    for typed in (NEW.upper(), NEW.replace(" ", "")):
        assert house.call("POST", "/session", login="cora", password=typed)[0] == 403


def test_a_name_nobody_has_costs_the_same_work() -> None:
    """As many hashes for a stranger as for a colleague, and the same answer; counted, since a clock is noisy here."""
    done: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 - the library's own name
            done.append(str(password))
            return QUICK.verify(hash, password)

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            return QUICK.hash(password, salt=salt)

    passwords = Passwords(MemorySafe(), Clock(), Counting())
    passwords.put("max", PASSWORD)
    for login in ("max", "nobody"):
        assert passwords.look(login, "wrong wrong wrong") is None
    assert len(done) == 2
    house = Attacked()
    told = [house.call("POST", "/session", login=login, password="wrong wrong wrong") for login in ("max", "nobody")]
    assert told[0] == told[1] and told[0][0] == 403


def test_short_ones_are_refused_whoever_sets_them() -> None:
    for password in ("", "a" * 11, "ab12 " * 2, "aaaaaaaaaaaaaaaa"):
        with pytest.raises(NotAllowed):
            check_password(password)
