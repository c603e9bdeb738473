"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from onelot.app.web.pages import BEFORE, COOKIE, check_csrf, csrf_of, new_secret
from onelot.app.web.screen import Screen, Text


def routes(router: APIRouter, screen: Screen) -> None:
    """The sign-in page and its forms."""

    def keep(response: Response, name: str, value: str) -> Response:
        response.set_cookie(name, value, httponly=True, samesite="strict", secure=screen.secure, path="/")
        return response

    @router.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        secret = request.cookies.get(BEFORE) or new_secret()
        page = screen.render("sign_in.html", request, None, form_token=csrf_of(secret))
        return keep(page, BEFORE, secret)

    @router.post("/sign-in")
    def sign_in(request: Request, login: Text = "", password: Text = "", csrf: Text = "") -> Response:
        check_csrf(request.cookies.get(BEFORE, ""), csrf)
        token = screen.doors.sign_in.open(login, password)
        return keep(screen.go(screen.home(screen.house.loop.actor(login))), COOKIE, token)

    @router.post("/sign-out")
    def sign_out(request: Request, csrf: Text = "") -> Response:
        token = request.cookies.get(COOKIE, "")
        check_csrf(token, csrf)
        screen.doors.sign_in.close(token)
        response = screen.go("/screen/sign-in")
        response.delete_cookie(COOKIE, path="/")
        return response
