"""Put on PYTHONPATH: notes every host but loopback that the process asks for, and refuses the connection."""

import os
import socket

_LOG = os.environ.get("NETWORK_LOG", "")
_connect, _resolve = socket.socket.connect, socket.getaddrinfo


def _local(host):
    return str(host) in ("", "None", "localhost", "::1", "0.0.0.0", "::") or str(host).startswith("127.")


def _note(host):
    if _local(host):
        return
    with open(_LOG, "a", encoding="utf-8") as log:
        log.write(f"{host}\n")
    raise OSError(f"{host} is not this machine")


def connect(self, address):
    if isinstance(address, tuple):
        _note(address[0])
    return _connect(self, address)


def resolve(host, *rest, **more):
    _note(host.decode() if isinstance(host, bytes) else host)
    return _resolve(host, *rest, **more)


if _LOG:
    socket.socket.connect, socket.getaddrinfo = connect, resolve
