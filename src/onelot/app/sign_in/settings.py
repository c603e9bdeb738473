"""What the site allows at sign-in: HOME/sign-in.json, read at start; every field has a safe default.

The client secret of the identity provider is not in it: it comes from ONELOT_OIDC_SECRET, or from the safe
(`onelot sign-in secret`).
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from onelot.app.authority import table
from onelot.record.errors import BadInput, NotAllowed

FILE = "sign-in.json"
EVERYBODY = "*"
# What `onelot init` writes for production: everybody has a second factor, until the site decides otherwise.
IN_PRODUCTION = {"second_factor": {"roles": [EVERYBODY]}}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _known(roles: tuple[str, ...]) -> tuple[str, ...]:
    strange = sorted(set(roles) - set(table()["roles"]) - {EVERYBODY})
    if strange:
        raise ValueError(f"unknown role {', '.join(strange)}")
    return roles


class SecondFactor(_Part):
    """Who needs a second factor: people with one of these roles, or at one of these sites; `*` for everybody."""

    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    @field_validator("roles")
    @classmethod
    def _roles(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        return _known(roles)

    def asks(self, roles: frozenset[str], sites: frozenset[str]) -> bool:
        """Whether somebody with these roles at these sites needs one. A person for every site (`*`) is at each."""
        if EVERYBODY in self.roles or EVERYBODY in self.sites:
            return True
        return bool(roles & set(self.roles) or sites & set(self.sites) or (EVERYBODY in sites and self.sites))


class Oidc(_Part):
    """The site's identity provider (OpenID Connect Core 1.0, authorization code with PKCE).

    claim: which claim of the ID token names the person; `sub` never changes hands. logins: claim's value -> sign-in
    name; without an entry the value itself is the sign-in name. second_factor_acr: values of `acr` by which the
    provider says that it asked for a second factor itself.
    """

    issuer: str
    client_id: str = Field(min_length=1)
    claim: str = "sub"
    logins: dict[str, str] = {}
    scopes: tuple[str, ...] = ("openid",)
    second_factor_acr: tuple[str, ...] = ()
    label: str = "your organisation"

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, issuer: str) -> str:
        if not safe_address(issuer):
            raise ValueError("an issuer is an https address; http only on this machine")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        return scopes if "openid" in scopes else ("openid", *scopes)


class Badge(_Part):
    """Badge and PIN on an enrolled tablet: site -> the roles that may; how short such a session is."""

    sites: dict[str, tuple[str, ...]]
    lasts_minutes: int = Field(default=30, ge=1, le=240)
    idle_minutes: int = Field(default=5, ge=1, le=60)

    @field_validator("sites")
    @classmethod
    def _sites(cls, sites: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for roles in sites.values():
            _known(roles)
            if EVERYBODY in roles or {"user_administrator", "it"} & set(roles):
                raise ValueError("a badge is for named roles, and never for who administers")
        return sites


class Settings(_Part):
    """All of it. address: where browsers find this installation, e.g. https://onelot.example.org; OIDC and security
    keys need it. guessable_words: what people here would put into a password. breached_passwords: a file, or ""."""

    address: str = ""
    lasts_hours: int = Field(default=8, ge=1, le=24)
    idle_minutes: int = Field(default=30, ge=1, le=240)
    temporary_days: int = Field(default=3, ge=1, le=14)
    failures_per_minute: int = Field(default=30, ge=5, le=1000)
    requests_per_minute: int = Field(default=1200, ge=60, le=1_000_000)
    address_requests_per_minute: int = Field(default=12_000, ge=60, le=10_000_000)
    trusted_proxies: tuple[str, ...] = ()
    guessable_words: tuple[str, ...] = ()
    breached_passwords: str = ""
    second_factor: SecondFactor = SecondFactor()
    oidc: Oidc | None = None
    badge: Badge | None = None

    @field_validator("address")
    @classmethod
    def _address(cls, address: str) -> str:
        found = urlsplit(address)
        if address and (not safe_address(address) or found.path not in ("", "/") or found.query):
            raise ValueError("an address is https://HOST[:PORT], without a path; http only on this machine")
        return address.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            ip_address(each)
        return proxies

    @property
    def under_tls(self) -> bool:
        """Whether browsers come under TLS, to this process or to a server of the site's before it."""
        return self.address.startswith("https://")

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.oidc is not None and not self.address:
            raise ValueError("oidc needs the address to which the provider sends people back")
        return self


def safe_address(address: str) -> bool:
    """Whether what is sent there travels under TLS, or stays on this machine."""
    found = urlsplit(address)
    if found.username or found.password or found.fragment or not found.hostname:
        return False
    return found.scheme == "https" or (found.scheme == "http" and found.hostname in ("127.0.0.1", "::1", "localhost"))


def read_settings(home: Path) -> Settings:
    """The settings of this installation; the defaults when there is no file.

    Raises:
        BadInput: the file cannot be read, or a field does not fit; then nobody is let in on a guess.
    """
    path = home / FILE
    try:
        return Settings.model_validate(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return Settings()
    except (OSError, orjson.JSONDecodeError) as cause:
        what, place = str(cause), str(path)
    except ValidationError as cause:
        first = cause.errors()[0]
        what, place = first["msg"], f"{path}#/{'/'.join(str(part) for part in first['loc'])}"
    raise BadInput(
        f"the settings of sign-in do not fit: {what}",
        rule="docs/sign-in.md lists the fields",
        remedy="mend the file at this place",
        place=place,
    )


def not_here(what: str) -> NotAllowed:
    """The refusal of a way in that the site does not allow."""
    return NotAllowed(
        f"{what} is not available here",
        rule="deny by default: sign-in.json says what the site allows",
        remedy="sign in with your name and password",
    )
