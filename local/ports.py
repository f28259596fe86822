"""Ports on the loopback interface."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"


class PortError(Exception):
    """A port cannot be used; the message says what to do."""


class PortInUseError(PortError):
    """Another program listens on it."""


@dataclass(frozen=True)
class Ports:
    """Where the local stack listens. The defaults are fixed so that its URLs stay the same."""

    emulator: int = 4566
    postgres: int = 5433
    models: int = 8771

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Ports:
        """Reads EMULATOR_PORT, POSTGRES_PORT and MODELS_PORT. Raises PortError if one is no port."""
        return cls(**{name: _port(f"{name.upper()}_PORT", environment, default) for name, default in _DEFAULTS.items()})

    @classmethod
    def free(cls) -> Ports:
        """Three ports that nobody uses at the moment."""
        return cls(*(free_port() for _ in _DEFAULTS))

    def require_free(self) -> None:
        """Raises PortInUseError, naming the first port that is taken and how to choose another."""
        for name in _DEFAULTS:
            port: int = getattr(self, name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as error:
                    raise PortInUseError(
                        f"port {port} is in use by another program; "
                        f"stop it or choose another with {name.upper()}_PORT=…"
                    ) from error


def free_port() -> int:
    """A port that nobody uses at the moment, and that the system gives to no outgoing connection before it is listened
    on: below the range that Linux takes those from (ip(7), ip_local_port_range). Raises PortError if none is found.
    """
    for port in random.sample(_NEVER_EPHEMERAL, k=_ATTEMPTS):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise PortError(f"none of {_ATTEMPTS} ports between {_NEVER_EPHEMERAL[0]} and {_NEVER_EPHEMERAL[-1]} is free")


_NEVER_EPHEMERAL = range(10_000, 32_768)
_ATTEMPTS = 100
_DEFAULTS = {"emulator": Ports.emulator, "postgres": Ports.postgres, "models": Ports.models}
_HIGHEST = 65535


def _port(name: str, environment: Mapping[str, str], default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _HIGHEST:
        raise PortError(f"{name}={text} is not a port: a number from 1 to {_HIGHEST}")
    return int(text)
