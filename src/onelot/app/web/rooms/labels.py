"""Labels for the containers of a batch, printed in its fill step."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from onelot.app.printing import labels_to_fill
from onelot.app.web.pages import HEADERS
from onelot.app.web.screen import Screen


def routes(router: APIRouter, screen: Screen) -> None:
    """The labels as a file to print."""

    @router.get("/batches/{number}/labels.pdf")
    def labels(request: Request, number: str, containers: int = 1) -> Response:
        actor = screen.enter(request, "step")
        data = labels_to_fill(screen.house, number, containers, actor)
        name = {"Content-Disposition": f'inline; filename="labels-{"".join(filter(str.isalnum, number))}.pdf"'}
        return Response(data, media_type="application/pdf", headers={**HEADERS, **name})
