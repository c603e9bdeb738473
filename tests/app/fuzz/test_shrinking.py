"""What is told of a form that fails: as few bent places as fail, as a line that a shell reads as it was sent."""

from __future__ import annotations

import shutil
import subprocess
from random import Random

import pytest

from tests.app.fuzz.forms import as_curl, bends, bent, fewest
from tests.app.fuzz.values import Known

FIELDS = [("csrf", "token"), ("reason", "as asked"), ("amount", "1"), ("amount", "2")]


def test_only_the_place_that_matters_stays() -> None:
    places = {1: [], 2: [("amount", "NaN")], 3: [("amount", "2")] * 61}
    assert fewest(places, lambda tried: ("amount", "NaN") in bent(FIELDS, tried)) == {2: [("amount", "NaN")]}
    assert fewest(places, lambda tried: True) == {}
    assert bent(FIELDS, {1: [], 2: [("amount", "NaN")]}) == [FIELDS[0], ("amount", "NaN"), FIELDS[3]]


def test_bends_are_of_the_seed_alone() -> None:
    known = Known({}, ("x",))
    made = [bends(Random(seed), FIELDS, known) for seed in range(40)]
    assert made == [bends(Random(seed), FIELDS, known) for seed in range(40)]
    assert {len(each) for each in made} >= {0, 1, 2} and all(set(each) <= {0, 1, 2, 3} for each in made)


def test_the_line_sends_what_was_sent() -> None:
    if (bash := shutil.which("bash")) is None:
        pytest.skip("no bash on this machine")
    body = bytes(range(1, 256))
    line = as_curl("POST", "/screen/lots", body, "text/plain", {"onelot-session": "SESSION of root"})
    assert line.startswith("curl -X POST -H 'content-type: text/plain' -b 'onelot-session=SESSION of root' ")
    said = subprocess.run([bash, "-c", line.replace("curl", "printf %s\\\\0", 1)], capture_output=True, check=True)
    assert said.stdout.split(b"\0")[-3:-1] == [body, b"/screen/lots"]
