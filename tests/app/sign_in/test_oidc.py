"""OIDC sign-in against a provider that runs as a process of its own, over loopback sockets; and what attackers send."""

from __future__ import annotations

import socket
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from onelot.adapters.safe import MemorySafe
from onelot.app.sign_in import Settings, SignIn, Unfinished
from onelot.app.sign_in.oidc import keep_secret
from onelot.record.errors import NotAllowed, Unreachable
from tests.app.sign_in.conftest import ADDRESS, Provider
from tests.app.sign_in.desk import PASSWORD, PEOPLE, Clock, desk


def now() -> datetime:
    return datetime.now(UTC)


def whole_way(made: SignIn, provider: Provider, subject: str = "nina") -> str:
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    return made.open_by_oidc(cookie, provider.agree(address, subject))


def test_a_registered_person_is_let_in(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256" and asked["scope"] == "openid"
    assert len(asked["state"]) >= 32 and len(asked["nonce"]) >= 32 and asked["state"] not in cookie
    back = provider.agree(address, "nina")
    assert back["state"] == asked["state"]
    token = made.open_by_oidc(cookie, back)
    assert made.actor(token) == PEOPLE["nina"]
    assert made.session(token).how == ("oidc",)
    assert len(provider.last()["form"]["code_verifier"]) >= 43


def test_a_public_client_sends_no_secret(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONELOT_OIDC_SECRET")
    provider.how("public client")
    made = desk(now, **provider.settings())
    assert made.who(whole_way(made, provider)) == "nina"
    assert provider.last()["auth"] == "" and "client_secret" not in provider.last()["form"]


def test_somebody_who_is_not_registered_is_refused(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    with pytest.raises(NotAllowed):
        whole_way(made, provider, "stranger")
    assert made.log.last()[0]["what"] == "refused"


def test_a_claim_is_mapped_to_a_sign_in_name(provider: Provider) -> None:
    made = desk(now, **provider.settings(logins={"4711": "omar"}))
    assert made.who(whole_way(made, provider, "4711")) == "omar"
    made = desk(now, **provider.settings(claim="preferred_username", scopes=["profile"]))
    with pytest.raises(NotAllowed, match="who you are"):
        whole_way(made, provider, "83")
    claims = {"preferred_username": "nina", "email": "omar"}
    httpx.put(f"{provider.issuer}/users/83", json=claims, timeout=5).raise_for_status()
    assert made.who(whole_way(made, provider, "83")) == "nina"
    made = desk(now, **provider.settings(claim="email", scopes=["email"]))
    with pytest.raises(NotAllowed, match="who you are"):
        whole_way(made, provider, "83")
    httpx.put(f"{provider.issuer}/users/83", json={**claims, "email_verified": True}, timeout=5).raise_for_status()
    assert made.who(whole_way(made, provider, "83")) == "omar"


def test_a_name_given_to_somebody_else_is_not_inherited(provider: Provider) -> None:
    safe = MemorySafe()
    first = desk(now, safe, **provider.settings(logins={"anna-1": "omar"}))
    assert first.who(whole_way(first, provider, "anna-1")) == "omar"
    later = desk(now, safe, **provider.settings(logins={"bert-2": "omar"}))
    with pytest.raises(NotAllowed, match="somebody else"):
        whole_way(later, provider, "bert-2")
    assert later.oidc is not None and later.oidc.forget("omar")
    assert later.who(whole_way(later, provider, "bert-2")) == "omar"


SPOILT = [
    "alg none", "public key as secret", "key in the header", "changed after signing", "another key", "another issuer",
    "another audience", "two audiences", "for another party", "expired", "from the future", "no nonce", "another nonce",
    "no expiry", "no audience", "no subject", "a number", "another access token", "no token",
]  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_a_token_nobody_should_believe(provider: Provider, how: str) -> None:
    made = desk(now, **provider.settings())
    provider.how(how)
    with pytest.raises(NotAllowed, match="token") as refused:
        whole_way(made, provider)
    assert "no code" not in refused.value.what
    assert not made.sessions.of("nina") and not made.sessions.of("root")


def test_a_forged_token_of_the_right_making_would_pass(provider: Provider) -> None:
    """So that the refusals above are for what was spoilt, and not for the forging."""
    made = desk(now, **provider.settings())
    provider.how("signed again, unchanged")
    assert made.who(whole_way(made, provider)) == "nina"


def test_a_wrong_state_a_strange_browser_and_no_cookie(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    back = provider.agree(address, "nina")
    _, another = made.oidc.begin()
    for held, given in (
        (another, back), ("", back), ("x" * 80, back), (cookie, {**back, "state": "x"}),
        (cookie, {"code": back["code"]}), (cookie[:-4] + "AAAA", back),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            made.open_by_oidc(held, given)
    # None of it used up the real answer.
    assert made.who(made.open_by_oidc(cookie, back)) == "nina"


def test_an_answer_is_good_once(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    back = provider.agree(address, "nina")
    made.open_by_oidc(cookie, back)
    with pytest.raises(NotAllowed, match="used already"):
        made.open_by_oidc(cookie, back)


def test_a_code_stolen_and_put_into_another_sign_in(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    assert made.oidc is not None
    stolen = provider.agree(made.oidc.begin()[0], "root")
    address, cookie = made.oidc.begin()
    back = provider.agree(address, "nina")
    # PKCE: the thief's verifier does not fit the code.
    with pytest.raises(NotAllowed, match="took no code"):
        made.open_by_oidc(cookie, {**back, "code": stolen["code"]})
    assert not made.sessions.of("root")


def test_a_sign_in_that_took_too_long(provider: Provider) -> None:
    clock = Clock()
    clock.now = now()
    made = desk(clock, **provider.settings())
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    back = provider.agree(address, "nina")
    clock.on(minutes=11)
    with pytest.raises(NotAllowed, match="too long"):
        made.open_by_oidc(cookie, back)


def test_who_says_no_there_stays_out(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    with pytest.raises(NotAllowed, match="did not let you in"):
        made.open_by_oidc(cookie, {"state": state, "error": "access_denied"})


def test_answers_of_another_provider(provider: Provider) -> None:
    """RFC 9207: the mix-up."""
    made = desk(now, **provider.settings())
    assert made.oidc is not None
    address, cookie = made.oidc.begin()
    with pytest.raises(NotAllowed, match="another identity provider"):
        made.open_by_oidc(cookie, {**provider.agree(address, "nina"), "iss": "https://evil.example"})
    provider.how("says issuer")
    made = desk(now, **provider.settings())
    with pytest.raises(NotAllowed, match="another identity provider"):
        whole_way(made, provider)


@pytest.mark.parametrize("how", ["discovery of another", "keys without TLS"])
def test_a_provider_that_is_not_ours(provider: Provider, how: str) -> None:
    provider.how(how)
    made = desk(now, **provider.settings())
    with pytest.raises(NotAllowed):
        whole_way(made, provider)


def test_new_keys_are_fetched_at_most_once_a_minute(provider: Provider) -> None:
    clock = Clock()
    clock.now = now()
    made = desk(clock, **provider.settings())
    assert made.who(whole_way(made, provider)) == "nina"
    provider.how("rotated")
    with pytest.raises(NotAllowed):
        whole_way(made, provider)
    clock.on(seconds=50)
    with pytest.raises(NotAllowed):
        whole_way(made, provider)
    clock.on(seconds=15)
    assert made.who(whole_way(made, provider)) == "nina"


def test_the_secret_comes_from_the_environment_or_the_safe(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    safe = MemorySafe()
    made = desk(now, safe, **provider.settings())
    monkeypatch.delenv("ONELOT_OIDC_SECRET")
    keep_secret(made.box, "from the safe: ü")
    whole_way(made, provider)
    assert provider.last()["auth"] == "Basic " + b64encode(b"onelot:from+the+safe%3A+%C3%BC").decode()
    monkeypatch.setenv("ONELOT_OIDC_SECRET", "from-environment")
    whole_way(made, provider)
    assert provider.last()["auth"] == "Basic " + b64encode(b"onelot:from-environment").decode()
    assert "from the safe" not in repr(safe._held)


def test_a_second_factor_of_ours_is_asked_for_unless_the_provider_asked_for_one(provider: Provider) -> None:
    made = desk(now, second_factor={"roles": ["bedside_nurse"]}, **provider.settings(second_factor_acr=["two-factors"]))
    with pytest.raises(Unfinished):
        made.who(whole_way(made, provider))
    provider.how("strong")
    assert made.who(whole_way(made, provider)) == "nina"


def test_it_never_replaces_the_password_for_what_needs_one(provider: Provider) -> None:
    made = desk(now, **provider.settings())
    token = whole_way(made, provider)
    with pytest.raises(NotAllowed):
        made.prove_again(token, "")
    assert made.prove_again(token, PASSWORD)


def test_a_provider_that_is_away(provider: Provider) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = desk(now, address=ADDRESS, oidc={"issuer": f"http://127.0.0.1:{port}", "client_id": "onelot"})
    assert made.oidc is not None
    with pytest.raises(Unreachable):
        made.oidc.begin()


@pytest.mark.parametrize("issuer", ["http://idp.example", "ftp://idp.example", "https://a@idp.example", "idp", ""])
def test_an_issuer_without_tls_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Settings.model_validate({"address": ADDRESS, "oidc": {"issuer": issuer, "client_id": "x"}})


def test_without_settings_there_is_no_such_way() -> None:
    made = desk(now)
    with pytest.raises(NotAllowed, match="not available"):
        made.open_by_oidc("x", {"state": "x", "code": "x"})
