"""What people do with their own sign-in, and what the administrator does for them; pages and API both call this.

The administrator lets people in with a temporary password and knows neither of the two they choose then; takes lost
factors away; ends sessions; enrols tablets. Who changes anything of their own gives the sign-in password again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from onelot.app import authority
from onelot.app.commands.masters import AllowEnrolment
from onelot.app.context import ANYWHERE, Actor
from onelot.app.house import House
from onelot.app.sign_in import locks
from onelot.app.sign_in.badges import Tablet
from onelot.app.sign_in.desk import SignIn
from onelot.app.sign_in.guessable import Breached
from onelot.app.sign_in.passwords import alike, check_own
from onelot.app.sign_in.security_log import NOWHERE, Where
from onelot.app.sign_in.sessions import ENROL, PASSWORDS, Session, Unfinished
from onelot.app.sign_in.totp import Offered
from onelot.record.errors import NotAllowed

ADMINISTRATORS = frozenset({"user_administrator"})
TABLET_ENROLLERS = frozenset({"user_administrator", "it"})


@dataclass(frozen=True)
class Account:
    """The house and its desk, together."""

    house: House
    desk: SignIn

    # --- one's own -------------------------------------------------------------------------------------------------

    def choose_passwords(
        self,
        token: str,
        current: str,
        *,
        sign_in: str = "",
        signing: str = "",
        signing_now: str = "",
        where: Where = NOWHERE,
    ) -> str:
        """Change the sign-in password, the signing password, or both; a new token, every other session ends.

        After a temporary password the first must be chosen; where the administrator has allowed a new key, the
        second. A signing password that is changed later wraps the same key anew, and needs the one before.

        Args:
            current: the sign-in password now, a temporary one too. signing_now: the signing password now.

        Raises:
            NotAllowed: a wrong password (counted), one that is too easy, or both the same.
        """
        half = self._at(token, PASSWORDS)
        login = half.login
        person = self.house.loop.reader.person(login)
        first, fresh_key = PASSWORDS in half.needs, bool(person.may_enrol)
        self._check_wish(sign_in, signing, first=first, fresh_key=fresh_key)
        for wanted in (sign_in, signing):
            if wanted:
                check_own(login, person.printed_name, wanted, (self.house.site, *self.desk.settings.guessable_words))
                self._check_breached(wanted)
        # Asked last: a new password that is refused costs no try.
        self.desk.prove_again(token, current, where)
        # A temporary password is good in either case and with any separators, and the administrator knows it.
        if signing and (alike(signing, sign_in) or alike(signing, current)):
            raise _same("the signing password is your sign-in password")
        if sign_in and alike(sign_in, current):
            raise _same("this is the password you have")
        if sign_in and not signing and person.key and self._opens(login, sign_in):
            raise _same("this is your signing password")
        if fresh_key and signing:
            self.house.enrol_own(login, signing)
            self.desk.locks.right(locks.SIGNING, login)
        elif signing:
            with self.desk.tries.signing(login, where) as tried:
                self.house.people_keys.rewrap(login, signing_now, signing)
                tried.right = True
        changed = [name for name, wish in (("sign-in", sign_in), ("signing", signing)) if wish]
        if sign_in:
            self.desk.passwords.put(login, sign_in)
        self.desk.log.write("password changed", login, where, which=", ".join(changed))
        found = self.desk.step_done(token, PASSWORDS, where)
        kept = self.desk.sessions.find(found).id
        self.desk.sessions.end(login, lambda each: each.id != kept)
        return found

    def _check_wish(self, sign_in: str, signing: str, *, first: bool, fresh_key: bool) -> None:
        missing = (first and not sign_in) or (fresh_key and not signing) or not (sign_in or signing)
        if missing:
            raise NotAllowed(
                "a new password is missing",
                rule="after a temporary password you choose your own, for signing in and for signing",
                remedy="fill in both",
            )

    def _check_breached(self, wanted: str) -> None:
        listed = self.desk.settings.breached_passwords
        if listed:
            Breached(Path(listed)).check(wanted)

    def _opens(self, login: str, password: str) -> bool:
        try:
            self.house.people_keys.open(login, password)
        except NotAllowed:
            return False
        return True

    def offer_app(self, token: str, password: str | None, where: Where = NOWHERE) -> Offered:
        """A secret for an app that makes codes, with its QR code."""
        session = self._proven(token, password, where)
        return self.desk.totp.offer(session.login, f"onelot {self.house.site}")

    def confirm_app(self, token: str, code: str, where: Where = NOWHERE) -> str:
        """Take the app into use with a code it made; a new token."""
        session = self._at(token, ENROL)
        self.desk.tries.begin(locks.SECOND_FACTOR, session.login, where)
        try:
            self.desk.totp.confirm(session.login, code)
        except NotAllowed:
            self.desk.tries.wrong(locks.SECOND_FACTOR, session.login, where)
            raise
        self.desk.tries.right(locks.SECOND_FACTOR, session.login, where)
        self.desk.log.write("factor enrolled", session.login, where, factor="app")
        return self.desk.step_done(token, ENROL, where, "totp")

    def offer_key(self, token: str, password: str | None, where: Where = NOWHERE) -> dict[str, Any]:
        """What a browser needs to register a security key."""
        session = self._proven(token, password, where)
        return self.desk.keys.offer(session, self.house.loop.reader.person(session.login).printed_name)

    def add_key(self, token: str, answer: dict[str, Any], name: str, where: Where = NOWHERE) -> str:
        """Register the security key that answered; a new token."""
        session = self._at(token, ENROL)
        self.desk.keys.add(session, answer, name)
        self.desk.log.write("factor enrolled", session.login, where, factor="security key")
        return self.desk.step_done(token, ENROL, where, "security key")

    def remove_factor(self, token: str, password: str | None, factor: str, where: Where = NOWHERE) -> None:
        """Give up a factor of one's own: `app`, or a security key's id. The last one stays where the role needs one."""
        session = self._proven(token, password, where)
        login = session.login
        keys = [each["id"] for each in self.desk.keys.of(login)]
        held = [*keys, *(["app"] if self.desk.totp.enrolled(login) else [])]
        if factor not in held:
            raise NotAllowed("you have no such factor", rule="your own factors only", remedy="look at the list again")
        if held == [factor] and self.desk.needs_second_factor(login):
            raise NotAllowed(
                "this is your last second factor",
                rule="sign-in.json: your role or site asks for a second factor",
                remedy="enrol another one first",
            )
        self.desk.totp.remove(login) if factor == "app" else self.desk.keys.remove(login, factor)
        self.desk.log.write("factor removed", login, where, factor="app" if factor == "app" else "security key")

    def take_badge(self, token: str, password: str | None, badge: str, pin: str, where: Where = NOWHERE) -> None:
        """Enrol one's own badge with a PIN nobody else knows; it replaces the one before."""
        session = self._proven(token, password, where)
        if not self.desk.badge_is_for(session.login):
            raise NotAllowed(
                "badges are not for your role here",
                rule="sign-in.json: badge.sites names the roles that may sign in by badge",
                remedy="sign in with your password",
            )
        self.desk.badges.enrol(session.login, badge, pin)
        self.desk.locks.right(locks.PIN, session.login)
        self.desk.log.write("badge enrolled", session.login, where)

    def give_badge_back(self, token: str, where: Where = NOWHERE) -> None:
        """Forget one's own badge."""
        session = self.desk.session(token)
        if self.desk.badges.remove(session.login):
            self.desk.sessions.end(session.login, lambda each: each.by_badge)
            self.desk.log.write("badge removed", session.login, where)

    def end_session(self, token: str, password: str | None, id_: str, where: Where = NOWHERE) -> int:
        """End one of one's own sessions by its id, or with "" all of them, this one too; how many.

        The password is asked for again: who finds a session open must not shut its owner out elsewhere. Signing out
        of the session at hand needs none.
        """
        self.desk.session(token)
        session = self.desk.prove_again(token, password, where)
        ended = self.desk.sessions.end(session.login, lambda each: id_ in ("", each.id))
        self.desk.log.write("sessions ended", session.login, where, count=str(ended))
        return ended

    # --- for others ------------------------------------------------------------------------------------------------

    def let_in(
        self, login: str, by: Actor, reason: str, *, new_key: bool = True, where: Where = NOWHERE
    ) -> tuple[str, datetime]:
        """A temporary sign-in password for somebody who was looked at, and until when; told once, kept nowhere.

        new_key: they choose a signing password too, and make a key, unless their roles only read. What was signed
        with an older key stays signed.
        """
        authority.check("AllowEnrolment", by)
        self._somebody_else(login, by)
        self._of_own_sites(login, by)
        actor = self.house.loop.actor(login)
        if new_key and authority.roles_for("EnrolOwnKey") & actor.roles:
            self.house.loop.handle(AllowEnrolment(login, reason), by)
        return self.desk.set_temporary(login, by.id, where)

    def recover(self, login: str, by: Actor, reason: str, where: Where = NOWHERE) -> dict[str, int]:
        """Take somebody's lost factors away: app, keys, badge, and the tie to the identity provider; sessions end."""
        _only(by, ADMINISTRATORS, "recovery is done by the user administrator only")
        self._somebody_else(login, by)
        self._of_own_sites(login, by)
        if not reason.strip():
            raise NotAllowed("a recovery needs its reason", rule="it is logged", remedy="say what was lost")
        done = {
            "app": int(self.desk.totp.remove(login)),
            "security_keys": self.desk.keys.remove(login),
            "badge": int(self.desk.badges.remove(login)),
            "identity_provider": int(self.desk.oidc.forget(login)) if self.desk.oidc else 0,
        }
        for what in (locks.SECOND_FACTOR, locks.PIN):
            self.desk.locks.right(what, login)
        self.desk.sessions.end(login)
        self.desk.log.write("factors removed", login, where, by=by.id, reason=reason[:200])
        return done

    def end_sessions_of(self, login: str, by: Actor, where: Where = NOWHERE) -> int:
        """End all of somebody's sessions; how many."""
        _only(by, ADMINISTRATORS, "somebody else's sessions are ended by the user administrator")
        self._of_own_sites(login, by)
        ended = self.desk.sessions.end(login)
        self.desk.log.write("sessions ended", login, where, by=by.id, count=str(ended))
        return ended

    def add_tablet(self, name: str, site: str, by: Actor, where: Where = NOWHERE) -> tuple[str, Tablet]:
        """Enrol the tablet at hand for a site; its token is for this tablet alone."""
        _only(by, TABLET_ENROLLERS, "tablets are enrolled by the user administrator or IT")
        badge = self.desk.settings.badge
        if badge is None or site not in badge.sites or not by.may_see(site):
            raise NotAllowed(
                f"{site} has no sign-in by badge",
                rule="sign-in.json: badge.sites",
                remedy="choose a site that allows it",
            )
        token, tablet = self.desk.badges.add_tablet(name.strip()[:60] or "tablet", site, by.id)
        self.desk.log.write("tablet enrolled", by.id.removeprefix("person/"), where, tablet=tablet.name, site=site)
        return token, tablet

    def tablets(self, by: Actor) -> list[Tablet]:
        """The enrolled tablets of the sites this person sees."""
        _only(by, TABLET_ENROLLERS, "the list of tablets is for the user administrator and IT")
        return [each for each in self.desk.badges.tablets() if by.may_see(each.site)]

    def remove_tablet(self, id_: str, by: Actor, where: Where = NOWHERE) -> int:
        """Take a tablet out; its sessions end; how many."""
        _only(by, TABLET_ENROLLERS, "tablets are taken out by the user administrator or IT")
        here = {each.id for each in self.desk.badges.tablets() if by.may_see(each.site)}
        if id_ not in here or not self.desk.badges.remove_tablet(id_):
            raise NotAllowed("there is no such tablet", rule="enrolled tablets", remedy="look at the list again")
        self.desk.log.write("tablet removed", by.id.removeprefix("person/"), where, tablet=id_)
        return self.desk.sessions.end_device(id_)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _at(self, token: str, step: str) -> Session:
        """The session, finished or waiting for this step."""
        session = self.desk.sessions.find(token)
        if session.needs and session.needs[0] != step:
            raise Unfinished(session.needs)
        return session

    def _proven(self, token: str, password: str | None, where: Where) -> Session:
        session = self._at(token, ENROL)
        if session.needs:
            return session  # the password was given a moment ago
        return self.desk.prove_again(token, password, where)

    def _of_own_sites(self, login: str, by: Actor) -> None:
        if ANYWHERE not in by.sites and self.house.loop.reader.person(login).sites - by.sites:
            raise NotAllowed(
                f"{login} works at a site that is not yours",
                rule="a user administrator lets people in at their own sites",
                remedy="ask an administrator of that site, or of all",
            )

    def _somebody_else(self, login: str, by: Actor) -> None:
        if by.id == f"person/{login}":
            raise NotAllowed(
                "you cannot do this for yourself",
                rule="nobody approves their own work",
                remedy="ask another user administrator",
            )


def _only(by: Actor, roles: frozenset[str], rule: str) -> None:
    if not by.roles & roles or not by.signs:
        raise NotAllowed("this is not for your role", rule=rule, remedy="ask somebody with that role")


def _same(what: str) -> NotAllowed:
    return NotAllowed(
        what,
        rule="two passwords: whoever sees the one must not be able to sign",
        remedy="choose another",
    )
