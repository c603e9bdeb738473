"""Bytes that are not quite HTTP/1.1: bad lengths, chunked nonsense, floods of headers, bodies that crawl."""

from __future__ import annotations

import re
import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random

# Said of a request that the server cannot serve by HTTP's own words: not implemented, busy, no such version.
HONEST = (501, 503, 505)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
LENGTHS = (
    b"-1", b"+5", b"5, 5", b"5, 6", b"5;", b" 5 5", b"", b"0x10", b"1e3", b"\xd9\xa3", b"9" * 30,
    b"18446744073709551616", b"9223372036854775807", b"1000000", b"00000000000000000005", b"5\x00", b"nan",
)  # fmt: skip
CHUNKS = (
    b"zz\r\nabc\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\nabc\r\n", b"-1\r\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n",
    b"3\nabc\n0\n\n", b"3;" + b"x=y;" * 20_000 + b"\r\nabc\r\n0\r\n\r\n", b"0" * 70_000 + b"3\r\nabc\r\n0\r\n\r\n",
    b"3\r\nabc\r\n0\r\nContent-Length: 5\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"3\r\nabc\r\n", b"\r\n",
    b"0x3\r\nabc\r\n0\r\n\r\n", b"1\r\na\r\n" * 5_000 + b"0\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\nGET /keys HTTP/1.1\r\nHost: a\r\n\r\n",
)  # fmt: skip
CODINGS = (
    b"chunked", b"Chunked", b"chunked, identity", b"identity, chunked", b"xchunked", b"chunked, chunked", b"gzip",
    b"\x0bchunked", b"chunked\r\nTransfer-Encoding: identity", b"chunked\r\nContent-Length: 5", b'"chunked"',
)  # fmt: skip
HEADERS = (
    b"X-A: b\rc: d", b"X-A\r\n", b": nothing", b"X A: b", b"X-A : b", b"X-A: \x00", b"X-A: \xff\xfe", b"\xff: x",
    b"X-A: a\r\n folded", b" leading: x", b"Host: b", b"Host: a b", b"Host:", b"Host: [::1", b"Host: evil@127.0.0.1",
    b"Cookie: " + b"a=b; " * 4_000, b"Cookie: onelot-session=\xff\x00", b"Cookie: =;;=;\x7f", b"Expect: 100-continue",
    b"Expect: the-unexpected",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: !!", b"Connection: close, keep-alive, x",
    b"Authorization: Bearer \xf0\x9f", b"Authorization: Basic " + b"A" * 20_000,
    b"Range: bytes=0-18446744073709551615", b"If-None-Match: " + b'"a",' * 5_000, b"If-Modified-Since: yesterday",
    b"Accept-Language: " + b"de;q=nan," * 3_000, b"X-Forwarded-For: " + b"1.2.3.4, " * 3_000,
    b"X-Forwarded-Proto: ftp", b"Content-Type: multipart/form-data; boundary=", b"Content-Encoding: gzip",
    b"Trailer: Host", b"Idempotency-Key: " + b"k" * 5_000, b"Last-Event-ID: -1",
)  # fmt: skip
LINES = (
    b"", b"\r\n\r\n\r\n", b"GET", b"GET /keys", b"GET /keys HTTP/0.9", b"GET /keys HTTP/1.0", b"GET /keys HTTP/9.9",
    b"GET /keys HTTP/1.1 x", b"get /keys HTTP/1.1", b"GE\x00T /keys HTTP/1.1", b"GET  /keys HTTP/1.1",
    b"GET\t/keys HTTP/1.1", b"G" * 20_000 + b" / HTTP/1.1", b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
    b"GET /keys?" + b"a=b&" * 10_000 + b" HTTP/1.1", b"GET keys HTTP/1.1", b"GET http://evil.example/keys HTTP/1.1",
    b"GET //evil.example/screen HTTP/1.1", b"OPTIONS * HTTP/1.1", b"CONNECT 127.0.0.1:22 HTTP/1.1",
    b"TRACE /keys HTTP/1.1", b"GET /\xff\xfe HTTP/1.1", b"GET /%ff%00%c0%af HTTP/1.1",
    b"GET /screen/%2e%2e/%2e%2e/etc/passwd HTTP/1.1", b"GET /screen/batches/%00 HTTP/1.1", b"GET /#/screen HTTP/1.1",
    b"PRI * HTTP/2.0\r\n\r\nSM", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HELO there",
    b"HEAD /screen/sign-in HTTP/1.1",
)  # fmt: skip
PATHS = (b"/session", b"/screen/sign-in", b"/commands/ReceiveLot", b"/keys", b"/screen/order/review", b"/nowhere")


