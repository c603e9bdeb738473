"""What stands in an exported evidence file, read by its published form alone: nothing here imports onelot.

A stream's entries are [body, link, signature]: link = SHA-256(link before, SHA-256(body)), the first after
SHA-256("onelot chain 1" NUL stream); a signature is ed25519 over the link, by the key that stands in the body.
"""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Event = dict[str, Any]
MEANINGS = {
    "TherapyOrdered": "orders this therapy",
    "TailoringApproved": "approves",
    "CertificateIssued": "certifies these results",
    "Released": "certifies that this batch may be released",
    "DeviationClosed": "closes this deviation",
    "ConditioningCleared": "clears this patient for conditioning",
    "Administered": "gave this product to this patient",
}


def verified(file: Path, keys: Path) -> None:
    """`onelot verify` in a process of its own, with the public key alone; and a file changed by one letter fails."""
    command = [sys.executable, "-m", "onelot.app.cli", "verify", "--json", "--key", str(keys)]
    done = subprocess.run([*command, str(file)], capture_output=True, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["verified"], done.stdout + done.stderr
    changed = file.with_name("changed.json")
    changed.write_text(file.read_text().replace("put down unopened", "put down, unopened"))
    assert changed.read_text() != file.read_text()
    assert subprocess.run([*command, str(changed)], capture_output=True, check=False).returncode == 1


def stream(file: Path, name: str) -> list[Event]:
    """The events of one stream, its chain and every signature recomputed."""
    link, found = sha256(b"onelot chain 1\x00" + name.encode()).digest(), list[Event]()
    for body, said, signature in json.loads(file.read_text())["streams"][name]["entries"]:
        link = sha256(link + sha256(body.encode()).digest()).digest()
        assert link.hex() == said, f"{name} breaks at {len(found) + 1}"
        event: Event = json.loads(body)
        assert event["seq"] == len(found) + 1
        if "signed" in event:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(event["signed"]["key"]))
            key.verify(bytes.fromhex(signature), link)
        found.append({**event, "link": said})
    return found


def told(file: Path, batch: str, coi: str) -> None:
    """Everything that happened on the way stands there, in its order, by whom it was done."""
    made, treated = stream(file, f"batch/{batch}"), stream(file, f"therapy/{coi}")
    _collections(treated)
    _wrong_bags(made)
    _near_misses(made, treated)
    _correction(made)
    _deviations(made)
    _two_people(made, treated)
    _signatures(made, treated)
    assert [one["type"] for one in treated if one["type"] in ("DoseGiven", "OutcomeRecorded")] == [
        "DoseGiven", "OutcomeRecorded",
    ]  # fmt: skip
    custody = [one["data"]["to_party"] for one in made if one["type"] == "CustodyTransferred"]
    assert len(custody) == 2 and custody[0].startswith("courier-link/") and custody[1] == treated[0]["data"]["site"]


def of(events: list[Event], *kinds: str) -> list[Event]:
    """The events of these types."""
    return [each for each in events if each["type"] in kinds]


def _collections(treated: list[Event]) -> None:
    assert len(of(treated, "Collected")) == 2
    assert [each["data"]["adequate"] for each in of(treated, "CollectionAssessed")] == [False, True]
    assert len({each["data"]["donation"] for each in of(treated, "Collected")}) == 2


def _wrong_bags(made: list[Event]) -> None:
    compared = of(made, "IdentityCompared")
    assert [each["data"]["agreed"] for each in compared] == [False, True]
    (given,) = of(made, "Administered")
    assert compared[0]["seq"] < compared[1]["seq"] < given["seq"]
    assert f"bag {given['data']['containers'][0]}" in compared[1]["data"]["things"]
    assert len(of(made, "MaterialReceived")) == 2


def _near_misses(made: list[Event], treated: list[Event]) -> None:
    """Each wrong thing that was put down, on the record it happened to, and nothing of whose it was."""
    assert [each["data"]["thing"] for each in of(treated, "ScanRefused")] == ["wristband"]
    assert {"bag", "patient"} & {each["data"]["thing"] for each in of(made, "ScanRefused")}
    assert all(each["data"]["severity"] in ("critical", "minor") for each in of([*made, *treated], "ScanRefused"))
    assert {each["data"]["deviation"] for each in of(treated, "DeviationOpened")} == {
        each["data"]["deviation"] for each in of(treated, "DeviationClosed")
    }  # fmt: skip


def _correction(made: list[Event]) -> None:
    (correction,) = of(made, "EntryCorrected")
    old = made[correction["data"]["corrects"]["seq"] - 1]
    assert old["link"] == correction["data"]["corrects"]["hash"] and old["data"]["name"] == "intake_cd3_cells"
    assert float(old["data"]["value"]) == 1.58e9 and float(correction["data"]["value"]) == 1.85e9
    assert "printout" in correction["data"]["reason"]


def _deviations(made: list[Event]) -> None:
    opened = {each["data"]["deviation"]: each for each in of(made, "DeviationOpened")}
    closed = {each["data"]["deviation"]: each for each in of(made, "DeviationClosed")}
    assert len(opened) == 4 and opened.keys() == closed.keys()
    assert [each["data"]["severity"] for each in opened.values()] == ["critical", "major", "critical", "critical"]
    for number, each in closed.items():
        assert each["by"] != opened[number]["by"] and each["data"]["cause"] and each["data"]["impact"]
    (held,), (again,) = of(made, "PhaseHeld"), of(made, "PhaseRestarted")
    assert held["by"] != again["by"] and again["data"]["reason"]


def _two_people(made: list[Event], treated: list[Event]) -> None:
    """Whoever verified is somebody else than whoever did it, and proved to be there."""
    seen = [each for each in (*made, *treated) if each["data"].get("verified_by")]
    for each in seen:
        assert each["data"]["verified_by"] != each["by"], each
        assert each["data"]["verified_how"] == "signing password", each
    asked = {"Collected", "MaterialReceived", "MaterialCharged", "PhaseCompleted", "Tested", "IdentityCompared",
             "Administered"}  # fmt: skip
    assert asked <= {each["type"] for each in seen}


def _signatures(made: list[Event], treated: list[Event]) -> None:
    signed = {each["type"]: each for each in (*made, *treated) if "signed" in each}
    for kind, meaning in MEANINGS.items():
        said = signed[kind]["signed"]
        assert said["meaning"].startswith(meaning), (kind, said["meaning"])
        assert said["signer"] == signed[kind]["by"] and said["printed_name"]
        # What its signer saw is named by its digest.
        assert len(said["seen"]) == 64, kind
