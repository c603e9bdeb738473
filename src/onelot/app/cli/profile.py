"""`onelot profile …`: who is the patient."""

from __future__ import annotations

import typer

from onelot.app.cli import profile_facts, profile_identity, profile_pgx

app = typer.Typer(help="Who is the patient: facts, variants, pharmacogenomics.", no_args_is_help=True)
profile_facts.register(app)
profile_pgx.register(app)
profile_identity.register(app)


@app.callback()
def room() -> None:
    """Who is the patient: facts, variants, pharmacogenomics."""
