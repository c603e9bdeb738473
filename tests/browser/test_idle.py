"""A page that nobody uses any more empties itself when its session is over, with and without a server to ask."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Served


@pytest.mark.parametrize("offline", [False, True])
def test_a_page_left_alone_is_empty_even_without_a_server(served: Served, offline: bool) -> None:
    page = served.page()
    page.set_default_timeout(60_000)
    page.clock.install()
    page.goto("/screen/sign-in")
    page.fill("#login", "qp.plant")
    page.fill("#password", "four words sign me in")
    page.click("main button")
    page.wait_for_url("**/screen/board")
    page.goto(f"/screen/batches/{served.number}")
    assert served.number in page.content()
    page.clock.run_for(20 * 60 * 1000)
    # Whoever types is there: nothing typed is lost under their hands.
    page.keyboard.press("Tab")
    page.clock.run_for(20 * 60 * 1000)
    assert served.number in page.content()
    page.context.set_offline(offline)
    page.clock.run_for(11 * 60 * 1000)
    if offline:
        page.wait_for_timeout(500)
        assert served.number not in page.content()
    else:
        page.wait_for_url("**/screen/sign-in")
    page.context.close()
