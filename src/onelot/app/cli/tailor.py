"""`onelot tailor VERB`: what shall be made for this patient."""

from __future__ import annotations

import typer

from onelot.app.cli import tailor_drugs, tailor_genome, tailor_guides
from onelot.app.cli.tailor_recipe import tailor_recipe

app = typer.Typer(help="Tailor: what shall be made for this patient.", no_args_is_help=True)
app.command("recipe")(tailor_recipe)
tailor_genome.register(app)
tailor_drugs.register(app)
tailor_guides.register(app)
