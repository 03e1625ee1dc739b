"""Granian with this product's settings."""

import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from madoguchi.cli.processes import die_with_parent
from madoguchi.config.environment import SettingError
from madoguchi.foundation.starting import starting

# An open live line occupies a connection for hours: the limit must not be what pages wait for.
_CONNECTIONS = 20_000
_GRACE_SECONDS = 15


def run_server(target: str, interface: Interfaces, *, host: str, port: int, workers: int, threads: int = 1) -> int:
    """Serve ``module:name`` until SIGTERM; a worker that dies is replaced. ``threads`` counts for WSGI only."""
    server = Server(
        target,
        address=host,
        port=port,
        interface=interface,
        workers=workers,
        blocking_threads=threads if interface == Interfaces.WSGI else 1,
        backpressure=threads * 2 if interface == Interfaces.WSGI else _CONNECTIONS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE_SECONDS,
    )
    server.serve(target_loader=partial(_load, os.getpid(), target), wrap_loader=False)
    return 0


def check_port(host: str, port: int) -> None:
    """Raises SettingError when the address cannot be listened on."""
    if not 0 <= port < 65536:  # the resolver would take it modulo 65536
        raise SettingError(f"{host}:{port} cannot be listened on: a port is a number up to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingError(f"{host}:{port} cannot be listened on: {error.strerror}.") from None


def _load(parent: int, target: str) -> Callable[..., Any]:
    die_with_parent(parent, signal.SIGKILL)
    module, _, name = target.partition(":")
    with starting():
        application: Callable[..., Any] = getattr(import_module(module), name)
    return application
