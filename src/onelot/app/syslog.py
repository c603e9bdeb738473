"""Syslog as RFC 5424 has it: HOME/logs.json says where to, and a connection that knows what has arrived."""

from __future__ import annotations

import fcntl
import os
import socket
import ssl
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from onelot import __version__
from onelot.record.errors import BadInput

FILE = "logs.json"
_CONNECT_S, _SEND_S = 5.0, 10.0
_HERE = ("127.0.0.1", "::1", "localhost")
# Ports of syslog over TLS (RFC 5425) and over TCP as rsyslog and syslog-ng listen.
_PORTS = {"tls": 6514, "tcp": 601}


class Settings(BaseModel):
    """Where the logs go.

    ship_to: tls://HOST[:6514]; tcp://127.0.0.1[:601], this machine only; unix:/dev/log. ca: the authority that the
    receiver's certificate comes from, a PEM file; "" for the machine's own. certificate, key: what we prove ourselves
    with, where the receiver asks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ship_to: str
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @field_validator("ship_to")
    @classmethod
    def _address(cls, address: str) -> str:
        found = urlsplit(address)
        if found.scheme == "unix" and found.path.startswith("/") and not found.netloc:
            return address
        if found.scheme not in _PORTS or not found.hostname or found.path not in ("", "/") or found.username:
            raise ValueError("a receiver is tls://HOST[:PORT], tcp://127.0.0.1[:PORT] or unix:/PATH; UDP loses lines")
        if found.scheme == "tcp" and found.hostname not in _HERE:
            raise ValueError("tcp:// is for this machine; to another, logs travel under TLS")
        _ = found.port  # raises ValueError where it is none
        return address


def read_log_settings(home: Path) -> Settings | None:
    """Where this installation's logs are shipped to; None without the file: nowhere.

    Raises:
        BadInput: the file cannot be read, or a field does not fit.
    """
    path = home / FILE
    try:
        return Settings.model_validate(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as cause:
        what, place = str(cause), str(path)
    except ValidationError as cause:
        first = cause.errors()[0]
        what, place = first["msg"], f"{path}#/{'/'.join(str(part) for part in first['loc'])}"
    raise BadInput(
        f"the settings of the logs do not fit: {what}",
        rule="docs/security.md#logs lists the fields",
        remedy="mend the file at this place",
        place=place,
    )


def message(kind: str, facility: int, at: str, severity: int, line: bytes) -> bytes:
    """A line as a message. kind: its MSGID; facility, severity: RFC 5424, 6.2.1; at: RFC 3339, or `-` for unknown."""
    host = "".join(each for each in socket.gethostname() if "!" <= each <= "~")[:255] or "-"
    origin = f'[origin software="onelot" swVersion="{__version__}"]'
    return f"<{facility * 8 + severity}>1 {at} {host} onelot {os.getpid()} {kind} {origin} ".encode() + line


class Receiver:
    """A connection to the receiver, opened when it is needed. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._at = settings, urlsplit(settings.ship_to)
        self._line: socket.socket | None = None

    def send(self, messages: Sequence[bytes]) -> None:
        """Send them, and wait until they have arrived at the receiver's machine (which acknowledges no more).

        Raises:
            OSError: they have not, or perhaps not all.
        """
        if not messages:
            return
        line = self._line = self._line or self._open()
        if self._at.scheme == "unix":
            for each in messages:
                line.send(each)
            return
        _still_open(line)
        # Octet counting (RFC 5425, 4.3): a length goes before each, so that nothing in a line ends it.
        line.sendall(b"".join(str(len(each)).encode() + b" " + each for each in messages))
        _arrived(line)

    def close(self) -> None:
        """Let go; the next `send` opens another."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _open(self) -> socket.socket:
        if self._at.scheme == "unix":
            local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            local.settimeout(_SEND_S)
            local.connect(self._at.path)
            return local
        host, port = self._at.hostname or "", self._at.port or _PORTS[self._at.scheme]
        line = socket.create_connection((host, port), timeout=_CONNECT_S)
        if self._at.scheme == "tls":
            try:
                line = self._context().wrap_socket(line, server_hostname=host)
            except OSError:
                line.close()
                raise
        line.settimeout(_SEND_S)
        return line

    def _context(self) -> ssl.SSLContext:
        found = ssl.create_default_context(cafile=self._settings.ca or None)
        found.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._settings.certificate:
            found.load_cert_chain(self._settings.certificate, self._settings.key or None)
        return found


def _still_open(line: socket.socket) -> None:
    """Refuse a connection that the receiver has ended: what is written into it is lost without a word."""
    line.setblocking(False)
    try:
        ended = line.recv(4096) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        ended = False
    finally:
        line.settimeout(_SEND_S)
    if ended:
        raise ConnectionResetError("the receiver has ended the connection")


def _arrived(line: socket.socket) -> None:
    """Wait until the other machine has taken everything that was written."""
    until = time.monotonic() + _SEND_S
    while struct.unpack("i", fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]:
        _still_open(line)  # of a connection that was reset the count stays for ever
        if time.monotonic() > until:
            raise TimeoutError("the receiver does not take what it was sent")
        time.sleep(0.005)
    _still_open(line)