def malformed(rng: Random, token: str) -> bytes:
    """Something to send on a fresh connection. token: of a session, so that what is asked gets past the door."""
    head = (
        b"Host: 127.0.0.1\r\nCookie: onelot-session=" + token.encode() + b"\r\nAuthorization: Bearer " + token.encode()
    )
    post = b"POST " + rng.choice(PATHS) + b" HTTP/1.1\r\n" + head + b"\r\n"
    kind = b"Content-Type: " + rng.choice((b"application/json", b"application/x-www-form-urlencoded")) + b"\r\n"
    match rng.randrange(9):
        case 0:
            return post + kind + b"Content-Length: " + rng.choice(LENGTHS) + b"\r\n\r\n" + b'{"a"' * rng.randrange(4)
        case 1:
            return post + kind + b"Transfer-Encoding: " + rng.choice(CODINGS) + b"\r\n\r\n" + rng.choice(CHUNKS)
        case 2:
            some = b"\r\n".join(rng.sample(HEADERS, rng.randrange(1, 4)))
            return b"GET " + rng.choice(PATHS) + b" HTTP/1.1\r\n" + head + b"\r\n" + some + b"\r\n\r\n"
        case 3:
            return rng.choice(LINES) + b"\r\n" + head + b"\r\n\r\n" + rng.randbytes(rng.randrange(60))
        case 4:
            flood = b"".join(
                b"X-%d: %s\r\n" % (at, b"y" * rng.choice((1, 100))) for at in range(rng.choice((90, 500, 9_000)))
            )
            return b"GET /keys HTTP/1.1\r\n" + head + b"\r\n" + flood + b"\r\n"
        case 5:
            return (b"GET " + rng.choice(PATHS) + b" HTTP/1.1\r\n" + head + b"\r\n\r\n") * rng.choice((2, 40))
        case 6:
            part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + rng.randbytes(200)
            body = part * rng.choice((1, 30)) + rng.choice((b"", b"\r\n--x", b"\r\n--x--", b"\r\n--y--\r\n"))
            return (
                post + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n"
                % (len(body) + rng.choice((-5, 0, 0, 5)))
            ) + body  # fmt: skip
        case 7:
            return rng.randbytes(rng.choice((1, 40, 3_000)))
    whole = post + kind + b"Content-Length: 20\r\n\r\n" + b'{"login": "operator"}'
    at = rng.randrange(len(whole))
    return (
        whole[:at] + rng.choice((b"", b"\r", b"\n", b"\x00", b"\r\n", b" ", b"\xff")) + whole[at + rng.randrange(2) :]
    )


def exchange(port: int, said: bytes, rng: Random, patience: float = 0.3) -> list[int]:
    """Send it, in one piece or in several, and listen for a moment or hang up: every status that came back."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as there, suppress(OSError):
        cut = rng.randrange(len(said) + 1) if not rng.randrange(3) else len(said)
        there.sendall(said[:cut])
        if cut < len(said):
            time.sleep(0.01)
            there.sendall(said[cut:])
        match rng.randrange(8):
            case 0:
                # Gone at once, with a reset.
                there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return []
            case 1:
                there.shutdown(socket.SHUT_WR)
        there.settimeout(patience)
        while len(found) < 2_000_000 and (block := there.recv(65_536)):
            found += block
    return [int(each) for each in _STATUS.findall(found)]


def plain(port: int) -> float:
    """How many seconds a plain page takes on a connection of its own; inf where it does not come within ten."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as there:
            there.sendall(b"GET /screen/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            found = b""
            while block := there.recv(65_536):
                found += block
    except OSError:
        return float("inf")
    return time.monotonic() - began if found.startswith(b"HTTP/1.1 200") and b"</html>" in found else float("inf")


@contextmanager
def crawling(port: int, many: int, token: str) -> Iterator[list[socket.socket]]:
    """So many connections held open, half of them within their headers, half within a body that never ends."""
    held: list[socket.socket] = []
    head = b"POST /screen/sign-in HTTP/1.1\r\nHost: a\r\nCookie: onelot-session=" + token.encode() + b"\r\n"
    body = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nlogin="
    try:
        for number in range(many):
            there = socket.create_connection(("127.0.0.1", port), timeout=10)
            held.append(there)
            there.sendall(head if number % 2 else head + body)
        yield held
    finally:
        for there in held:
            there.close()


def creep(held: list[socket.socket]) -> None:
    """One more byte on each of them; those that the server has closed are left alone."""
    for there in held:
        with suppress(OSError):
            there.sendall(b"x")


@contextmanager
def silent(port: int, many: int) -> Iterator[None]:
    """So many connections on which nobody says a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * many + 512)), hard))
    held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(many)]
    try:
        yield
    finally:
        for there in held:
            there.close()
