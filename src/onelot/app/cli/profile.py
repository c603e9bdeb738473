"""`onelot profile …`: who is the patient."""

from __future__ import annotations

import typer

from onelot.app.cli.profile_pgx import register

app = typer.Typer(help="Who is the patient: facts, variants, pharmacogenomics.", no_args_is_help=True)
register(app)


@app.callback()
def room() -> None:
    """Who is the patient: facts, variants, pharmacogenomics."""
