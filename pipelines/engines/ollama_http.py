"""The connection to an Ollama server, and the one place where exceptions of httpx and ollama become ours."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.engines.connection import objects, open_stream
from pipelines.engines.ollama_errors import translate
from pipelines.errors import EngineFailed, EngineUnreachable

if TYPE_CHECKING:
    import httpx
    import ollama

CONNECT_S = 5.0
READ_S = 600.0  # loading a large model from a slow disk takes minutes before the first byte


class OllamaServer:
    """One address. Thread-safe; nothing is sent, and nothing imported, before the first call."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._lock = threading.Lock()
        self._client: ollama.Client | None = None

    @property
    def client(self) -> ollama.Client:
        """The one client of this server."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> ollama.Client:
        import httpx
        import ollama

        host = self.url.partition("://")[2]
        return ollama.Client(
            self.url,
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            # one connection a request: cutting one never touches another
            limits=httpx.Limits(max_keepalive_connections=0),
            # a proxy has no business between this machine and itself
            trust_env=not host.startswith(("127.", "localhost", "[::1]")),
        )

    @property
    def http(self) -> httpx.Client:
        """The client's own connection, for what the client hides."""
        http: httpx.Client = self.client._client
        return http

    def get(self, path: str, *, timeout_s: float = CONNECT_S) -> dict[str, Any]:
        """A quick question; raises EngineUnreachable, EngineFailed."""
        with self.boundary():
            answer = self.http.get(path, timeout=timeout_s).raise_for_status().json()
            if not isinstance(answer, dict):
                raise ValueError(f"{path} is not an object")
            return answer

    def stream(
        self, path: str, body: Mapping[str, Any], cancel: CancelFlag | None
    ) -> Generator[dict[str, Any], None, None]:
        """The lines of a streamed answer. A refusal comes as one line ``{"error": …, "status": …}``.

        Raises:
            Cancelled, EngineUnreachable, EngineFailed.
        """
        with self.boundary(), open_stream(self.http, "POST", path, body=body, cancel=cancel) as response:
            if response.is_success:
                yield from objects(response.iter_bytes())
            else:
                response.read()
                yield {"error": response.text, "status": response.status_code}

    @contextmanager
    def boundary(self, model: str = "") -> Iterator[None]:
        """Translate whatever the libraries raise inside the block."""
        import httpx
        import ollama

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, ConnectionError) as error:
            raise self.unreachable(str(error)) from error
        except ollama.ResponseError as error:
            raise translate(error.status_code, error.error, model=model) from error
        except httpx.TimeoutException as error:
            raise EngineFailed(
                f"Ollama at {self.url} did not answer in time.",
                "It may be busy with another request: `ollama ps` shows what runs.",
            ) from error
        except httpx.HTTPStatusError as error:
            raise translate(error.response.status_code, error.response.text, model=model) from error
        except httpx.HTTPError as error:
            raise EngineFailed(f"The connection to Ollama at {self.url} broke: {error}.", "Try again.") from error
        except (ValueError, TypeError, KeyError, AttributeError, httpx.InvalidURL) as error:
            raise EngineFailed(f"What answers at {self.url} is not Ollama: {error}.", "Check OLLAMA_HOST.") from error

    def unreachable(self, why: str) -> EngineUnreachable:
        """The error for an address where nothing answers."""
        reason = why.splitlines()[0].partition(" Please check")[0].rstrip(".") if why else "no connection"
        return EngineUnreachable(
            f"No Ollama answers at {self.url} ({reason}).",
            "Start it with `ollama serve` or its app, or set OLLAMA_HOST to where it runs.",
        )

    def close(self) -> None:
        """Close the client; the next call opens another."""
        with self._lock:
            if self._client is not None:
                self._client.close()  # type: ignore[no-untyped-call]
                self._client = None
