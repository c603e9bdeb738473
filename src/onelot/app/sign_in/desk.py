"""The way in, whole: first proof, second factor, own passwords; then a session. What everybody else calls.

Every try is counted before it is looked at, by address and by name, and logged when it is decided.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from onelot.adapters.safe import Safe
from onelot.app.context import Actor
from onelot.app.sign_in import locks, oidc
from onelot.app.sign_in.badges import Badges, Tablet, roles_by_badge
from onelot.app.sign_in.box import Box
from onelot.app.sign_in.limits import Limits
from onelot.app.sign_in.locks import Locks
from onelot.app.sign_in.passwords import Passwords, make_temporary
from onelot.app.sign_in.security_keys import SecurityKeys
from onelot.app.sign_in.security_log import NOWHERE, SecurityLog, Where
from onelot.app.sign_in.sessions import CODE, ENROL, PASSWORDS, NotSignedIn, Session, Sessions, Unfinished
from onelot.app.sign_in.settings import Settings, not_here
from onelot.app.sign_in.totp import Totp
from onelot.app.sign_in.tries import Tries
from onelot.record.errors import BadInput, NotAllowed

SECRET_VARIABLE = "ONELOT_OIDC_SECRET"
FRESH = timedelta(minutes=10)


class SignIn:
    """Who is signed in. `clock` is the wall clock: a session's life is real time, also beside a simulation.

    key: the site's vault key, under which second factors and badges are sealed; without it there are none.
    actor_of: who a sign-in name is on the record (refuses who may not act); without it every name with a password is
    let in, and no role can ask for a second factor.
    """

    def __init__(
        self,
        safe: Safe,
        clock: Callable[[], datetime],
        hasher: PasswordHasher | None = None,
        *,
        settings: Settings | None = None,
        key: bytes | None = None,
        actor_of: Callable[[str], Actor] | None = None,
        log: SecurityLog | None = None,
    ) -> None:
        self.settings = settings or Settings()
        wanted = self.settings.second_factor
        if (wanted.roles or wanted.sites or self.settings.oidc or self.settings.badge) and not (key and actor_of):
            raise BadInput(
                "these settings of sign-in need the site's key and its record",
                rule="second factors are sealed under the site's key; roles stand on the record",
                remedy="give both to SignIn",
            )
        self._clock, self._actor_of = clock, actor_of
        self.log = log or SecurityLog(clock)
        self.box = Box(safe, key)
        self.passwords = Passwords(safe, clock, hasher)
        self.sessions = Sessions(safe, clock, self.settings)
        self.locks, self.limits = Locks(safe, clock), Limits(clock, self.settings.failures_per_minute)
        self.tries = Tries(self.locks, self.limits, self.log)
        self.totp = Totp(self.box, clock)
        self.keys = SecurityKeys(self.box, clock, self.settings.address)
        self.badges = Badges(self.box, self.passwords, clock)
        self.oidc = (
            oidc.OidcSignIn(self.box, clock, self.settings.oidc, self.settings.address, self._oidc_secret)
            if self.settings.oidc
            else None
        )

    def now(self) -> datetime:
        """The wall clock."""
        return self._clock()

    # --- first proof -------------------------------------------------------------------------------------------------

    def open(self, login: str, password: str, where: Where = NOWHERE) -> str:
        """A session's token for a sign-in password; `needs` of the session says what is still missing.

        Raises:
            NotAllowed: name and password do not belong together, or the name is locked, or the address must wait.
        """
        known = self.passwords.known(login)
        self.tries.begin(locks.PASSWORD, login, where, known=known)
        found = self.passwords.look(login, password)
        if found is None:
            self.tries.wrong(locks.PASSWORD, login, where, known=known)
            raise NotAllowed(
                "sign-in name and password do not belong together",
                rule="21 CFR 11.300: sign-in by name and password",
                remedy="type them again, or ask the user administrator",
            )
        self.tries.right(locks.PASSWORD, login, where)
        return self._enter(login, ("password",), where, own=found.temporary)

    def begin_oidc(self, where: Where = NOWHERE) -> tuple[str, str]:
        """The identity provider's address, and the cookie that belongs to this sign-in."""
        if self.oidc is None:
            raise not_here("an identity provider")
        self.limits.begin(where.address)
        found = self.oidc.begin()
        self.limits.right(where.address)
        return found

    def open_by_oidc(self, cookie: str, given: dict[str, str], where: Where = NOWHERE) -> str:
        """A session's token for the answer of the site's identity provider.

        Raises:
            NotAllowed: there is none, the answer does not verify, or names nobody who is known here.
        """
        if self.oidc is None:
            raise not_here("an identity provider")
        self.limits.begin(where.address)
        try:
            login, strong = self.oidc.finish(cookie, given)
            self._person(login)
        except NotAllowed as refusal:
            self.log.write("refused", "", where, how="oidc", why=refusal.what)
            raise
        self.limits.right(where.address)
        return self._enter(login, ("oidc", "oidc second factor") if strong else ("oidc",), where)

    def open_by_badge(self, badge: str, pin: str, tablet_token: str, where: Where = NOWHERE) -> str:
        """A short session's token for a badge and a PIN on an enrolled tablet. It never signs.

        Raises:
            NotAllowed: not an enrolled tablet, badge and PIN do not belong together, or the site does not allow it to
            this person's roles.
        """
        login, _ = self.badge_holder(badge, pin, tablet_token, where)
        tablet = self._tablet(tablet_token)
        token = self.sessions.open(login, ("badge",), (), where, tablet.id, tablet.site)
        self.log.write("signed in", login, where, how="badge", tablet=tablet.name)
        return token

    def badge_holder(
        self, badge: str, pin: str, tablet_token: str, where: Where = NOWHERE
    ) -> tuple[str, frozenset[str]]:
        """Who holds the badge and knows the PIN, and the roles the site allows them on this tablet.

        Raises:
            NotAllowed: as `open_by_badge`.
        """
        tablet = self._tablet(tablet_token)
        login = self.badges.owner(badge)
        name = login or self.box.mark("badge", badge)
        self.tries.begin(locks.PIN, name, where, known=login is not None)
        if not self.badges.fits(badge, pin) or login is None:
            self.tries.wrong(locks.PIN, name, where, known=login is not None)
            raise NotAllowed(
                "badge and PIN do not belong together",
                rule="sign-in on a shared tablet: your badge, and a PIN that only you know",
                remedy="try again, or sign in with your password",
            )
        roles = self._roles_by_badge(login, tablet)
        if not roles:
            self.log.write("refused", login, where, how="badge", why="role or site", tablet=tablet.name)
            raise NotAllowed(
                "you may not sign in by badge here",
                rule=f"sign-in.json: badges of {tablet.site} are for the roles it names",
                remedy="sign in with your password",
            )
        self.tries.right(locks.PIN, login, where)
        return login, roles

    def _tablet(self, token: str) -> Tablet:
        found = self.badges.tablet(token)
        if found is None or self.settings.badge is None:
            raise not_here("sign-in by badge")
        return found

    # --- what a session still needs ----------------------------------------------------------------------------------

    def give_code(self, token: str, code: str, where: Where = NOWHERE) -> str:
        """Give the second factor by a code; a new token, the old one ends.

        Raises:
            NotAllowed: wrong, or used before; counted, and locks.
        """
        session = self._waiting(token, CODE)
        self.tries.begin(locks.SECOND_FACTOR, session.login, where)
        if not self.totp.check(session.login, code):
            self.tries.wrong(locks.SECOND_FACTOR, session.login, where)
            raise NotAllowed(
                "this code is not right",
                rule="six digits from your app; each is good once, for about a minute",
                remedy="wait for the next code and type that; the phone's clock must be right",
            )
        self.tries.right(locks.SECOND_FACTOR, session.login, where)
        return self.step_done(token, CODE, where, "totp")

    def give_key(self, token: str, answer: dict[str, Any], where: Where = NOWHERE) -> str:
        """Give the second factor by a security key; a new token, the old one ends."""
        session = self._waiting(token, CODE)
        self.tries.begin(locks.SECOND_FACTOR, session.login, where)
        if not self.keys.check(session, answer):
            self.tries.wrong(locks.SECOND_FACTOR, session.login, where)
            raise NotAllowed(
                "this security key's answer is not right",
                rule="WebAuthn: a key registered for you answers the challenge of this session",
                remedy="use the key that you registered",
            )
        self.tries.right(locks.SECOND_FACTOR, session.login, where)
        return self.step_done(token, CODE, where, "security key")

    def ask_key(self, token: str) -> dict[str, Any]:
        """What a browser needs to let a security key answer."""
        return self.keys.ask(self._waiting(token, CODE))

    def _waiting(self, token: str, need: str) -> Session:
        session = self.sessions.find(token)
        if need not in session.needs or session.needs[0] != need:
            raise NotAllowed(
                "this is not what your sign-in waits for",
                rule="the steps of signing in have an order",
                remedy="go on with what is asked for, or sign in again",
            )
        return session

    def step_done(self, token: str, done: str, where: Where = NOWHERE, how: str = "") -> str:
        """A new session's token, which needs `done` no more; the old token ends: who saw it has nothing."""
        session = self.sessions.find(token)
        needs = tuple(each for each in session.needs if each != done)
        if self.sessions.close(token) is None:
            raise NotSignedIn("you are not signed in", rule="a token is good once", remedy="sign in again")
        proofs = (*session.how, how) if how else session.how
        if session.needs:
            self.log.write("step" if needs else "signed in", session.login, where, how=", ".join(proofs))
        return self.sessions.open(session.login, proofs, needs, where)

    # --- sessions ----------------------------------------------------------------------------------------------------

    def present(self, token: str) -> Session:
        """The session behind a token, finished or not, of somebody who may still act here.

        Raises:
            NotSignedIn: no session, it has expired, or its person has left; then all of theirs end.
        """
        found = self.sessions.find(token)
        try:
            self._person(found.login)
        except NotAllowed as cause:
            raise self._ended(found.login) from cause
        return found

    def _ended(self, login: str) -> NotSignedIn:
        self.sessions.end(login)
        return NotSignedIn(
            "you may not act here any more",
            rule="only registered, active people act; their sessions end with that",
            remedy="ask the user administrator",
        )

    def session(self, token: str, *, use: bool = True) -> Session:
        """The finished session behind a token. use: see `Sessions.find`.

        Raises:
            NotSignedIn: no session, or it has expired. Unfinished: something is still needed.
        """
        found = self.sessions.find(token, use=use)
        if found.needs:
            raise Unfinished(found.needs)
        return found

    def who(self, token: str) -> str:
        """The sign-in name behind a token, as `session` finds it."""
        return self.session(token).login

    def actor(self, token: str, actor_of: Callable[[str], Actor] | None = None, *, use: bool = True) -> Actor:
        """The person behind a token, with the roles of this session: fewer on a shared tablet, where nobody signs.

        actor_of: who a name is on the record, where this desk was not given one. use: see `Sessions.find`.
        """
        session = self.session(token, use=use)
        look = self._actor_of or actor_of
        if look is None:
            raise not_here("a record of people")
        try:
            found = look(session.login)
        except NotAllowed as cause:
            raise self._ended(session.login) from cause
        if not session.by_badge:
            return found
        tablet = next((each for each in self.badges.tablets() if each.id == session.device), None)
        if tablet is None:
            self.sessions.close(token)
            raise NotSignedIn("this tablet is not enrolled any more", rule="enrolled tablets only", remedy="ask IT")
        roles = self._roles_by_badge(session.login, tablet)
        return Actor(found.id, found.printed_name, roles, found.sites, signs=False)

    def close(self, token: str, where: Where = NOWHERE) -> None:
        """End a session; nothing happens where there is none."""
        found = self.sessions.close(token)
        if found:
            self.log.write("signed out", found.login, where)

    # --- passwords ---------------------------------------------------------------------------------------------------

    def set_password(self, login: str, password: str) -> None:
        """Set a person's sign-in password; open sessions end, and a lock of it is lifted."""
        self.passwords.put(login, password)
        self.locks.right(locks.PASSWORD, login)
        self.sessions.end(login)

    def set_temporary(self, login: str, by: str, where: Where = NOWHERE) -> tuple[str, datetime]:
        """Give a person a temporary sign-in password, and until when it is good. It opens one thing: `/me/passwords`.

        Open sessions end; locks of passwords are lifted, and a second factor stays.
        """
        password, until = make_temporary(), self._clock() + timedelta(days=self.settings.temporary_days)
        self.passwords.put(login, password, until)
        for what in (locks.PASSWORD, locks.SIGNING):
            self.locks.right(what, login)
        self.sessions.end(login)
        self.log.write("temporary password", login, where, by=by)
        return password, until

    def prove_again(self, token: str, password: str | None, where: Where = NOWHERE) -> Session:
        """The session, if its owner gives the sign-in password again; without a password, if it has just begun.

        Asked before passwords, factors and badges are changed, and before sessions are ended.

        Raises:
            NotAllowed: wrong password (counted), or none and the session is older than ten minutes, or by badge.
        """
        session = self.sessions.find(token)
        if session.by_badge:
            raise not_here("this, on a shared tablet,")
        if not self.passwords.known(session.login):
            if self._clock() - datetime.fromisoformat(session.opened) <= FRESH:
                return session
            raise NotAllowed(
                "sign in again first",
                rule=f"without a password, this is done within {FRESH.seconds // 60} minutes of signing in",
                remedy="sign out, sign in through your organisation, and come back here",
            )
        self.tries.begin(locks.PASSWORD, session.login, where)
        if self.passwords.look(session.login, password or "") is None:
            self.tries.wrong(locks.PASSWORD, session.login, where)
            raise NotAllowed(
                "this is not your sign-in password",
                rule="passwords, factors, badges and sessions are changed with the sign-in password given again",
                remedy="type it again",
            )
        self.tries.right(locks.PASSWORD, session.login, where)
        return session

    # --- parts -------------------------------------------------------------------------------------------------------

    def has_second_factor(self, login: str) -> bool:
        """Whether this person has an app or a security key."""
        return self.totp.enrolled(login) or self.keys.enrolled(login)

    def needs_second_factor(self, login: str) -> bool:
        """Whether this person's role or site asks for a second factor."""
        if self._actor_of is None:
            return False
        actor = self._actor_of(login)
        return self.settings.second_factor.asks(actor.roles, actor.sites)

    def badge_is_for(self, login: str) -> bool:
        """Whether one of this person's roles may sign in by badge at one of their sites."""
        if self.settings.badge is None or self._actor_of is None:
            return False
        actor = self._actor_of(login)
        return any(
            actor.may_see(site) and actor.roles & set(roles) for site, roles in self.settings.badge.sites.items()
        )

    def _enter(self, login: str, how: tuple[str, ...], where: Where, *, own: bool = False) -> str:
        self._person(login)
        needs = []
        if "oidc second factor" not in how:
            if self.has_second_factor(login):
                needs.append(CODE)
            elif self.needs_second_factor(login):
                needs.append(ENROL)
        if own:
            needs.append(PASSWORDS)
        self.log.write("step" if needs else "signed in", login, where, how=", ".join(how))
        return self.sessions.open(login, how, tuple(needs), where)

    def _person(self, login: str) -> None:
        if self._actor_of is not None:
            self._actor_of(login)

    def _roles_by_badge(self, login: str, tablet: Tablet) -> frozenset[str]:
        if self._actor_of is None:
            return frozenset()
        return roles_by_badge(self.settings.badge, tablet, self._actor_of(login))

    def _oidc_secret(self) -> str:
        return os.environ.get(SECRET_VARIABLE) or oidc.kept_secret(self.box)
