"""How fast the screens answer under load: `python benchmarks/screens.py`, JSON on stdout.

A simulated installation on the embedded PostgreSQL, served by granian in a process of its own, asked over loopback.
5,000 open batches of patients of two hospitals, one record of 10,000 events, 200 people. Figures are the 95th
percentile of warm requests, one after another; beside them the load average and a trivial page of the same run. Then
200 signed-in people at the operator's page: each opens the step in hand, types what is counted, sends the form (it is
durable, by fsync, before it is answered), and thinks for 5 s. Sign-in and signing hash passwords: they are timed apart.

The 5,000 batches and the long record are appended past the loop, as events that its commands would have written.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import os
import platform
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from onelot.adapters.recipes import shipped
from onelot.app import home as homes
from onelot.app.api.server import desk_of
from onelot.app.commands.lots import ReceiveLot
from onelot.app.commands.masters import RegisterPerson
from onelot.app.entropy import from_seed
from onelot.app.house import House
from onelot.app.simulation.site import HOSPITALS, PLANT, Site, set_up
from onelot.record.events.batch import BatchPlanned, Measured, PhaseCompleted, PhaseStarted
from onelot.record.events.therapy import TherapyOrdered
from onelot.record.journal import Append, Draft, Part

BATCHES, EVENTS, PEOPLE, WARM = 5000, 10_000, 200, 200
THINK_S = 5.0
# Each batch for stock has two things to count; nobody counts more in the time the crowd is watched.
STOCK_EACH = 5
PASSWORD = "four words sign me in"
LONG = "B-LONG-RECORD"
TARGETS = {"board_p95_ms": 200, "record_p95_ms": 300, "durable_step_p95_ms": 500}


def password_of(login: str) -> str:
    """Nobody's name, and nothing that would be guessed: both are refused."""
    return sha256(login.encode()).hexdigest()[:24]


def fill(home: Path, batches: int, events: int, people: int) -> None:
    """Make the installation: masters through the loop, the mass past it."""
    house = homes.init(home, mode="simulation", site=PLANT, administrator="root", printed_name="Root",
                       password=password_of("root"), entropy=from_seed(3))  # fmt: skip
    try:
        recipes = shipped()
        site = Site(house, password_of, "root")
        set_up(site, recipes.values(), house.clock())
        _patients(house, recipes["cd19-per-kg"].identifier, batches, events)
        _people(home, house, site, recipes["aav9-stock"].identifier, people)
    finally:
        house.close()


def _patients(house: House, recipe: str, batches: int, events: int) -> None:
    cite, now = house.loop.reader.document(f"recipe/{recipe}").cite, datetime.now(UTC) - timedelta(days=10)
    if cite is None:
        raise SystemExit("the recipe is not there")
    phases = [phase.name for phase in house.loop.reader.recipe(cite).phases]
    waiting = []
    for n in range(batches):
        coi, hospital = f"T{n:012d}", HOSPITALS[n % len(HOSPITALS)]
        batch = LONG if n == 0 else f"B-{coi}"
        ordered = TherapyOrdered(coi, f"p-{n:06d}", "product", cite, hospital, "0" * 64, "/", synthetic=True)
        planned = BatchPlanned(batch, (coi,), cite, None, PLANT, "autologous")
        life: list[Any] = [planned] + [PhaseStarted(phases[n % len(phases)], 1)] * (n % 2)
        if n == 0:
            life.append(PhaseStarted(phases[1], 1))
            life += [Measured(phases[1], "viable_cells", Decimal(k), "1", "count", now) for k in range(events - 2)]
        drafts = [Draft(event, now, "person/operator.plant") for event in life]
        waiting.append(house.whole.submit(Append(
            (Part(f"therapy/{coi}", 0, (Draft(ordered, now, "person/root"),)), Part(f"batch/{batch}", 0, tuple(drafts)))
        )))  # fmt: skip
    for each in waiting:
        each.result()


