"""What an installation refuses to be set up as (ASVS V12.3, V13.2)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from onelot.app.api.server import serve
from onelot.app.home import check_address
from onelot.app.sign_in import Settings
from onelot.app.web import supplied
from onelot.record.errors import BadInput, NotAllowed


@pytest.mark.parametrize("url", [
    "", "postgresql:///onelot?host=/run/postgresql&user=onelot_app", "postgresql://onelot_app@localhost/db",
    "postgresql://onelot_app@127.0.0.1:5432/db", "host=::1 dbname=db",
    "postgresql://onelot_app@db.plant.example/db?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    "host=db.plant.example sslmode=verify-ca",
])  # fmt: skip
def test_a_database_here_or_under_checked_tls_is_taken(url: str) -> None:
    check_address("DATABASE_URL", url)


@pytest.mark.parametrize("url", [
    "postgresql://onelot_app:x@db.plant.example/db", "host=10.0.0.3 dbname=db sslmode=require",
    "postgresql://onelot_app@db.plant.example/db?sslmode=prefer", "host=localhost,10.0.0.3 dbname=db",
    "hostaddr=10.0.0.3 host=localhost dbname=db", "postgresql://a@localhost.evil.example/db?sslmode=disable",
])  # fmt: skip
def test_a_database_elsewhere_without_it_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed, match="without TLS"):
        check_address("DATABASE_URL", url)


def test_what_is_no_address_is_said_without_its_password() -> None:
    with pytest.raises(BadInput) as refused:
        check_address("DATABASE_URL", "postgresql://a:hunter2@[bad/db")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.3", "plant.example"])
def test_others_are_served_under_tls_only(tmp_path: Path, host: str) -> None:
    for certificate, key in ((None, None), (tmp_path / "crt", None), (None, tmp_path / "key")):
        with pytest.raises(NotAllowed, match="can be reached by others"):
            serve(tmp_path, host, 8443, certificate, key)


def test_behind_a_server_with_the_certificate_cookies_are_under_tls_too() -> None:
    assert Settings(address="https://onelot.example").under_tls
    assert not Settings(address="http://127.0.0.1:8400").under_tls and not Settings().under_tls


def test_a_packed_file_that_swells_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supplied, "MOST_UNPACKED", 4 * 1024 * 1024)

    def swells(data: bytes) -> bool:
        file = tmp_path / "file"
        file.write_bytes(data)
        return supplied._swells(file)

    bomb = gzip.compress(b"\0" * (40 * 1024 * 1024))
    assert len(bomb) < 64 * 1024 and swells(bomb)
    assert not swells(gzip.compress(b"##fileformat=VCF\n" * 1000))
    assert not swells(b"\x1f\x8bbroken"), "what is broken is the reader's to refuse, with its place"
    # Many members one after the other count together.
    assert swells(gzip.compress(b"\0" * 1024 * 1024) * 5)
