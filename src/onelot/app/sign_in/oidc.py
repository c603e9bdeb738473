"""Sign-in through the site's own identity provider: OpenID Connect Core 1.0, authorization code with PKCE (S256).

What the browser carries between the two halves (state, nonce, verifier) is sealed in a cookie and good once. The ID
token's signature, issuer, audience, times and nonce are checked; a claim names a person registered here, or nobody is
let in. It never replaces the signing password.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from threading import Lock
from typing import Any
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from onelot.app.sign_in.box import Box
from onelot.app.sign_in.settings import Oidc, safe_address
from onelot.record.errors import Broken, NotAllowed, Unreachable

BACK = "/screen/sign-in/oidc/back"
GOOD_FOR = timedelta(minutes=10)
SKEW_SECONDS = 60
# Signatures with a public key only: `none` and a shared secret (HS256) are refused whatever the token says.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_TIMEOUT_SECONDS, _MOST_BYTES = 5.0, 512 * 1024
_KEYS_FOR = timedelta(minutes=10)
_USED, _SUBJECT, _COOKIE, _SECRET = "oidc-used", "oidc-subject", "oidc-cookie", "oidc-secret"


@dataclass(frozen=True)
class Provider:
    """What the provider publishes about itself."""

    authorization: str
    token: str
    keys: KeySet
    read_at: datetime
    says_issuer: bool
    client_auth: str


class OidcSignIn:
    """The two halves: `begin` sends the browser to the provider, `finish` takes what it brings back.

    secret: the client's secret; "" for a public client, which has PKCE alone.
    """

    def __init__(
        self, box: Box, clock: Callable[[], datetime], settings: Oidc, address: str, secret: Callable[[], str]
    ) -> None:
        self._box, self._clock, self._settings, self._secret = box, clock, settings, secret
        self._back = address + BACK
        self._provider: Provider | None = None
        self._lock = Lock()

    def begin(self) -> tuple[str, str]:
        """The provider's address to send the browser to, and the value of the cookie that it brings back.

        Raises:
            Unreachable: the provider does not answer.
        """
        provider = self._read_provider()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        held = {"state": state, "nonce": nonce, "verifier": verifier, "at": self._clock().isoformat()}
        address = prepare_grant_uri(
            provider.authorization,
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=self._back,
            scope=" ".join(self._settings.scopes),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return address, urlsafe_b64encode(self._box.seal(_COOKIE, "", held)).decode()

    def finish(self, cookie: str, given: dict[str, str]) -> tuple[str, bool]:
        """The sign-in name behind the provider's answer, and whether it asked for a second factor itself.

        Args:
            cookie: what `begin` gave. given: the query that came back: state and code, or error.

        Raises:
            NotAllowed: the answer is not one to this browser's question, was used, does not verify, or names nobody
            who is known here. Unreachable: the provider does not answer.
        """
        held = self._held(cookie)
        if not compare_digest(held["state"].encode(), given.get("state", "").encode()):
            raise _refused("this answer belongs to another sign-in")
        # Taken before the code is: an answer that comes twice is refused here too, not by the provider alone.
        self._use_up(held["state"])
        if given.get("error"):
            raise _refused("the identity provider did not let you in")
        provider = self._read_provider()
        if given.get("iss", self._settings.issuer) != self._settings.issuer or (
            provider.says_issuer and "iss" not in given
        ):
            raise _refused("this answer comes from another identity provider")
        if not given.get("code"):
            raise _refused("the identity provider sent no code")
        claims = self._claims(self._exchange(provider, given["code"], held["verifier"]), held["nonce"])
        login = self._login(claims)
        self._pin(login, claims["sub"])
        return login, claims.get("acr") in self._settings.second_factor_acr

    def forget(self, login: str) -> bool:
        """Let another person of the provider have this sign-in name from now on."""
        return self._box.remove(_SUBJECT, login)

    def _held(self, cookie: str) -> dict[str, str]:
        try:
            held: dict[str, str] = self._box.open(_COOKIE, "", urlsafe_b64decode(cookie.encode()))
        except (Broken, Error, ValueError) as cause:
            raise _refused("this browser did not begin this sign-in") from cause
        if self._clock() - datetime.fromisoformat(held["at"]) > GOOD_FOR:
            raise _refused("this sign-in took too long")
        return held

    def _use_up(self, state: str) -> None:
        now = self._clock()
        for name in self._box.names(_USED):
            found = self._box.get(_USED, name)
            if found and now - datetime.fromisoformat(found[0]["at"]) > 2 * GOOD_FOR:
                self._box.remove(_USED, name)
        if not self._box.swap(_USED, sha256(state.encode()).hexdigest(), None, {"at": now.isoformat()}):
            raise _refused("this answer was used already")

    def _exchange(self, provider: Provider, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
            "client_id": self._settings.client_id,
        }
        secret, auth = self._secret(), None
        if secret and provider.client_auth == "client_secret_post":
            form["client_secret"] = secret
        elif secret:
            # RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
            auth = (quote_plus(self._settings.client_id), quote_plus(secret))
        found = _fetch("POST", provider.token, data=form, auth=auth, refusal="the identity provider took no code")
        if not isinstance(found.get("id_token"), str):
            raise _refused("the identity provider sent no ID token")
        return found

    def _claims(self, answer: dict[str, Any], nonce: str) -> dict[str, Any]:
        token = str(answer["id_token"])
        try:
            decoded = self._decode(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {"iss": {"value": self._settings.issuer}, "aud": {"value": self._settings.client_id}},
                {
                    "nonce": nonce,
                    "client_id": self._settings.client_id,
                    "access_token": answer.get("access_token") if decoded.claims.get("at_hash") else None,
                },
            )
            claims.validate(now=int(self._clock().timestamp()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as cause:
            raise _refused("the identity provider's token does not verify") from cause
        found = dict(claims)
        # Said once more in our own words, since everything hangs on it.
        audience = found["aud"] if isinstance(found["aud"], list) else [found["aud"]]
        if (
            found["iss"] != self._settings.issuer
            or self._settings.client_id not in audience
            or found.get("nonce") != nonce
            or not isinstance(found.get("sub"), str)
            or not found["sub"]
        ):
            raise _refused("the identity provider's token is for somebody else")
        return found

    def _decode(self, token: str) -> jwt.Token:
        provider = self._read_provider()
        try:
            return jwt.decode(token, provider.keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError, KeyError):
            # Perhaps the provider has a new key; asked again at most once a minute.
            if self._clock() - provider.read_at < timedelta(minutes=1):
                raise
            return jwt.decode(token, self._read_provider(again=True).keys, algorithms=ALGORITHMS)

    def _login(self, claims: dict[str, Any]) -> str:
        value = claims.get(self._settings.claim)
        if self._settings.claim == "email" and claims.get("email_verified") is not True:
            value = None
        if not isinstance(value, str) or not value:
            raise _refused("the identity provider does not say who you are")
        return self._settings.logins.get(value, value)

    def _pin(self, login: str, subject: str) -> None:
        """A name that is given to somebody else at the provider does not inherit what was this person's here."""
        mark = self._box.mark("oidc subject", f"{self._settings.issuer} {subject}")
        found = self._box.get(_SUBJECT, login)
        if found is None:
            self._box.swap(_SUBJECT, login, None, {"mark": mark})
            found = self._box.get(_SUBJECT, login)
        if found is None or found[0]["mark"] != mark:
            raise _refused("the identity provider has given this name to somebody else")

    def _read_provider(self, *, again: bool = False) -> Provider:
        with self._lock:
            kept = self._provider
            if kept is not None and not again and self._clock() - kept.read_at < _KEYS_FOR:
                return kept
            issuer = self._settings.issuer
            said = _fetch("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
            if said.get("issuer") != issuer:
                raise _refused("the identity provider names another issuer than sign-in.json")
            places = {
                name: str(said.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            }
            if not all(safe_address(place) for place in places.values()):
                raise _refused("the identity provider publishes an address without TLS")
            try:
                keys = KeySet.import_key_set(_fetch("GET", places["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError) as cause:
                raise _refused("the identity provider's keys cannot be read") from cause
            methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            self._provider = Provider(
                places["authorization_endpoint"],
                places["token_endpoint"],
                keys,
                self._clock(),
                said.get("authorization_response_iss_parameter_supported") is True,
                "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
            )
            return self._provider


def _fetch(
    method: str, address: str, *, refusal: str = "", data: dict[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """JSON from the provider: bounded in time and size; no redirects, so that no secret follows one."""
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream(method, address, data=data, auth=auth, headers={"Accept": "application/json"}) as answer,
        ):
            body = b""
            for block in answer.iter_bytes():
                body += block
                if len(body) > _MOST_BYTES:
                    raise ValueError("too large")
            if refusal and 400 <= answer.status_code < 500:
                raise _refused(refusal)
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
        found = httpx.Response(200, content=body).json()
        if not isinstance(found, dict):
            raise ValueError("no JSON object")
    except (httpx.HTTPError, ValueError) as cause:
        raise Unreachable(
            f"the identity provider does not answer as it should: {cause}",
            rule="OpenID Connect Discovery 1.0, at the issuer of sign-in.json",
            remedy="sign in with your password, or ask IT",
        ) from cause
    return found


def keep_secret(box: Box, secret: str) -> None:
    """Keep the client's secret in the safe, sealed."""
    box.put(_SECRET, "", {"secret": secret})


def kept_secret(box: Box) -> str:
    """The client's secret from the safe; "" when none is kept."""
    found = box.get(_SECRET, "")
    return str(found[0]["secret"]) if found else ""


def _refused(what: str) -> NotAllowed:
    return NotAllowed(
        what,
        rule="OpenID Connect: state, nonce, PKCE, signature, issuer, audience and times are checked; deny by default",
        remedy="begin again from the sign-in page; if it stays so, ask the user administrator",
    )
