"""Reading payloads: what LlamaIndex's ``node_to_metadata_dict`` wrote, without building nodes."""

from __future__ import annotations

import json

from pipelines.errors import StoreError
from pipelines.stores.base import Payload


def searched_text(payload: Payload) -> str:
    """What a passage is searched by: its text, after its header where it has one.

    Raises:
        StoreError: as :func:`node_text`.
    """
    header = payload.get("header")
    return f"{header}\n\n{node_text(payload)}" if header else node_text(payload)


def node_text(payload: Payload) -> str:
    """The text of the passage.

    Raises:
        StoreError: the payload was not written by LlamaIndex.
    """
    try:
        content = json.loads(payload["_node_content"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            "A passage of the index has no readable '_node_content'.",
            "Another program wrote it; remove the index and index again.",
        ) from error
    text = content.get("text")
    if text is None:  # nodes of LlamaIndex's newer kind
        text = (content.get("text_resource") or {}).get("text")
    return str(text or "")
