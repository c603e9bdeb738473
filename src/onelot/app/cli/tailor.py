"""`onelot tailor VERB`: what shall be made for this patient."""

from __future__ import annotations

import typer

from onelot.app.cli import tailor_drugs, tailor_genome, tailor_guides

app = typer.Typer(help="Tailor: what shall be made for this patient.", no_args_is_help=True)
tailor_genome.register(app)
tailor_drugs.register(app)
tailor_guides.register(app)
