"""Who may use the app: nobody but this machine's user, or the people of ``--auth``."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import ip_address

from pipelines.errors import UsageError
from pipelines.settings import Settings

_HOW = "Write it as user:password."


class Accounts:
    """Names and passwords; of a password only a digest is kept.

    Args:
        pairs: ``user:password`` each.

    Raises:
        UsageError: one has another form, or a name comes twice. No message repeats what was given.
    """

    def __init__(self, pairs: Iterable[str]) -> None:
        self._digests: dict[str, bytes] = {}
        for pair in pairs:
            name, colon, password = pair.partition(":")
            name = name.strip()
            if not (name and colon and password):
                raise UsageError("--auth needs a user and a password.", _HOW)
            if name in self._digests:
                raise UsageError(f"--auth names {name!r} twice.", "Give each user one password.")
            self._digests[name] = _digest(name, password)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def allows(self, name: str, password: str) -> bool:
        """Whether somebody is who they say; it takes as long whatever is wrong."""
        given = _digest(name.strip(), password)
        return sum(hmac.compare_digest(given, known) for known in self._digests.values()) > 0

    def of_header(self, authorization: str) -> str:
        """The user that an ``Authorization: Basic …`` header proves; "" where it proves none."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            name, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return name.strip() if self.allows(name, password) else ""


def _digest(name: str, password: str) -> bytes:
    return sha256(f"{name}\0{password}".encode("utf-8", "surrogatepass")).digest()


def of_cookies(cookies: Mapping[str, str], cookie_id: str, tokens: Mapping[str, str]) -> str:
    """The user whom Gradio's own cookies of a sign-in name; "" where there are none, or old ones.

    Args:
        cookies: Of the request.
        cookie_id: In the names of this server's cookies.
        tokens: The sign-ins that hold, token -> user.
    """
    names = (f"access-token-{cookie_id}", f"access-token-unsecure-{cookie_id}")
    return next((tokens[cookies[name]] for name in names if cookies.get(name, "") in tokens), "")


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_reach(settings: Settings) -> Accounts:
    """Who may use the app that these settings start.

    Raises:
        UsageError: other machines could reach it, and anybody there could use it.
    """
    accounts = Accounts(settings.auth)
    if not (accounts or settings.insecure or is_loopback(settings.host)):
        raise UsageError(
            f"On {settings.host} everybody in the network could read, add and remove your documents.",
            "Give people a sign-in (--auth user:password), stay on 127.0.0.1, or say --insecure.",
        )
    return accounts
