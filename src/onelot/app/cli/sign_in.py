"""`onelot sign-in`: what the installation allows at sign-in, and the identity provider's secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onelot.app import home as homes
from onelot.app.cli.house import Home, Json, open_for_reading, read_file
from onelot.app.cli.output import print_json
from onelot.app.sign_in import read_settings
from onelot.app.sign_in.box import Box
from onelot.app.sign_in.oidc import keep_secret
from onelot.record.errors import NotAllowed


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    verbs = typer.Typer(help="What this installation allows at sign-in.", no_args_is_help=True)
    verbs.command()(show)
    verbs.command()(secret)
    app.add_typer(verbs, name="sign-in")


def show(home: Home = None, json: Json = False) -> None:
    """Read HOME/sign-in.json and say what it allows; exit 1 when it does not fit."""
    where = home or homes.default_home()
    homes.config_of(where)
    found = read_settings(where)
    if json:
        print_json(found.model_dump(mode="json"))
        return
    factor, badge = found.second_factor, found.badge
    print(f"sessions        {found.lasts_hours} h at most, {found.idle_minutes} min without use")
    print(f"second factor   roles {', '.join(factor.roles) or '-'}; sites {', '.join(factor.sites) or '-'}")
    print(f"OIDC            {found.oidc.issuer if found.oidc else 'no'}")
    print(f"security keys   {'at ' + found.address if found.address else 'no: set `address`'}")
    if badge is None:
        print("badge and PIN   no")
    else:
        for site, roles in badge.sites.items():
            print(f"badge and PIN   {site}: {', '.join(roles)}; {badge.lasts_minutes} min, {badge.idle_minutes} idle")


def secret(
    secret_file: Annotated[Path | None, typer.Option(help="File with the secret; asked for otherwise.")] = None,
    home: Home = None,
) -> None:
    """Keep the identity provider's client secret in the safe, sealed. ONELOT_OIDC_SECRET goes before it."""
    value = read_file(secret_file).decode().strip() if secret_file else typer.prompt("Client secret", hide_input=True)
    if not value:
        raise NotAllowed(
            "the secret is empty", rule="a client secret is not empty", remedy="give the file that holds it"
        )
    house = open_for_reading(home)
    try:
        if house.safe is None:
            raise NotAllowed("there is no safe", rule="secrets lie in the safe", remedy="use a database")
        keep_secret(Box(house.safe, house.site_keys.vault), value)
    finally:
        house.close()
    print("kept, sealed under the site's key")
