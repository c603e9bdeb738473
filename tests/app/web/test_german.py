"""Every page a person can click to, in German: what is not marked as another language holds no English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from onelot.app.web import stepping, typed
from onelot.record.errors import BadInput
from tests.app.web.hospital import Hospital, reach
from tests.app.web.leftovers import Leftovers
from tests.app.web.plant import PASSWORD, make_house
from tests.app.web.test_screens import SIGN_IN, Browser, as_person

# Not pages: drawings and files, the choice of language itself; and other windows of the same table.
_ELSEWHERE = re.compile(r"\.pdf|\.csv|\.json|/choice|/static/|/stream|sign-out|before=|after=|page=|span=|kind=")
# A text of our own that names what has to be typed letter by letter.
TYPED = re.compile("Ein Zwischenergebnis lautet: negative to date|.*: onelot verify DATEI --key")
BEGIN = ("/screen/board", "/screen/work", "/screen/me")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("given"), lambda what: what == "administered")


def shape(path: str) -> str:
    """A page without whose it is: numbers, identifiers and names of things left out."""
    return re.sub(r"(?<=/)[^/]*[\d.%][^/]*", "*", path.partition("?")[0])


def german(house: Hospital, login: str) -> Browser:
    SIGN_IN.set_password(login, PASSWORD)
    browser = Browser(house.house)
    assert browser.sign_in(login).status_code == 303
    browser.cookies.set("onelot-language", "de")
    return browser


def pages(browser: Browser, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Address and text of every page that can be reached by clicking, one of each shape."""
    todo = list(BEGIN)
    while todo:
        path = todo.pop(0)
        if shape(path) in seen:
            continue
        seen.add(shape(path))
        found = browser.send("GET", path)
        assert found.status_code in (200, 303, 403), (path, found.text)
        if found.status_code == 303:
            todo.append(found.headers["location"])
        elif found.headers["content-type"].startswith("text/html"):
            yield path, found.text
            links = (each.replace("&amp;", "&") for each in re.findall(r'href="(/screen/[^"#]*)', found.text))
            todo += [each for each in links if not _ELSEWHERE.search(each)]


def test_the_oracle_knows_english_when_it_sees_it() -> None:
    def left(body: str) -> list[str]:
        return Leftovers(f'<html lang="de"><body>{body}</body></html>').found

    assert left("<p>the batch is held</p>") and left('<a aria-label="why is it held">?</a>')
    assert left("<p>Die Charge <b>not approved by anybody</b></p>")
    assert not left("<p>Die Charge ist angehalten</p>") and not left('<p lang="en">the batch is held</p>')
    assert not left("<code>the_batch is held</code>") and not left('<span lang="">it is held</span>')
    assert left('<p lang="en">so <i lang="de">the same</i></p>')


def test_every_page_is_in_german(given: Hospital) -> None:
    by_roles = {tuple(row["roles"]): login for login, row in given.house.journal.rows("people").items()}
    left: dict[str, str] = {}
    read = 0
    seen: dict[str, int] = {}
    for login in by_roles.values():
        known = {each for each, times in seen.items() if times > 1}
        own = set(known)
        for path, text in pages(german(given, login), own):
            read += 1
            assert '<html lang="de"' in text
            left |= dict.fromkeys((each for each in Leftovers(text).found if not TYPED.match(each)), path)
        for each in own - known:
            seen[each] = seen.get(each, 0) + 1
    assert read > 45, read
    assert not left, "\n".join(f"{path}: {each[:200]}" for each, path in left.items())


def test_a_refusal_reads_german_and_says_what_it_left(given: Hospital, tmp_path: Path) -> None:
    browser = german(given, "qp.plant")
    found = browser.send("GET", "/screen/batches/B-0000000000000")
    assert found.status_code == 403
    assert "für Sie gibt es hier nichts unter: Charge B-0000000000000" in found.text
    assert "prüfen Sie die Nummer" in found.text and not Leftovers(found.text).found
    assert not Leftovers(browser.send("GET", "/screen/order").text).found
    # A field that does not fit is refused on a page, too.
    long = browser.send("GET", "/screen/board?page=many")
    assert long.status_code == 422 and "eine ganze Zahl wird verlangt" in long.text
    assert not Leftovers(long.text).found


def test_a_verdict_on_a_title_with_a_colon_is_german_and_the_signed_recipes_are_asked_for_once_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, number = make_house(tmp_path)
    SIGN_IN.set_password("qp.plant", PASSWORD)
    browser = as_person((house, number), "qp.plant")
    browser.cookies.set("onelot-language", "de")
    asked: list[str] = []
    rows = house.whole.rows
    monkeypatch.setattr(house.whole, "rows", lambda view, keys=None: (asked.append(view), rows(view, keys))[1])
    text = browser.send("GET", f"/screen/batches/{number}/release").text
    assert "Identität: Zellen des Patienten selbst: Übereinstimmung" in re.sub(r"<[^>]*>", "", text)
    assert "Identity" not in text
    # The page and what is signed on it are rendered apart, and ask together.
    assert asked.count("documents") == 1


def test_a_number_that_could_be_two_is_refused() -> None:
    assert str(stepping.number("1.5")) == "1.5" and str(typed.number("71,5", "value")) == "71.5"
    for text in ("1,500", "1.500,0", "-2,000"):
        with pytest.raises(BadInput):
            typed.number(text, "value")
    # The operator's step takes no comma at all.
    for text in ("1,5", "1,500"):
        with pytest.raises(BadInput):
            stepping.number(text)
