"""A small house for attacks over HTTP: one person who may do everything, so that only the tried defence can say no."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi.testclient import TestClient

from onelot.app.authority import table
from onelot.app.commands.masters import RegisterPerson
from tests.app.sign_in.test_account import ADDRESS, Site

PASSWORD = "seven green kettles sing"


class Attacked(Site):
    """The site of the sign-in tests, with `max`, who has every role, and a client under TLS with max's cookie.

    failing: the client is given the answer of what broke, as a browser is, where it would raise otherwise.
    """

    def __init__(self, *, secure: bool = True, failing: bool = False, **more: Any) -> None:
        # Nobody is asked for a second factor here: these tests are about what comes after.
        super().__init__(secure=secure, **{"second_factor": {}, **more})
        root = self.house.loop.actor("root")
        self.house.loop.handle(RegisterPerson("max", "Max Mighty", tuple(table()["roles"]), ("*",)), root)
        self.desk.set_password("max", PASSWORD)
        self.app: Any = self.client.app
        self.secure = secure
        self.browser = TestClient(
            self.app, base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=not failing
        )

    def cookie(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def enter(self, login: str = "max", password: str = PASSWORD) -> str:
        """Sign in on the screens; the session's token, which is in the browser's cookie too."""
        page = self.browser.get("/screen/sign-in").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        answer = self.browser.post("/screen/sign-in", data={"login": login, "password": password, "csrf": csrf})
        assert answer.status_code == 303, answer.text
        return str(self.browser.cookies[self.cookie("onelot-session")])

    def events(self) -> int:
        return sum(head.seq for head in self.house.whole.heads().values())

    def log(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.desk.log._lines]


def routes(app: Any, *methods: str) -> list[tuple[str, str]]:
    """Method and path of every route with one of these methods, its placeholders filled with nothing special."""
    found = []
    for name in app.state.routes:
        method, _, path = name.partition(" ")
        if method in methods:
            while "{" in path:
                head, _, rest = path.partition("{")
                path = head + "nothing" + rest.partition("}")[2]
            found.append((method, path))
    return sorted(found)
