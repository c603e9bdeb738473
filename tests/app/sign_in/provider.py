"""An identity provider as a process of its own: `oidc-provider-mock` (authlib's server side), on a loopback socket.

Around it: PKCE is enforced, since the library does not, and `PUT /test/how` makes it an attacker's provider, which
sends tokens nobody should believe. Run: `python -m tests.app.sign_in.provider PORT`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import sys
import time
import warnings
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

warnings.simplefilter("ignore")

import oidc_provider_mock  # noqa: E402
import oidc_provider_mock._storage as kept  # noqa: E402
import werkzeug.serving  # noqa: E402
from joserfc import jwt  # noqa: E402
from joserfc.jwk import KeySet, RSAKey  # noqa: E402

_first = kept.Storage.__init__
_storages: list[Any] = []


def _seen(self: Any) -> None:
    _first(self)
    _storages.append(self)


kept.Storage.__init__ = _seen  # type: ignore[method-assign]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Around:
    """The library's application, with what a test wants to see and to spoil."""

    def __init__(self, issuer: str) -> None:
        self.inner = oidc_provider_mock.app(require_nonce=True, issue_refresh_token=False).wsgi_app
        self.issuer, self.how, self.challenges = issuer, "", dict[str, str]()
        self.last: dict[str, Any] = {}
        self.other = RSAKey.generate_key(2048, private=True)

    def key(self) -> RSAKey:
        return RSAKey.import_key(_storages[0].jwk.as_dict(is_private=True))

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if path == "/test/how":
            self.how = body.decode()
            return self._say(start, {})
        if path == "/test/last":
            return self._say(start, self.last)
        if path == "/oauth2/token":
            form = dict(parse_qsl(body.decode()))
            self.last = {"form": form, "auth": environ.get("HTTP_AUTHORIZATION", "")}
            wanted, verifier = self.challenges.get(form.get("code", ""), "-"), form.get("code_verifier", "")
            if b64(hashlib.sha256(verifier.encode()).digest()) != wanted:
                return self._say(start, {"error": "invalid_grant", "error_description": "PKCE"}, "400 Bad Request")
            if self.how == "public client" and "HTTP_AUTHORIZATION" not in environ:
                # The library knows no client without a secret.
                environ["HTTP_AUTHORIZATION"] = "Basic " + base64.b64encode(b"onelot:any").decode()
        status, headers, answer = self._ask(environ)
        if path == "/oauth2/authorize" and "Location" in headers:
            back, asked = parse_qs(urlsplit(headers["Location"]).query), parse_qs(query)
            if "code" in back and asked.get("code_challenge_method") == ["S256"]:
                self.challenges[back["code"][0]] = asked["code_challenge"][0]
        if status.startswith("200"):
            answer = self._spoil(path, answer)
        headers["Content-Length"] = str(len(answer))
        start(status, list(headers.items()))
        return [answer]

    def _ask(self, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
        said: list[Any] = []
        answer = b"".join(self.inner(environ, lambda status, headers, *_: said.append((status, dict(headers)))))
        return said[0][0], said[0][1], answer

    def _say(self, start: Any, value: Any, status: str = "200 OK") -> list[bytes]:
        start(status, [("Content-Type", "application/json")])
        return [json.dumps(value).encode()]

    def _spoil(self, path: str, answer: bytes) -> bytes:
        if path == "/.well-known/openid-configuration":
            said = json.loads(answer)
            changes = {
                "discovery of another": {"issuer": "https://evil.example"},
                "keys without TLS": {"jwks_uri": "http://evil.example/jwks"},
                "says issuer": {"authorization_response_iss_parameter_supported": True},
            }
            return json.dumps({**said, **changes.get(self.how, {})}).encode()
        if path == "/jwks" and self.how == "rotated":
            return json.dumps(KeySet([self.other]).as_dict(private=False)).encode()
        if path == "/oauth2/token" and self.how not in ("", "public client"):
            said = json.loads(answer)
            return json.dumps({**said, "id_token": self._forge(said["id_token"])}).encode()
        return answer

    def _forge(self, token: str) -> str:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
        now = int(time.time())
        claims.update(
            {
                "another issuer": {"iss": "https://evil.example"},
                "another audience": {"aud": "another-client"},
                "two audiences": {"aud": ["onelot", "another-client"]},
                "for another party": {"aud": ["onelot"], "azp": "another-client"},
                "expired": {"exp": now - 120, "iat": now - 900},
                "from the future": {"iat": now + 3600, "exp": now + 7200},
                "another nonce": {"nonce": "another"},
                "another access token": {"at_hash": b64(b"0" * 16)},
                "no subject": {"sub": None},
                "a number": {"sub": 7},
                "strong": {"acr": "two-factors"},
            }.get(self.how, {})
        )
        for name in {"no nonce": ["nonce"], "no expiry": ["exp"], "no audience": ["aud"]}.get(self.how, []):
            del claims[name]
        body = b64(json.dumps(claims).encode())
        if self.how == "alg none":
            return f"{b64(json.dumps({**header, 'alg': 'none'}).encode())}.{body}."
        if self.how == "public key as secret":
            head = b64(json.dumps({**header, "alg": "HS256"}).encode())
            mac = hmac.digest(self.key().as_pem(private=False), f"{head}.{body}".encode(), "sha256")
            return f"{head}.{body}.{b64(mac)}"
        if self.how == "key in the header":
            return jwt.encode({"alg": "RS256", "jwk": self.other.as_dict(private=False)}, claims, self.other)
        if self.how == "changed after signing":
            claims["sub"] = "root"
            head, _, signature = token.split(".")
            return f"{head}.{b64(json.dumps(claims).encode())}.{signature}"
        if self.how == "no token":
            return "x"
        signer = self.other if self.how in ("another key", "rotated") else self.key()
        named = {"kid": header["kid"]} if self.how == "another key" and "kid" in header else {}
        return jwt.encode({"alg": "RS256", **named}, claims, signer)


if __name__ == "__main__":
    port = int(sys.argv[1])
    werkzeug.serving.run_simple("127.0.0.1", port, Around(f"http://127.0.0.1:{port}"), threaded=True)  # type: ignore[arg-type]
