"""The OpenAPI document: what every operation may answer, who may ask, and how a session is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field


class Refusal(BaseModel):
    """Why something was refused: what, by which rule, what to do now, and where the cause lies, if it lies in a place.

    A repeated request may help after 409 (read the record again) and 503 (something outside does not answer).
    """

    error: str = Field(description="kind of refusal, e.g. NotAllowed, Held, BadInput")
    what: str
    rule: str
    remedy: str
    place: str | None


_WORDS = {
    400: "The body cannot be read.",
    401: "Nobody is signed in, or the sign-in is not complete.",
    403: "This is not for you; what is not there looks the same.",
    404: "There is no such address.",
    405: "This address is not asked in this way.",
    409: "A rule of the house said no, or somebody was faster.",
    410: "The key to this value has been destroyed.",
    413: "The body is too large, or does not say how large it is.",
    422: "Something in the request cannot be read; `place` says where.",
    429: "Too often; wait as long as Retry-After says.",
    503: "Something outside does not answer.",
}
# Every operation refuses in the same form.
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": words} for status, words in _WORDS.items()
}
PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token that POST /session gives when asked with `bearer`: true; then no cookie is set.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "onelot",
        "description": "The token as a cookie (under TLS `__Host-onelot`), told nowhere else. What changes needs"
        " the header `X-Onelot: 1` beside it, which another site's page cannot send.",
    },
}


def describe(app: FastAPI, doors: Mapping[str, str]) -> None:
    """Let the application give the document with sign-in and roles in it. doors: the table of doors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes)
            found["components"]["securitySchemes"] = _SCHEMES
            for path, operations in found["paths"].items():
                for method, operation in operations.items():
                    is_open = doors.get(f"{method.upper()} {path}") == "open"
                    operation["security"] = [] if is_open else [{"bearer": []}, {"session": []}]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
