"""The command line: `onelot ROOM VERB`, and verbs for the whole house.

Every verb takes `--json`. Exit 0 done, 1 refused by a rule, 2 usage, 3 outside world unreachable.
One file per room; each holds a typer application named `app`.
"""

from __future__ import annotations

import sys
import warnings

import orjson
import typer

from onelot.app.cli import demo, give, house, learn, plan, profile, recipe, release, sign_in, tailor
from onelot.record.errors import OnelotError

app = typer.Typer(
    name="onelot",
    help="The open manufacturing system for batches of one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("demo")(demo.demo)
house.register(app)
give.register(app)
sign_in.register(app)
for _name, _room in (
    ("profile", profile),
    ("tailor", tailor),
    ("plan", plan),
    ("release", release),
    ("learn", learn),
    ("recipe", recipe),
):
    app.add_typer(_room.app, name=_name)


def _note(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as one line for people, without the place in our code."""
    sys.stderr.write(f"note: {message}\n")


def main() -> None:
    """Run the command line; a refusal becomes three lines (or one JSON object) and an exit code."""
    warnings.showwarning = _note
    try:
        app()
    except OnelotError as refusal:
        if "--json" in sys.argv:
            sys.stdout.write(orjson.dumps(refusal.as_dict(), option=orjson.OPT_INDENT_2).decode() + "\n")
        else:
            sys.stderr.write(f"{refusal}\n")
        raise SystemExit(refusal.exit_code) from None
