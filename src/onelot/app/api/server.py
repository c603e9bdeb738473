"""Serve the API: one process on this machine's own address, or on any with TLS.

While it runs, side effects are carried out and the journal is sealed every minute.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
import warnings
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from onelot.adapters.postgres.safe import PostgresSafe
from onelot.app import home as homes
from onelot.app import shipping
from onelot.app.api.application import create_app
from onelot.app.effects import carry_out
from onelot.app.house import PRODUCTION, House
from onelot.app.sealing import SEAL_EVERY_SECONDS
from onelot.app.sign_in import SecurityLog, SignIn, read_settings
from onelot.app.simulation.live import Live
from onelot.record.errors import NotAllowed

LOOPBACK = ("127.0.0.1", "::1", "localhost")
LOG = logging.getLogger("onelot.server")
# While the server waits to hear which version is spoken it waits without end: a thousand silent connections were all
# that it served. Of HTTP/1.1 alone it hears a request's head within half a minute, or hangs up.
HTTP = HTTPModes.http1
# Whoever stops the server does not wait for ever for an answer that nobody hears; every append is durable by then.
ENDS_WITHIN_S = 30
_HOME, _TLS = "ONELOT_SERVED_HOME", "ONELOT_SERVED_TLS"


def serve(home: Path, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Serve the installation in `home` until interrupted.

    Raises:
        NotAllowed: an address others can reach, without TLS.
    """
    if host not in LOOPBACK and (certificate is None or key is None):
        raise NotAllowed(
            f"{host} can be reached by others",
            rule="passwords and patient data travel under TLS only",
            remedy="give --certificate and --key, or serve on 127.0.0.1 behind a server that has them",
        )
    homes.config_of(home)
    os.environ[_HOME] = str(home)
    os.environ[_TLS] = "1" if certificate else ""
    Granian(
        "onelot.app.api.server:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        http=HTTP,
        workers_kill_timeout=ENDS_WITHIN_S,
        ssl_cert=certificate,
        ssl_key=key,
        log_access=False,
    ).serve()


def serve_live(house: House, desk: SignIn, live: Live, port: int) -> None:
    """Serve a simulation on this machine's own address while it runs, in this one process, until interrupted."""
    server = Server(
        create_app(house, desk, live=live), address="127.0.0.1", port=port, interface=Interfaces.ASGI, http=HTTP,
        log_enabled=False,
    )  # fmt: skip

    async def run() -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, server.stop)
        await server.serve()

    live.start()
    try:
        asyncio.run(run())
    finally:
        live.stop()


def application() -> FastAPI:
    """The application in the server's own process."""
    home = Path(os.environ[_HOME])
    house = homes.open_house(home)
    if house.mode == PRODUCTION and not os.environ.get("DATABASE_URL"):
        warnings.warn(
            "the embedded database serves production: it has no replica and no backup of its own", stacklevel=1
        )
    desk = desk_of(house, home)
    # Behind a server of the site's that has the certificate, browsers come under TLS all the same.
    app = create_app(house, desk, secure=bool(os.environ.get(_TLS)) or desk.settings.under_tls)
    _collect_seldom()
    stopped, shipper = threading.Event(), shipping.start(home)
    threading.Thread(target=_tend, args=(house, stopped), name="tender", daemon=True).start()
    app.router.on_shutdown.append(lambda: _stop(house, stopped))
    if shipper:
        app.router.on_shutdown.append(shipper.stop)
    return app


def _collect_seldom() -> None:
    """Rows and folds live long: walking all of them each few hundred objects took 0.2 s out of each second board."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def desk_of(house: House, home: Path) -> SignIn:
    """The sign-in of an installation: its settings, its key, its people, its log."""
    return SignIn(
        _safe(house),
        wall_clock,
        settings=read_settings(home),
        key=house.site_keys.vault,
        actor_of=house.loop.actor,
        log=SecurityLog(wall_clock, home / "security.jsonl"),
    )


def wall_clock() -> datetime:
    """The time now, also beside a simulation: a session's life is real time."""
    return datetime.now(UTC)


def _safe(house: House) -> PostgresSafe:
    if not isinstance(house.safe, PostgresSafe):
        raise NotAllowed("the safe is not durable", rule="sign-in outlives the server", remedy="use a database")
    return house.safe


def _tend(house: House, stopped: threading.Event) -> None:
    """Carry out effects, and seal what is new, at once and then every minute; an effect that fails hinders no seal."""
    sealed, first = -1, True
    while first or not stopped.wait(SEAL_EVERY_SECONDS):
        first = False
        # Whatever the outside world does, this thread goes on: the next round tries again.
        try:
            carry_out(house)
        except Exception:
            LOG.exception("effects failed; tried again in the next round")
        try:
            events = sum(head.seq for head in house.journal.heads().values())
            if events != sealed:
                house.seal()
                sealed = events
        except Exception:
            LOG.exception("not sealed; tried again in the next round")


def _stop(house: House, stopped: threading.Event) -> None:
    stopped.set()
    try:
        house.seal()
    finally:
        house.close()
