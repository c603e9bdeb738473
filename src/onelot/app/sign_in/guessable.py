"""Whether somebody would guess a password: by what people choose, by the site's own words, and by the site's list.

The estimate is zxcvbn's (D. L. Wheeler, USENIX Security 2016): it knows 30,000 passwords out of breaches, names, words,
keyboards, dates, and repeats, and says how many guesses it takes. Nothing is asked of a network: plants are air-gapped.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from pathlib import Path

from onelot.record.errors import BadInput, NotAllowed, Unreachable

# zxcvbn's own line above which it calls a password very hard to guess, offline too.
FEWEST_GUESSES = 10**10
# It looks at no more than this; what follows can only make a password harder.
_LOOKED_AT = 72
# Nobody's password is made of these alone.
OUR_WORDS = ("onelot",)


def check_guessable(password: str, words: Iterable[str]) -> None:
    """Refuse a password that is guessed within ten thousand million tries by who knows these words.

    words: names of the person, the site, the product, the organisation.
    """
    # Its lists take a tenth of a second to load; every command would wait for what few of them need.
    import zxcvbn

    known = [each.casefold() for each in (*OUR_WORDS, *words) if each]
    found = zxcvbn.zxcvbn(password[:_LOOKED_AT], user_inputs=known)
    if found["guesses"] < FEWEST_GUESSES:
        raise NotAllowed(
            "this password would be guessed",
            rule="no password that many people choose, or of the house's own words; no rule on its signs",
            remedy="choose another, e.g. four words that have nothing to do with each other",
        )


class Breached:
    """Passwords out of breaches, in a file the site brings: SHA-1 in hex, one a line, sorted, `:` and more after it.

    That is the form of Have I Been Pwned's download, ordered by hash. It is searched in place, not read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, password: str) -> None:
        """Refuse a password in the file.

        Raises:
            NotAllowed: it is there. Unreachable: the file cannot be read; then nobody chooses a password.
        """
        if self._holds(sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()):
            raise NotAllowed(
                "this password is known from a breach",
                rule="sign-in.json: breached_passwords",
                remedy="choose another; and change it wherever else you use it",
            )

    def _holds(self, wanted: bytes) -> bool:
        try:
            with self._path.open("rb") as file:
                low, high = 0, self._path.stat().st_size
                while low < high:
                    middle = (low + high) // 2
                    # The line that begins after the middle, or the first one.
                    file.seek(max(middle - 1, 0))
                    if middle:
                        file.readline()
                    start = file.tell()
                    line = file.readline(200)
                    if not line or start >= high:
                        high = middle
                        continue
                    found = line.strip()[:40].upper()
                    if found == wanted:
                        return True
                    if found < wanted:
                        low = start + len(line)
                    else:
                        high = middle
        except OSError as cause:
            raise Unreachable(
                "the list of breached passwords cannot be read",
                rule="sign-in.json: breached_passwords",
                remedy="ask IT to bring the file back, or to take the line out",
                place=str(self._path),
            ) from cause
        return False


def check_list(path: Path) -> None:
    """Refuse a file that is no such list, by its first line.

    Raises:
        BadInput: it cannot be read, or does not begin with a SHA-1 in hex.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(200)[:40]
        whole = len(bytes.fromhex(first.decode())) == 20
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise BadInput(
            "the list of breached passwords cannot be read",
            rule="SHA-1 in hex, one a line, sorted; what follows a colon is not looked at",
            remedy="name the file in sign-in.json as breached_passwords, or take the line out",
            place=str(path),
        )