def _people(home: Path, house: House, site: Site, recipe: str, people: int) -> None:
    """Operators, each with batches for stock in the step of counting; and a lot to be signed for."""
    desk, root, waiting = desk_of(house, home), house.loop.actor("root"), []
    cite = house.loop.reader.document(f"recipe/{recipe}").cite
    for login in ("qa_reviewer.plant", "auditor.plant"):
        desk.set_password(login, PASSWORD)
    phases = [phase.name for phase in house.loop.reader.recipe(cite).phases] if cite else []
    for n in range(people):
        login = f"walker{n:03d}"
        house.loop.handle(RegisterPerson(login, f"Walker {n}", ("operator",), (PLANT,)), root)
        desk.set_password(login, PASSWORD)
        for batch in stock_of(n):
            if cite is None:
                raise SystemExit("the recipe is not there")
            planned = BatchPlanned(batch, (), cite, None, PLANT, "stock")
            done = [event for phase in phases[: phases.index("count_vials")]
                    for event in (PhaseStarted(phase, 1), PhaseCompleted(phase, 1, "done"))]  # fmt: skip
            drafts = [
                Draft(each, house.clock(), f"person/{login}")
                for each in (planned, *done, PhaseStarted("count_vials", 1))
            ]
            waiting.append(house.whole.submit(Append((Part(f"batch/{batch}", 0, tuple(drafts)),))))
    for each in waiting:
        each.result()
    expires = house.clock() + timedelta(days=30)
    for n in range(30):
        lot = ReceiveLot(f"L-{n}", "medium-hek", "S", "0" * 64, Decimal(10), "L", expires)
        site.give(lot, "operator", PLANT)


def stock_of(walker: int) -> list[str]:
    """The batches somebody has in hand."""
    return [f"S-{walker:03d}-{n}" for n in range(STOCK_EACH)]


def serve(home: Path) -> tuple[str, subprocess.Popen[bytes]]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "onelot.app.cli", "serve", "--port", str(port), "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(home / "served.log").open("wb"))
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{url}/keys", timeout=2)
            return url, process
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the server does not answer: " + (home / "served.log").read_text()[-2000:])


