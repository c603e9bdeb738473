"""`onelot sign-in`: what the settings say, and what does not fit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from onelot.app.sign_in import read_settings
from onelot.record.errors import BadInput


def home(folder: Path, settings: Any) -> Path:
    (folder / "onelot.json").write_bytes(orjson.dumps({"mode": "simulation", "site": "plant"}))
    if settings is not None:
        (folder / "sign-in.json").write_bytes(settings if isinstance(settings, bytes) else orjson.dumps(settings))
    return folder


def show(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "onelot.app.cli", "sign-in", "show", "--home", str(folder), *more]
    return subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)


def test_the_defaults_and_what_a_site_says(tmp_path: Path) -> None:
    assert "OIDC            no" in show(home(tmp_path, None)).stdout
    wanted = {
        "address": "https://onelot.example",
        "oidc": {"issuer": "https://idp.example", "client_id": "onelot"},
        "second_factor": {"roles": ["qp"]},
        "badge": {"sites": {"plant": ["operator"]}},
    }
    said = show(home(tmp_path, wanted)).stdout
    assert "https://idp.example" in said and "roles qp" in said and "plant: operator" in said
    assert orjson.loads(show(tmp_path, "--json").stdout)["oidc"]["scopes"] == ["openid"]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (b"{", "sign-in.json"),
        ({"addres": "https://x.example"}, "#/addres"),
        ({"idle_minutes": 0}, "#/idle_minutes"),
        ({"address": "http://onelot.example"}, "#/address"),
        ({"address": "https://onelot.example/path"}, "#/address"),
        ({"second_factor": {"roles": ["nobody"]}}, "#/second_factor/roles"),
        ({"oidc": {"issuer": "https://idp.example", "client_id": "x", "secret": "in the file"}}, "#/oidc/secret"),
        ({"oidc": {"issuer": "https://idp.example", "client_id": "x"}}, "#/"),
        ({"trusted_proxies": ["proxy.example"]}, "#/trusted_proxies"),
        ({"badge": {"sites": {"plant": ["user_administrator"]}}}, "#/badge/sites"),
    ],
)
def test_what_does_not_fit_lets_nobody_in_on_a_guess(tmp_path: Path, settings: Any, place: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_settings(home(tmp_path, settings))
    assert place in str(refused.value.place) and refused.value.remedy


def test_a_misfit_ends_with_its_code(tmp_path: Path) -> None:
    found = show(home(tmp_path, {"idle_minutes": 0}), "--json")
    assert found.returncode == 1 and orjson.loads(found.stdout)["error"] == "BadInput"
