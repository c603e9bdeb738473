"""The loop: the only writer.

Read, fold, call a room with `now` and ids from outside, check authority, life table and signature, append with the
versions read and the claims, and only then speak to the world; its answer is another event.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from onelot.adapters.keys import PersonKeys
from onelot.adapters.vault import Entropy, Vault
from onelot.app import admission, authority
from onelot.app.commands import Command, handler_of
from onelot.app.context import ORDERED, Actor, Context, Planned, Reader, Shown
from onelot.app.once import answered_before, mark_of, note_of
from onelot.app.presence import Proof, missing
from onelot.record.errors import Conflict, NotAllowed, OnelotError
from onelot.record.journal import Append, Draft, Entry, Journal, Part, TakeName
from onelot.record.life import advance
from onelot.record.signature import Signed, Signing
from onelot.record.subjects import Person, fold_person

TRIES = 4


@dataclass(frozen=True)
class Done:
    """What a command led to: the events appended, and what the caller may want to know.

    again: the same request was carried out before; nothing was done now, and no password or proof was looked at.
    """

    entries: tuple[Entry, ...]
    answer: dict[str, Any]
    again: bool = False


class Loop:
    """Handles commands, one at a time per call; any thread or process may call it."""

    def __init__(
        self,
        journal: Journal,
        vault: Vault,
        keys: PersonKeys,
        site: Signing,
        clock: Callable[[], datetime],
        entropy: Entropy,
    ) -> None:
        self._journal, self.vault, self.keys, self.site = journal, vault, keys, site
        self.clock, self.entropy = clock, entropy
        # Whether a second person must prove to be there; a proof that is given is checked in any case.
        self.asks_presence = False
        self._reader = Reader(journal)
        # What others look through; commands always read the whole record.
        self.reader = self._reader

    def looking_through(self, reader: Reader) -> Loop:
        """The same loop, given to somebody who looks at records through another reader."""
        other = copy(self)
        other.reader = reader
        return other

    def actor(self, login: str) -> Actor:
        """The person as an actor, from their record."""
        person = fold_person(self._journal.read(f"person/{login}"))
        if person.state != "active":
            raise NotAllowed(
                f"{login} may not act here",
                rule="only registered, active people act",
                remedy="ask the user administrator",
            )
        return Actor(f"person/{login}", person.printed_name, person.roles, person.sites)

    def handle(
        self,
        command: Command,
        actor: Actor,
        password: str | None = None,
        once: str = "",
        shown: Shown | None = None,
        proof: Proof | None = None,
    ) -> Done:
        """Carry out one command.

        Args:
            command: what to do. actor: who asks. password: the signing password, for a command that is signed.
            once: a name taken with the append, so that the same request sent twice is carried out once, and answered
                the same again.
            shown: what the signer was shown; its digest, or its commitment where it is sealed, goes into the signature.
            proof: asked for how the second person named in `verified_by` proved to be there.

        Raises:
            OnelotError: what was refused, by which rule, and what to do now. What the handler marked as worth keeping
            (a mismatch, its deviation) is on the record nevertheless.
        """
        authority.check(type(command).__name__, actor)
        if actor.id.startswith("person/"):
            # A session may be older than a change of roles, or than the person's leaving: asked again of the record.
            found = self.actor(actor.id.removeprefix("person/"))
            actor = found if actor.signs else replace(found, roles=found.roles & actor.roles, signs=False)
            authority.check(type(command).__name__, actor)
        admission.check_fields(command, self.clock())
        name, mark = f"once/{once}" if once else "", mark_of(self.vault, command) if once else ""
        # Before a proof of presence is asked for again: it was good for one time.
        if once and (before := answered_before(self._journal, name, mark)):
            return Done(*before, again=True)
        how = self._check_verifier(command, actor, proof)
        signing = self._signing(command, actor, password)
        for attempt in range(TRIES):
            if once and attempt and (before := answered_before(self._journal, name, mark)):
                return Done(*before, again=True)
            context = Context(self._reader, self.vault, actor, self.clock(), self.entropy)
            who = getattr(command, "verified_by", "")
            try:
                handler_of(type(command))(context, command)
                context.planned = [_verified(each, who, how) for each in context.planned]
                entries = self._append(context, _seen(signing, shown, context), name, mark)
            except Conflict:
                if attempt == TRIES - 1:
                    raise
                continue
            except OnelotError:
                # The same request, sent at the same time, may have been carried out just now.
                if once and (before := answered_before(self._journal, name, mark)):
                    return Done(*before, again=True)
                raise
            if context.refusal:
                raise context.refusal
            return Done(tuple(entries), context.answer)
        raise AssertionError

    def repeated(self, command: Command, actor: Actor, once: str) -> Done | None:
        """What this same request led to before, if it was carried out; nothing is carried out here.

        Raises:
            Conflict: another request was sent under this name. OnelotError: what it was refused with, on the record.
            BadInput: a field that cannot be read, and so was never carried out.
        """
        admission.check_fields(command, self.clock())
        before = answered_before(self._journal, f"once/{once}", mark_of(self.vault, command))
        return Done(*before, again=True) if before else None

    def _check_verifier(self, command: Command, actor: Actor, proof: Proof | None) -> str:
        """How the second person proved to be there; "" where none is named, or a simulation asks for no proof."""
        name = getattr(command, "verified_by", "")
        if not name:
            return ""  # Steps that need a second person refuse an empty name themselves.
        verifier = fold_person(self._journal.read(name)) if name.startswith("person/") else Person()
        admission.check_verifier(type(command).__name__, actor, name, verifier)
        if proof is None and self.asks_presence:
            raise missing(name)
        return proof(name) if proof else ""

    def _signing(self, command: Command, actor: Actor, password: str | None) -> Signing | None:
        if not command.meaning:
            return None
        if password is None or not actor.id.startswith("person/"):
            raise NotAllowed(
                f"this needs your signature: {command.meaning}",
                rule="21 CFR 11.200(a): sign-in name and signing password at each signing",
                remedy="sign with your signing password",
            )
        if not actor.signs:
            raise NotAllowed(
                "nobody signs on a shared tablet",
                rule="a session opened by badge and PIN never signs",
                remedy="sign in with your sign-in password, and sign there",
            )
        login = actor.id.removeprefix("person/")
        key, sign = self.keys.open(login, password)
        if fold_person(self._journal.read(actor.id)).key != key:
            raise NotAllowed(
                "this key is not the one enrolled for you",
                rule="21 CFR 11.100: a signature is unique to one person; enrolment is signed by the site",
                remedy="ask the user administrator to enrol your key",
            )
        return Signing(Signed(actor.id, actor.printed_name, command.meaning, key), sign)

    def _append(self, context: Context, signing: Signing | None, name: str, mark: str) -> list[Entry]:
        if not context.planned:
            return []
        signings = {"": None, "person": signing, "site": self.site}
        by_stream: dict[str, list[Planned]] = {}
        for planned in context.planned:
            by_stream.setdefault(planned.stream, []).append(planned)
        parts = []
        for stream, found in by_stream.items():
            self._check_life(stream, found)
            self._check_clock(stream, context)
            drafts = tuple(Draft(each.event, context.now, context.actor.id, signings[each.signer]) for each in found)
            parts.append(Part(stream, context.versions.get(stream, self._seq(stream)), drafts))
        if signing and not any(each.signer == "person" for each in context.planned) and not context.refusal:
            raise NotAllowed(
                "nothing was signed",
                rule="a signed command signs an event",
                remedy="report this as a defect of onelot",
            )
        if name:
            context.claim(TakeName(name, note_of(mark, parts, context.answer, context.refusal)))
        return self._journal.append(
            Append(tuple(parts), tuple(context.claims), tuple(context.payloads), tuple(context.effects))
        )

    def _check_clock(self, stream: str, context: Context) -> None:
        seq = context.versions.get(stream, self._seq(stream))
        last = self._journal.read(stream, seq - 1)[:1] if seq else []
        if last and last[0].at > context.now:
            # A Conflict is tried again with the clock read anew: writers on one stream may differ by a moment.
            raise Conflict(
                f"the clock reads {context.now.isoformat()}, before the last event of {stream}",
                rule="time only goes on: an event is never older than the one before it",
                remedy="set the server's clock, then try again",
                place=f"{stream}#{seq}",
            )

    def _seq(self, stream: str) -> int:
        head = self._journal.heads(stream).get(stream)
        return head.seq if head else 0

    def _check_life(self, stream: str, planned: list[Planned]) -> None:
        subject = stream.split("/", 1)[0]
        state = self._state(subject, stream)
        for each in planned:
            if subject not in each.event.subjects:
                raise NotAllowed(
                    f"{type(each.event).__name__} does not belong in {stream}",
                    rule="streams are keyed by subject",
                    remedy="report this as a defect of onelot",
                )
            state = advance(subject, state, type(each.event).__name__)

    def _state(self, subject: str, stream: str) -> str:
        name = stream.split("/", 1)[1] if "/" in stream else stream
        match subject:
            case "therapy":
                return self._reader.therapy(name).state
            case "batch":
                return self._reader.batch(name).state
        state = "new"
        for entry in self._journal.read(stream):
            state = advance(subject, state, entry.envelope["type"])
        return state


def _verified(planned: Planned, person: str, how: str) -> Planned:
    """The event with how its second person proved to be there, where it names this one."""
    event: Any = planned.event
    if not how or getattr(event, "verified_by", "") != person or not hasattr(event, "verified_how"):
        return planned
    return replace(planned, event=replace(event, verified_how=how))


def _seen(signing: Signing | None, shown: Shown | None, context: Context) -> Signing | None:
    """The signature with what its signer saw; what holds a patient's values is sealed, and goes with the append."""
    if signing is None or shown is None:
        return signing
    if shown.patient:
        label = f"seen/{signing.signed.signer}/{context.now.isoformat()}"
        patient = context.answer["patient"] if shown.patient == ORDERED else shown.patient
        seen = context.seal(patient, shown.text, label).commitment
    else:
        seen = sha256(shown.text.encode()).hexdigest()
    return replace(signing, signed=replace(signing.signed, seen=seen))