def spread(times: list[float]) -> dict[str, float]:
    """Milliseconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1), "max_ms": round(max(times), 1)}


def timed(ask: Callable[[], httpx.Response], count: int, holds: str = "") -> dict[str, float]:
    times = []
    for n in range(-10, count):
        began = time.perf_counter()
        found = ask()
        if n >= 0:
            times.append((time.perf_counter() - began) * 1000)
        if found.status_code != 200 or holds not in found.text:
            raise SystemExit(f"{found.request.url}: {found.status_code} {found.text[:500]}")
    return spread(times) | {"bytes": len(found.content)}


def signed_in(url: str, login: str) -> str:
    found = httpx.post(f"{url}/session", json={"login": login, "password": PASSWORD, "bearer": True}, timeout=60)
    found.raise_for_status()
    return str(found.json()["token"])


def pages(url: str, warm: int) -> dict[str, Any]:
    """The board and the long record, as an auditor of the plant sees them."""
    with httpx.Client(base_url=url, timeout=60, cookies={"onelot-session": signed_in(url, "auditor.plant")}) as client:
        return {
            "trivial": timed(lambda: client.get("/screen/sign-in"), warm),
            "board": timed(lambda: client.get("/screen/board"), warm, "B"),
            "board_page_50": timed(lambda: client.get("/screen/board?page=50"), warm, "B"),
            "record": timed(lambda: client.get(f"/screen/batches/{LONG}"), warm, "unbroken"),
        }


def disk(home: Path) -> dict[str, float]:
    """What the disk alone takes for 4 KiB that must be durable: no step can be quicker."""
    times = []
    with (home / "yardstick").open("wb") as file:
        for _ in range(200):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return spread(times)


FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


async def crowd(url: str, tokens: list[str], seconds: float) -> dict[str, Any]:
    """Everybody opens the step in hand, enters a count, thinks, and goes on."""
    opened: list[float] = []
    sent: list[float] = []
    until = time.perf_counter() + seconds

    async def person(client: httpx.AsyncClient, number: int, token: str) -> None:
        dice = random.Random(number)
        session = {"Cookie": f"onelot-session={token}"}
        await asyncio.sleep(dice.uniform(0, THINK_S))
        steps = [batch for batch in stock_of(number) for _ in ("vials_5_5ml", "vials_8_3ml")]
        for n, batch in enumerate(steps):
            if time.perf_counter() > until:
                return
            page = f"/screen/batches/{batch}/step"
            began = time.perf_counter()
            found = await client.get(page, headers=session)
            looked = time.perf_counter() - began
            fields: dict[str, Any] = {}
            form = found.text[found.text.rindex("<form") :]
            for name, value in FIELD.findall(form):
                fields.setdefault(name, []).append(html.unescape(value))
            if fields.get("kind") != ["measure"]:
                raise SystemExit(f"{page}: {found.status_code} {found.text[:1500]}")
            began = time.perf_counter()
            answer = await client.post(page, headers=session, data={**fields, "scan": str(100 + number % 50)})
            took = time.perf_counter() - began
            if answer.status_code != 303:
                raise SystemExit(f"{page}: {answer.status_code} {answer.text[:1500]}")
            if n:  # warm requests count: a person's first opens the connection
                opened.append(looked * 1000)
                sent.append(took * 1000)
            await asyncio.sleep(dice.uniform(0.8, 1.2) * THINK_S)  # people do not march in step
        raise SystemExit("somebody ran out of work: raise STOCK_EACH")

    limits = httpx.Limits(max_connections=len(tokens), max_keepalive_connections=len(tokens))
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        await asyncio.gather(*(person(client, n, token) for n, token in enumerate(tokens)))
    return {"people": len(tokens), "think_s": THINK_S, "steps": len(sent), **spread(sent), "page": spread(opened)}


def signing(url: str, count: int) -> dict[str, float]:
    """A signed command: what it takes more is the hashing of the signing password (argon2id, as in production)."""
    headers = {
        "Authorization": f"Bearer {signed_in(url, 'qa_reviewer.plant')}",
        "X-Signing-Password": password_of("qa_reviewer.plant"),
    }
    times = []
    for n in range(count):
        began = time.perf_counter()
        found = httpx.post(f"{url}/commands/BlockLot", json={"lot": f"L-{n}", "reason": "torn"}, headers=headers)
        times.append((time.perf_counter() - began) * 1000)
        if found.status_code != 200:
            raise SystemExit(found.text)
    return spread(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=BATCHES)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the crowd's work")
    told = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="onelot-screens-"))
    home.chmod(0o755)
    server = None
    try:
        began = time.monotonic()
        fill(home, told.batches, told.events, told.people)
        print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        url, server = serve(home)
        before = os.getloadavg()
        found: dict[str, Any] = pages(url, WARM)
        began = time.monotonic()
        tokens = [signed_in(url, f"walker{n:03d}") for n in range(told.people)]
        each_ms = (time.monotonic() - began) * 1000 / max(told.people, 1)
        found["sign_in_mean_ms"] = round(each_ms, 1)
        found["fsync_4_kib"] = disk(home)
        found["durable_step"] = asyncio.run(crowd(url, tokens, told.seconds))
        found["signing"] = signing(url, 30)
        machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "load_before": before,
                   "load_after": os.getloadavg()}  # fmt: skip
        reached = {
            "board_p95_ms": found["board"]["p95_ms"],
            "record_p95_ms": found["record"]["p95_ms"],
            "durable_step_p95_ms": found["durable_step"]["p95_ms"],
        }
        met = {name: reached[name] < most for name, most in TARGETS.items()}
        print(json.dumps({"machine": machine, **found, "targets": TARGETS, "reached": reached, "met": met}, indent=1))
    finally:
        if server:
            server.terminate()
            server.wait(60)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
