"""Security keys and passkeys (WebAuthn, level 2) as a second factor.

A challenge is drawn here for one session, good once and for five minutes; the answer must come from this
installation's own address, and the key's counter must go on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from onelot.app.sign_in.box import Box
from onelot.app.sign_in.sessions import Session
from onelot.record.errors import NotAllowed

GOOD_FOR = timedelta(minutes=5)
MOST_KEYS = 10
_KIND, _OWNER, _CHALLENGE = "security-key", "security-key-of", "challenge"


class SecurityKeys:
    """Registers keys and checks them. address: this installation's, as browsers see it; "" when none was set."""

    def __init__(self, box: Box, clock: Callable[[], datetime], address: str) -> None:
        self._box, self._clock, self._address = box, clock, address
        self._party = urlsplit(address).hostname or ""

    @property
    def possible(self) -> bool:
        """Whether this installation has an address that keys can answer: a host's name, not a bare number."""
        return bool(self._party) and not self._party.replace(".", "").isdigit() and ":" not in self._party

    def of(self, login: str) -> list[dict[str, Any]]:
        """The person's keys: id, name, added."""
        return [{name: key[name] for name in ("id", "name", "added")} for key in self._keys(login)[0]]

    def enrolled(self, login: str) -> bool:
        """Whether this person has a key."""
        return self._box.has(_KIND, login)

    def offer(self, session: Session, printed_name: str) -> dict[str, Any]:
        """What a browser needs to make a credential (`navigator.credentials.create`)."""
        keys, _ = self._keys(session.login)
        if len(keys) >= MOST_KEYS:
            raise NotAllowed("you have too many keys", rule=f"at most {MOST_KEYS} keys", remedy="remove one first")
        options = webauthn.generate_registration_options(
            rp_id=self._party_or_refuse(),
            rp_name="onelot",
            user_name=session.login,
            user_display_name=printed_name,
            user_id=bytes.fromhex(self._box.mark("webauthn user", session.login)),
            exclude_credentials=_described(keys),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
        )
        self._remember("create", session, options.challenge)
        found: dict[str, Any] = orjson.loads(webauthn.options_to_json(options))
        return found

    def add(self, session: Session, answer: dict[str, Any], name: str) -> None:
        """Register the key that answered.

        Raises:
            NotAllowed: the answer does not verify, came too late, or the key is registered already.
        """
        challenge = self._recall("create", session)
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._party_or_refuse(),
                expected_origin=self._address,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as cause:
            raise _refused("the security key's answer does not verify") from cause
        id_ = bytes_to_base64url(made.credential_id)
        if not self._box.swap(_OWNER, self._box.mark("credential", id_), None, {"login": session.login}):
            raise _refused("this security key is registered already")
        key = {
            "id": id_,
            "key": bytes_to_base64url(made.credential_public_key),
            "count": made.sign_count,
            "name": name.strip()[:60] or "key",
            "added": self._clock().isoformat(),
        }
        while True:
            keys, raw = self._keys(session.login)
            if self._box.swap(_KIND, session.login, raw, {"keys": [*keys, key]}):
                return

    def ask(self, session: Session) -> dict[str, Any]:
        """What a browser needs to let a key answer (`navigator.credentials.get`)."""
        keys, _ = self._keys(session.login)
        if not keys:
            raise _refused("you have no security key")
        options = webauthn.generate_authentication_options(
            rp_id=self._party_or_refuse(),
            allow_credentials=_described(keys),
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        self._remember("get", session, options.challenge)
        found: dict[str, Any] = orjson.loads(webauthn.options_to_json(options))
        return found

    def check(self, session: Session, answer: dict[str, Any]) -> bool:
        """Whether one of the person's keys answered this session's challenge."""
        challenge = self._recall("get", session)
        keys, raw = self._keys(session.login)
        key = next((each for each in keys if each["id"] == answer.get("id")), None)
        if key is None:
            return False
        try:
            seen = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._party_or_refuse(),
                expected_origin=self._address,
                credential_public_key=base64url_to_bytes(key["key"]),
                credential_current_sign_count=int(key["count"]),
            )
        except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
            return False
        counted = [{**each, "count": seen.new_sign_count} if each is key else each for each in keys]
        # Swapped: of two answers with the same counter, a key and its copy, one is refused.
        return self._box.swap(_KIND, session.login, raw, {"keys": counted})

    def remove(self, login: str, id_: str = "") -> int:
        """Forget a key, or all of this person's; how many."""
        while True:
            keys, raw = self._keys(login)
            gone = [each for each in keys if id_ in ("", each["id"])]
            left = [each for each in keys if each not in gone]
            if raw is None or not gone:
                return 0
            if left:
                if not self._box.swap(_KIND, login, raw, {"keys": left}):
                    continue
            else:
                self._box.remove(_KIND, login)
            for each in gone:
                self._box.remove(_OWNER, self._box.mark("credential", each["id"]))
            return len(gone)

    def _keys(self, login: str) -> tuple[list[dict[str, Any]], bytes | None]:
        found = self._box.get(_KIND, login)
        return (list(found[0]["keys"]), found[1]) if found else ([], None)

    def _remember(self, what: str, session: Session, challenge: bytes) -> None:
        self._forget_old()
        value = {"challenge": bytes_to_base64url(challenge), "at": self._clock().isoformat()}
        self._box.put(_CHALLENGE, f"{what}/{session.id}", value)

    def _recall(self, what: str, session: Session) -> bytes:
        found = self._box.take(_CHALLENGE, f"{what}/{session.id}")
        if found is None or self._clock() - datetime.fromisoformat(found["at"]) > GOOD_FOR:
            raise _refused("no answer of a security key is waited for")
        return base64url_to_bytes(found["challenge"])

    def _forget_old(self) -> None:
        for name in self._box.names(_CHALLENGE):
            found = self._box.get(_CHALLENGE, name)
            if found and self._clock() - datetime.fromisoformat(found[0]["at"]) > GOOD_FOR:
                self._box.remove(_CHALLENGE, name)

    def _party_or_refuse(self) -> str:
        if not self.possible:
            raise NotAllowed(
                "security keys are not available here",
                rule="a security key answers one address, which has a name: `address` in sign-in.json",
                remedy="use a code, or ask IT to set the address",
            )
        return self._party


def _described(keys: list[dict[str, Any]]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key["id"])) for key in keys]


def _refused(what: str) -> NotAllowed:
    return NotAllowed(
        what,
        rule="WebAuthn: one fresh challenge for one session, answered by a registered key at this address",
        remedy="begin again; if it stays so, ask the user administrator",
    )
