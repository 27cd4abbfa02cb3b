"""Answers of the sampling lab made by hand, the tokens that could break a page, and markup as a browser reads it."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.engines.sampling import SamplingParams
from pipelines.samples import Sample
from playground.sampling.facts import Facts
from playground.sampling.full import FullRows
from playground.sampling.looking import look
from playground.sampling.state import Lens

#: (text of its own, bytes): what tokens may be.
HOSTILE = [
    ("<script>alert(1)</script>", ()),
    ('"><img src=x onerror=alert(2)>', ()),
    ("&lt;b&gt;", ()),
    ("'", ()),
    (" ", ()),
    ("\n", ()),
    ("\r\n\t", ()),
    ("\u00a0", ()),
    ("\u200b", ()),
    ("\u202eevil", ()),
    ("\u202e", ()),
    ("\x00\x1b[31m", ()),
    ("שלום", ()),
    ("مرحبا", ()),
    ("👩\u200d🚀", ()),
    ("\u200d", ()),
    ("\ufe0f", ()),
    ("", (240, 159)),  # the first half of a character
    ("😀", (152, 128)),  # the other half brings the text
    ("\ufffd", ()),
    ("", ()),
]

#: Kinds of characters that leave no ink.
INKLESS = ("Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co", "Cs")


class Page(HTMLParser):
    """Markup as a browser reads it: elements with attributes and text, properly nested."""

    def __init__(self, markup):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(str(markup))
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "img", "iframe", "style")
        one = (tag, dict(attrs), [])
        assert not any(name.startswith("on") for name, _ in attrs)
        self.elements.append(one)
        if tag not in ("br", "hr", "input"):
            self._open.append(one)

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, text in self._open:
            text.append(data)

    def find(self, class_):
        return [one for one in self.elements if class_ in (one[1].get("class") or "").split()]


def ink(text):
    return [char for char in text if unicodedata.category(char) not in INKLESS and not "\ufe00" <= char <= "\ufe0f"]


def words(element):
    return "".join(element[2])


def event(text, logprob=-0.5, candidates=None, raw=None, id=None):
    given = tuple(text.encode()) if raw is None else raw
    found = (Candidate(text, logprob, given, id),) if candidates is None else tuple(candidates)
    return TokenEvent(text, logprob, found, given, id)


def sample_of(*said, state="done", model="smollm2", **more):
    tokens = tuple(one if isinstance(one, TokenEvent) else event(one) for one in said)
    text = "".join(token.text for token in tokens)
    more = {"tokens": tokens, "text": text, "finish": "stop", **more}
    return replace(Sample(SamplingParams(), "ollama", "0.32.15", model, state=state), **more)


def facts_for(**values):
    neutral = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0}
    given = {name: (value, "you") for name, value in {**neutral, **values}.items()}
    return Facts("ollama", "0.32.15", "smollm2", given, given, {}, LLAMA_ORDER, 1000)


def seen(sample, token=-1, lens=None, rows=None, key="", **values):
    return look(0, sample, facts_for(**values), lens or Lens(), rows or FullRows(), key, token)


def spread(*shares):
    """A token with candidates of these probabilities, the first one said."""
    found = [Candidate(f" {n}", math.log(share), (32, 48 + n)) for n, share in enumerate(shares)]
    return TokenEvent(" 0", found[0].logprob, tuple(found), found[0].bytes)


def second(*shares):
    """The same, but the second was said."""
    other = spread(*shares).candidates[1]
    return replace(spread(*shares), text=other.token, bytes=other.bytes, logprob=other.logprob)
