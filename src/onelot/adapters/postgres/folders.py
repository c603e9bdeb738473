"""The folders of the embedded server, and which processes live in them.

As root: the top folder belongs to root and is open (locks, copied programs); the cluster, the socket folder and the
log below it belong to the server's account alone. As an ordinary user everything is that user's own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from onelot.adapters.postgres.programs import Account, closed_ancestor
from onelot.record.errors import BadInput

PORT = 5432  # names the socket file only; nothing listens on a network
SOCKET_PATH_MAX = 107  # Linux: 108 bytes with the closing zero


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock of one file alone; the kernel frees it when we die."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_top(top: Path, who: Account) -> None:
    """Make the server's top folder where it is missing; refuse one that we or the server's account cannot use."""
    try:
        for step in [*reversed(top.parents), top]:
            if not step.exists():
                step.mkdir(exist_ok=True)
                step.chmod(0o755 if who.drops else 0o700)
        with tempfile.TemporaryFile(dir=top):
            pass
    except OSError as error:
        raise BadInput(
            f"The folder cannot be made or written: {error.strerror}.",
            rule="the embedded server keeps its data in a folder of its own",
            remedy="name a folder you may write by ONELOT_HOME, or set DATABASE_URL",
            place=str(top),
        ) from None
    if who.drops and (closed := closed_ancestor(top, who)):
        raise BadInput(
            f"The server's account (uid {who.uid}) may not pass {closed}.",
            rule="the server runs as an unprivileged account, and no folder is opened up for it",
            remedy="use the default (/var/lib/onelot), or name an open folder by ONELOT_HOME",
            place=str(top),
        )


def socket_folder(top: Path, who: Account) -> Path:
    """The socket folder beside the data, or a short private one where that path is too long for a socket."""
    beside = top / "run"
    if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_MAX - 4:  # room for ".new" and the like
        return beside
    name = f"onelot-{who.uid}-{hashlib.sha256(os.fsencode(top)).hexdigest()[:12]}"
    if who.drops:
        return Path("/run") / name
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / name


def private_folder(folder: Path, who: Account) -> None:
    """Make a folder that only the server's account enters; refuse one that somebody else put there."""
    if not folder.exists() and not folder.is_symlink():
        folder.mkdir(mode=0o700)
        if who.drops:
            os.chown(folder, who.uid, who.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != who.uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise BadInput(
            "A folder of the server is not its own: it must be a folder, owned by the server's account, mode 0700.",
            rule="nobody else may reach the socket or the log",
            remedy="remove it and start again",
            place=str(folder),
        )


def give(tree: Path, who: Account) -> None:
    """Hand a whole tree to the server's account."""
    for folder, folders, files in os.walk(tree):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, who.uid, who.gid, follow_symlinks=False)
    os.chown(tree, who.uid, who.gid)


def postmaster(data: Path) -> int | None:
    """The pid of our own living postmaster: the one named in the pid file, if its folder is the data folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        return pid if Path(f"/proc/{pid}/cwd").samefile(data) else None
    except (OSError, ValueError, IndexError):
        return None


def processes_in(data: Path) -> list[int]:
    """Every process whose folder is the data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").samefile(data):
                    found.append(int(entry.name))
    return found
