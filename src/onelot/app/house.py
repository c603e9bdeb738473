"""The house, assembled: journal, vault, keys, loop, and the outside world it speaks to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from onelot import __version__
from onelot.adapters.keys import FOR_PEOPLE, FOR_SIMULATION, PersonKeys, SiteKeys
from onelot.adapters.safe import MemorySafe, Safe
from onelot.adapters.stamping import from_environment
from onelot.adapters.vault import Entropy, Vault
from onelot.app import authority, sealing
from onelot.app.commands.decide import MarkForReview
from onelot.app.commands.masters import EnrolKey, EnrolOwnKey
from onelot.app.context import SYSTEM, Actor, mode_of
from onelot.app.entropy import from_system
from onelot.app.lease import Leases
from onelot.app.loop import Loop
from onelot.app.rules import MARK_REVIEWS
from onelot.record.errors import Broken, NotAllowed
from onelot.record.events.journal import JournalOpened, PersonRegistered, SiteRegistered
from onelot.record.journal import Append, Draft, Effect, Head, Journal, Part, Reading, Seal
from onelot.record.signature import Signed, Signing
from onelot.record.terms.values import Cite

SIMULATION, PRODUCTION = "simulation", "production"
# States in which a tailoring may still be unissued.
UNISSUED = frozenset({"tailored", "scheduled", "collected"})
Doer = Callable[[Effect], None]


def system_clock() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


@dataclass
class House:
    """Everything together. `doers` carry out side effects by kind.

    seals, documents: folders outside the database for seals and for issued documents by digest; looks: the file that
    logs every look at personal data; None in memory. journal: for looking; behind the doors it shows what the person
    asking may see (app/sight.py).
    """

    mode: str
    site: str
    journal: Reading
    vault: Vault
    people_keys: PersonKeys
    site_keys: SiteKeys
    loop: Loop
    seals: Path | None = None
    documents: Path | None = None
    looks: Path | None = None
    safe: Safe | None = None
    doers: dict[str, Doer] = field(default_factory=dict)
    on_close: list[Callable[[], Any]] = field(default_factory=list)
    whole_journal: Journal | None = None
    leases: Leases = field(default_factory=lambda: Leases(MemorySafe()))
    _kept: dict[str, str] = field(default_factory=dict)
    _looked: list[bytes] = field(default_factory=list)

    @property
    def whole(self) -> Journal:
        """The whole journal; for what the house does itself, never for what somebody looks at."""
        if self.whole_journal is None:
            raise NotAllowed(
                "this house has no journal of its own",
                rule="a house is assembled over a whole journal",
                remedy="report this as a defect of onelot",
            )
        return self.whole_journal

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock the loop goes by."""
        return self.loop.clock

    def seal(self) -> tuple[Seal, dict[str, Head]]:
        """Seal the journal as it stands."""
        return sealing.seal(self.whole, self.site_keys, self.clock(), self.seals, from_environment())

    def enrol(self, login: str, password: str, by: Actor, reason: str = "first key") -> str:
        """Make and enrol a signing key for a person under their signing password. Gives the public key."""
        # Before the wrapped key is written: whoever may not enrol must not replace a colleague's key either.
        authority.check("EnrolKey", by)
        self.loop.actor(login)
        number = len(self.whole.read(f"person/{login}"))
        key = self.people_keys.enrol(login, password, str(number))
        self.loop.handle(EnrolKey(login, key, reason), by)
        return key

    def enrol_own(self, login: str, password: str) -> str:
        """Make and enrol one's own signing key, once the administrator has allowed it. Gives the public key."""
        # Before the wrapped key is written: a key that is not enrolled must not replace one that is.
        authority.check("EnrolOwnKey", self.loop.actor(login))
        person = self.loop.reader.person(login)
        if not person.may_enrol:
            raise NotAllowed(
                "nobody has allowed you a signing key",
                rule="21 CFR 11.100(b): the user administrator looks at who you are first",
                remedy="ask the user administrator to let you in",
            )
        # Nobody has been recognised yet where this is asked (app/sight.py): the stream itself cannot be read.
        key = self.people_keys.enrol(login, password, str(person.seq))
        self.loop.handle(EnrolOwnKey(key), self.loop.actor(login))
        return key

    def run_effects(self) -> int:
        """Carry out what was promised in appends and not yet done; how many."""
        done = 0
        for effect in self.whole.effects():
            doer = self.doers.get(effect.kind)
            if doer is None:
                raise NotAllowed(
                    f"nothing here carries out {effect.kind}",
                    rule="every side effect has a doer",
                    remedy="report this as a defect of onelot",
                )
            doer(effect)
            self.whole.effect_done(effect.key)
            done += 1
        return done

    def close(self) -> None:
        """Finish what is queued and let go of the journal."""
        self.whole.close()
        for action in self.on_close:
            action()

    def keep_document(self, effect: Effect) -> None:
        """Keep an issued document under its digest, outside the database; the chain holds the digest."""
        self._keep(effect.data["sha256"], effect.data["text"], "json")

    def keep_seen(self, text: str) -> str:
        """Keep what a signer is about to sign, as shown; its digest goes into the signature. Gives the digest."""
        digest = sha256(text.encode()).hexdigest()
        self._keep(digest, text, "html")
        return digest

    def _keep(self, digest: str, text: str, kind: str) -> None:
        if self.documents is None:
            self._kept[digest] = text
            return
        self.documents.mkdir(parents=True, exist_ok=True, mode=0o755)
        part = self.documents / f"{digest}.part"
        with part.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.documents / f"{digest}.{kind}")

    def document(self, digest: str) -> bytes:
        """An issued document, or what a signer saw, by its digest.

        Raises:
            Broken: it is not there, or not the one whose digest was signed.
        """
        kept = self._kept.get(digest, "").encode()
        folder = self.documents
        for path in [folder / f"{digest}.{kind}" for kind in ("json", "html")] if folder else []:
            if path.exists():
                kept = path.read_bytes()
        if sha256(kept).hexdigest() != digest:
            raise Broken(
                f"document {digest} is missing or was changed",
                rule="issued documents are kept by digest, and the digest is signed",
                remedy="restore the documents folder from the backup, or issue the document again",
            )
        return kept

    def log_look(self, who: str, stream: str, what: str) -> None:
        """Log a look at personal data, durable before the answer is given."""
        self.log_looks([(who, stream, what)])

    def log_looks(self, looks: Sequence[tuple[str, str, str]]) -> None:
        """Log several looks (who, stream, what) at once, durable on return."""
        at = self.clock().isoformat()
        line = b"".join(
            orjson.dumps({"at": at, "who": who, "stream": stream, "what": what}) + b"\n" for who, stream, what in looks
        )
        if self.looks is None:
            self._looked.append(line)
            return
        handle = os.open(self.looks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

    def mark_reviews(self, effect: Effect) -> None:
        """Look at every therapy not yet dosed or ended: a rule or guideline table has a new version."""
        for coi, row in self.journal.rows("therapies").items():
            if row["state"] in UNISSUED:
                self.loop.handle(MarkForReview(coi), SYSTEM)

    def erase(self, effect: Effect) -> None:
        """Destroy a health key and the values under it, as an order on the record says."""
        patient = effect.data["patient"]
        self.vault.erase_health(patient)
        self.whole.erase_payloads(patient)


def assemble(
    *,
    journal: Journal,
    safe: Safe,
    site_keys: SiteKeys,
    site: str,
    clock: Callable[[], datetime] = system_clock,
    entropy: Entropy = from_system,
    seals: Path | None = None,
    documents: Path | None = None,
    looks: Path | None = None,
) -> House:
    """Put a house together over a journal whose first event is there."""
    mode = mode_of(journal)
    simulated = clock is not system_clock or entropy is not from_system
    if mode == PRODUCTION and simulated:
        raise NotAllowed(
            "a production journal refuses seeded keys and made-up clocks",
            rule="simulation is never mistaken for production",
            remedy="open a journal of a simulation, or use the system's clock and randomness",
        )
    vault = Vault(safe, site_keys.vault, entropy)
    people = PersonKeys(safe, entropy, FOR_SIMULATION if mode == SIMULATION else FOR_PEOPLE)
    loop = Loop(journal, vault, people, site_signing(site_keys, site), clock, entropy)
    loop.asks_presence = mode == PRODUCTION
    house = House(mode, site, journal, vault, people, site_keys, loop, seals, documents, looks, safe)
    house.whole_journal, house.leases = journal, Leases(safe)
    house.doers["erase_health"] = house.erase
    house.doers[MARK_REVIEWS] = house.mark_reviews
    house.doers["keep_document"] = house.keep_document
    return house


def site_signing(keys: SiteKeys, site: str) -> Signing:
    """The signature made in the site's name."""
    return Signing(Signed(f"site/{site}", site, "signed in the name of the site", keys.public), keys.signing.sign)


def open_journal(
    journal: Journal, *, mode: str, site: str, site_keys: SiteKeys, now: datetime, administrator: str, printed_name: str
) -> Cite:
    """Write a journal's first words: its mode, the site and its key, and the first user administrator."""
    (opened, *_) = journal.append(
        Append(
            (
                Part("journal", 0, (Draft(JournalOpened(mode, site, __version__), now, SYSTEM.id),)),
                Part(
                    f"site/{site}", 0, (Draft(SiteRegistered(site, "manufacturing", site_keys.public), now, SYSTEM.id),)
                ),
                Part(
                    f"person/{administrator}",
                    0,
                    (
                        Draft(
                            PersonRegistered(administrator, printed_name, ("user_administrator",), ("*",)),
                            now,
                            SYSTEM.id,
                        ),
                    ),
                ),
            )
        )
    )
    return opened.cite
