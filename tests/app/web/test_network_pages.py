"""The pages of the network: questions in, every number opened, what-if, and the step to a signed network in force."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.app import network_study
from onelot.app.drawings.words import ENGLISH
from onelot.app.house import House
from onelot.app.network_study import Studies, read_question, take_in
from onelot.app.networks import in_force
from onelot.app.simulation.networks import simulated_networks
from onelot.app.web.language import words_of
from onelot.plan.network import Ledger
from onelot.record.errors import BadInput, Conflict, Held
from tests.app.web.plant import PASSWORD, make_house, signing
from tests.app.web.test_screens import SIGN_IN, Browser, as_person
from tests.plan.network.made_up import small

ENGINEER, QUALITY, PLANNER = "process_engineer.plant", "qa_reviewer.plant", "planner.plant"
QUESTION: dict[str, Any] = {
    **next(each.question for each in simulated_networks() if each.name == "network/cells"),
    "minimise": "both",
    "front_points": 4,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    for login in (ENGINEER, QUALITY, PLANNER, "operator.plant"):
        SIGN_IN.set_password(login, PASSWORD)
    return make_house(tmp_path_factory.mktemp("network"))


def send(browser: Browser, path: str, **data: Any) -> httpx.Response:
    """A form of the landing page or of a study, with what every form carries."""
    fields = browser.page("/screen/network").fields
    return browser.send("POST", path, data={"csrf": fields["csrf"], "once": fields["once"], **data})


def upload(browser: Browser, question: Any, name: str = "question.json") -> httpx.Response:
    content = question if isinstance(question, bytes) else json.dumps(question).encode()
    fields = browser.page("/screen/network").fields
    file = {"file": (name, content, "application/json")}
    return browser.send("POST", "/screen/network", data={"csrf": fields["csrf"], "once": "x"}, files=file)


def study(browser: Browser, question: Any) -> str:
    found = upload(browser, question)
    assert found.status_code == 303, found.text
    address = found.headers["location"]
    for _ in range(40):
        if 'http-equiv="refresh"' not in browser.page(address).text:
            return address
    raise AssertionError("no answer")


def refused(found: httpx.Response, status: int, *words: str) -> None:
    assert found.status_code == status, found.text
    said = html.unescape(re.sub(r"<[^>]+>", " ", found.text))
    for word in words:
        assert word in said, said


def links(text: str, part: str) -> list[tuple[str, str]]:
    """Address and text of every link whose address has this part."""
    found = re.findall(r'<a href="([^"]+)">(.*?)</a>', text, re.S)
    return [(html.unescape(at), html.unescape(re.sub(r"<[^>]+>", "", said))) for at, said in found if part in at]


def test_only_whose_page_it_is_enters(made: tuple[House, str]) -> None:
    assert Browser(made[0]).send("GET", "/screen/network").status_code == 303
    refused(as_person(made, "operator.plant").send("GET", "/screen/network"), 403, "not for your role")
    text = as_person(made, PLANNER).page("/screen/network").text
    assert "network/cells/1" in text and "cd19-flat" in text and 'href="/screen/network"' in text


def test_every_number_leads_to_flows_that_add_up_to_it(made: tuple[House, str]) -> None:
    browser = as_person(made, PLANNER)
    address = study(browser, {**QUESTION, "minimise": "cost"})
    text = browser.page(address).text
    answer = Studies().ask({**QUESTION, "minimise": "cost"}, "again", 60).answer()
    network = take_in({**QUESTION, "minimise": "cost"})
    found = links(text, "/behind?at=")
    pointers = {parse_qs(urlsplit(at).query)["at"][0] for at, _ in found}
    wanted = {f"/cost/{part}" for part, cost in answer.cost.items() if cost} | {"/cost/total", "/patient_days"}
    wanted |= {f"/turnaround/{days}" for days in answer.turnaround}
    wanted |= {f"/plants/{n}/{what}" for n in range(len(answer.plants)) for what in ("patients", "cost", "peak_load")}
    wanted |= {f"/sites/{n}/patients" for n in range(2)} | {f"/hospitals/{n}/patients" for n in range(2)}
    assert wanted <= pointers and any("/load/" in each for each in pointers)
    for at, _ in found[:60]:
        page = browser.page(at).text
        opened = Ledger(network, answer).behind(parse_qs(urlsplit(at).query)["at"][0])
        parts = [float(each.replace(",", "")) for each in re.findall(r'<td class="amount">([\d,.-]+)</td>', page)]
        assert sum(parts) == pytest.approx(opened.value, rel=1e-6)
    (total,) = {said for at, said in found if at.endswith("at=%2Fcost%2Ftotal")}
    assert float(total.replace(",", "")) == pytest.approx(answer.cost["total"], abs=1)


def test_pages_carry_no_style_of_their_own_and_stay_well_formed(made: tuple[House, str]) -> None:
    browser = as_person(made, PLANNER)
    text = browser.page(study(browser, QUESTION)).text
    assert "style=" not in text and "<style" not in text and "onclick" not in text
    text = text.partition("<main")[2]  # the mark in the head is no drawing of the study
    assert text.count("<svg") == text.count("</svg>") == 3
    names = set(re.findall(r'class="([^"]+)"', "".join(re.findall(r"<svg.*?</svg>", text, re.S))))
    css = browser.send("GET", "/screen/static/drawing.css").text
    for name in {each for found in names for each in found.split()} - {"label"}:
        assert f".{name}" in css or name.startswith("network-"), name


def test_a_point_of_the_front_opens_its_own_answer(made: tuple[House, str]) -> None:
    browser = as_person(made, PLANNER)
    address = study(browser, QUESTION)
    points = [at for at, _ in links(browser.page(address).text, "?point=")]
    answer = Studies().ask(QUESTION, "again", 60).answer()
    assert len(points) == len(answer.front) >= 2
    for point, at in zip(answer.front, points, strict=True):
        text = browser.page(at).text
        assert f"{point.cost:,.0f}" in text and 'class="ring"' in text
        first = next(each for each, _ in links(text, "/behind") if "turnaround" in each)
        assert "point=" in first and browser.page(first)
    refused(browser.send("GET", f"{address}?point=99"), 422, "$.front[99]")
    refused(browser.send("GET", f"{address}/behind?at=/cost/gold"), 422, "/cost/gold")


def test_what_if_stands_beside_and_is_solved_again(made: tuple[House, str]) -> None:
    browser = as_person(made, PLANNER)
    address = study(browser, {**QUESTION, "minimise": "cost"})
    found = send(browser, f"{address}/what-if", limit_days="30", max_plants="1", closed=["plant-coast"])
    assert found.status_code == 303 and "beside=" in found.headers["location"]
    text = browser.page(found.headers["location"]).text
    assert "days ≤ 30, plants ≤ 1, − plant-coast" in html.unescape(text) and "network-compare" in text
    again = send(browser, f"{address}/what-if", limit_days="20", beside=found.headers["location"].split("beside=")[1])
    text = html.unescape(browser.page(again.headers["location"]).text)
    assert "infeasible" in text and "the limit is 20" in text and "− plant-coast" in text
    (other,) = {at for at, said in links(text, "/screen/network/study/") if said == "Open days ≤ 20"}
    alone = html.unescape(browser.page(other).text)
    assert "no network can do this" in alone and "the limit is 20" in alone
    every = [plant["id"] for plant in QUESTION["plants"]]
    refused(send(browser, f"{address}/what-if", closed=every), 422, "$.plants")
    refused(send(browser, f"{address}/what-if", limit_days="-3"), 422, "$.limit_days")
    refused(send(browser, f"{address}/what-if"), 422, "nothing is changed")


def negative_cost() -> dict[str, Any]:
    bad = deepcopy(QUESTION)
    bad["plants"][1]["daily_cost"] = -1
    return bad


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (negative_cost(), ["$.plants[1].daily_cost", "network.schema.json"]),
        (b'{"horizon_days": NaN}', ["line 1, column"]),
        (b"[]", ["$", "one JSON object"]),
        (b"\xff\xfe", ["not JSON"]),
        (b" " * (network_study.MOST_BYTES + 1), ["4096 KiB"]),
        ({**QUESTION, "horizon_days": 30_000}, ["$.horizon_days", "command line"]),
        ({**QUESTION, "front_points": 200}, ["$.front_points"]),
        ({**QUESTION, "storage": {"max_days": 300}}, ["$.storage.max_days"]),
        ({**QUESTION, "sites": QUESTION["sites"] * 200}, ["$.sites"]),
        ({**QUESTION, "forecast": [{**QUESTION["forecast"][0], "per_day": 1e5}]}, ["$.demand"]),
    ],
)
def test_what_cannot_be_answered_here_is_refused_with_its_place(
    made: tuple[House, str], content: Any, words: list[str]
) -> None:
    refused(upload(as_person(made, PLANNER), content), 422, *words)


def test_forms_without_their_token_or_file_are_refused(made: tuple[House, str]) -> None:
    browser = as_person(made, PLANNER)
    file = {"file": ("q.json", json.dumps(QUESTION).encode(), "application/json")}
    refused(browser.send("POST", "/screen/network", data={"csrf": "0" * 64}, files=file), 403, "your session")
    refused(send(browser, "/screen/network"), 422, "no file was chosen")
    refused(send(browser, "/screen/network/example", name="network/nowhere"), 422, "no such example")
    assert send(browser, "/screen/network/example", name="network/kits").status_code == 303
    refused(browser.send("GET", "/screen/network/study/0123"), 422, "not kept here")
    refused(browser.send("GET", "/screen/network/document/recipe/cd19-flat/1"), 422, "no network document")


def test_from_an_answer_to_the_network_in_force(made: tuple[House, str]) -> None:
    house, engineer = made[0], as_person(made, ENGINEER)
    address = study(engineer, QUESTION)
    fields = {"name": "network/cells", "version": "2", "title": "Another year", "recipes": ["cd19-per-kg"]}
    fields |= {"closed": "plant: 2026-12-24, 2026-12-25\nhospital-north: 2027-01-01", "point": "1"}
    planner = as_person(made, PLANNER)
    refused(send(planner, f"{study(planner, QUESTION)}/register", **fields), 403, "may not")
    refused(send(engineer, f"{address}/register", **{**fields, "closed": "oslo: 2026-12-24"}), 422, "$.closed[0].place")
    refused(send(engineer, f"{address}/register", **{**fields, "closed": "Christmas"}), 422, "line 1")
    refused(send(engineer, f"{address}/register", **{**fields, "name": "recipe/x"}), 422, "network/")
    found = send(engineer, f"{address}/register", **fields)
    assert found.headers["location"] == "/screen/network/document/network/cells/2"
    page = found.headers["location"]
    text = engineer.page(page).text
    assert "draft" in text and "2026-12-25" in text and "password" not in text
    quality = as_person(made, QUALITY)
    form = quality.page(page).fields
    sent = {"csrf": form["csrf"], "once": "a", "seen": form["seen"], "effective_from": form["effective_from"]}
    refused(quality.send("POST", page, data={**sent, "password": "wrong"}), 403, "password")
    refused(quality.send("POST", page, data={**sent, "once": "b", "seen": "0" * 64, "password": signing(QUALITY)}), 409)
    refused(engineer.send("POST", page, data={**sent, "csrf": engineer.page("/screen/network").fields["csrf"]}), 403)
    done = quality.send("POST", page, data={**sent, "once": "c", "password": signing(QUALITY)})
    assert done.status_code == 303, done.text
    now = in_force(house.loop.reader, "cd19-per-kg", house.clock())
    assert now is not None and now.name == "network/cells/2" and now.network.closed[0].place == "plant"
    signed = house.journal.read("document/network/cells/2")[1].signed
    assert signed is not None and signed.seen == form["seen"]
    assert in_force(house.loop.reader, "cd19-flat", house.clock()).name == "network/cells/1"  # type: ignore[union-attr]
    text = quality.page(page).text
    assert "approved" in text and "cd19-per-kg" in text and "password" not in text


def test_the_page_speaks_german(made: tuple[House, str]) -> None:
    browser = as_person(made, PLANNER)
    browser.cookies.set("onelot-language", "de")
    text = browser.page(study(browser, QUESTION)).text
    assert "Kosten gegen Zeit" in text and "Wer wohin geht" in text
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.S))
    found = send(browser, f"{study(browser, QUESTION)}/what-if", max_plants="1")
    assert "Werke ≤ 1" in html.unescape(browser.page(found.headers["location"]).text)
    assert "Entnahmeorte" in drawn and "günstigste" in drawn and "Patienten in Herstellung" in drawn
    assert "patients" not in re.sub(r'href="[^"]*"', "", drawn)


def test_the_drawings_english_is_that_of_the_pages() -> None:
    assert words_of("en")["drawing"] == ENGLISH


def test_a_server_answers_few_questions_at_once_and_forgets_the_oldest() -> None:
    studies = Studies(seconds=2.0)
    heavy = {**QUESTION, "front_points": 15, "forecast": [{**each, "per_day": 0.3} for each in QUESTION["forecast"]]}
    with pytest.raises(Conflict, match="running or waiting"):
        for number in range(40):
            studies.ask({**heavy, "limit_days": 40 + number}, str(number), 0.0)
    studies.close()
    few = Studies()
    first = few.ask(small(1), "first", 20)
    assert few.get(first.key) is first and few.ask(small(1), "again", 20).answer() == first.answer()
    for seed in range(network_study.KEPT):
        few.ask(small(seed + 100), str(seed), 20)
    with pytest.raises(BadInput, match="not kept here"):
        few.get(first.key)
    few.close()


def test_an_answer_that_is_not_there_yet_is_awaited() -> None:
    studies = Studies(seconds=5.0)
    found = studies.ask({**QUESTION, "front_points": 15}, "slow", 0.0)
    if not found.ready:
        with pytest.raises(Held, match="still running"):
            found.answer()
    assert found.future.result(60).objective is not None
    studies.close()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places(each, (*path, key))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False), st.text(max_size=4),
    st.just([]), st.just({}), st.just([None]), st.just([{}]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 30), st.sampled_from(["calendar", "storage", "growth", "classes"]), st.data())
def test_nonsense_is_refused_and_never_breaks(seed: int, option: str, data: st.DataObject) -> None:
    question = small(seed, option)
    path = data.draw(st.sampled_from([each for each in places(question) if each]))
    target: Any = question
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = data.draw(JUNK)
    attempt: Callable[[], Any] = lambda: take_in(read_question(json.dumps(question).encode()))  # noqa: E731
    try:
        attempt()
    except BadInput as refusal:
        assert refusal.place and refusal.place.startswith(("$", "line"))


def test_the_committed_examples_need_no_home(tmp_path: Path) -> None:
    assert [each.name for each in simulated_networks()] == ["network/cells", "network/kits"]
