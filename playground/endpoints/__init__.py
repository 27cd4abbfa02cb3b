"""The app's named endpoints, for scripts: plain data in and out, in the shapes of the command line.

What takes long streams: every value but the last has ``"done": false``, the last one is the whole result.
"""

from __future__ import annotations

from gradio.events import api

from playground.endpoints import asking, chunking, documents, evaluating, reading, sampling, tools
from playground.services import Services
from playground.tabs.shell import guarded

#: Every endpoint a client may call, besides the tools of MCP; a test pins it.
NAMES = ("upload", "documents", "remove", "search", "ask", "chunk", "sample", "read", "evaluate")


def add_to(services: Services) -> None:
    """Register the endpoints in the Blocks being built."""
    for room in (documents, asking, chunking, sampling, reading, evaluating):
        for endpoint in room.endpoints(services):
            api(guarded(endpoint), api_name=endpoint.__name__, concurrency_limit=None)
    documents.upload_to(services)
    if services.settings.mcp:
        tools.add_to(services)
