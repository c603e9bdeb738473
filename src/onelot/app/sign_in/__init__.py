"""Sign-in: who it is, proven by a password, a second factor, the site's identity provider, or a badge with a PIN.

desk            the whole way in, what everybody else calls
settings        what the site allows: HOME/sign-in.json
passwords       argon2id hashes, temporary ones among them; guessable: which may be chosen
sessions        who is signed in, by the hash of a token; sessions end by idleness and by age
locks, limits   wrong tries lock a name; an address that fails too often waits; tries: both, and the log
account         what people change of their own, and what the administrator does for them
box             secrets sealed in the safe
totp            six digits that change every 30 seconds
security_keys   WebAuthn
oidc            the site's own identity provider
badges          a badge and a PIN on an enrolled tablet
security_log    who tried, when, from where, and what came of it; no secret is in it

None of this signs: a signature needs the signing password each time (`adapters.keys`).
"""

from onelot.app.sign_in.desk import SignIn
from onelot.app.sign_in.locks import LOCKED_FOR, MOST_FAILURES
from onelot.app.sign_in.passwords import SHORTEST, check_password
from onelot.app.sign_in.security_log import NOWHERE, SecurityLog, Where
from onelot.app.sign_in.sessions import NotSignedIn, Session, Unfinished
from onelot.app.sign_in.settings import Settings, read_settings

__all__ = [
    "LOCKED_FOR",
    "MOST_FAILURES",
    "NOWHERE",
    "SHORTEST",
    "NotSignedIn",
    "SecurityLog",
    "Session",
    "Settings",
    "SignIn",
    "Unfinished",
    "Where",
    "check_password",
    "read_settings",
]
