"""Where sentences begin and end, as ranges that cover the whole text.

A rule-based splitter: punkt, which LlamaIndex ships, takes three times as long (0.28 s for 710,000 characters)
and cuts after "Fig."; the mistakes of these rules can be read off this page.
"""

from __future__ import annotations

import re
from itertools import pairwise

from pipelines.chunking.base import Span

#: A blank line, a form feed, or the end of a line that a list item or a Markdown heading follows.
_BLOCK = re.compile(
    r"\n[ \t\r]*\n\s*|\f\s*|\n(?=[ \t]*(?:[•◦▪‣*+–—-]|\(?[a-z0-9]{1,3}[.)])[ \t]+\S)"
    r"|\n(?=#{1,6} )|(?<=\|)[ \t]*\n(?=\|)"
)

#: A numbered heading (or a row of a table) alone on its line.
_HEADING = re.compile(r"^[ \t]*\d+(?:\.\d+)*\.?[ \t]+[^\W\d_][^\n.!?]{0,80}\n(?=[^\W_a-zß-öø-ÿ])", re.MULTILINE)

#: An end mark, closing quotes and brackets, then white space before something that opens a sentence.
#: A run of marks is tried once and as a whole: a million dots would else take a million times a million steps.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s+(?=[\"'“‘«(\[¿¡]*[^\W_a-zß-öø-ÿ])|[。！？]+[」』”’）]*\s*")

#: What stands before a full stop that ends no sentence.
_NO_END = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:mr|mrs|ms|dr|prof|sr|jr|st|mt|rev|hon|gen|col|capt|lt|sgt|fig|figs|eq|eqs|sec|sect|ch|chap"
    r"|vol|vols|no|nos|nr|pp|p|par|art|app|ref|refs|tab|ed|eds|cf|al|vs|viz|ca|approx|est|e\.g|i\.e|resp|incl|max|min"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|[A-Z]|\d{1,3})\.$",
    re.IGNORECASE,
)

#: A number ends a sentence only in running text, not as the mark of a list item or a heading.
_LIST_MARK = re.compile(r"(?:^|\n|[.!?:;] )[ \t]*\(?\d{1,3}\.$")
_NUMBER = re.compile(r"\d\.$")
_LOOK_BACK = 16


def sentence_spans(text: str) -> list[Span]:
    """Sentences as adjoining ranges: each runs to the beginning of the next, white space included."""
    borders = {0, *(m.end() for rule in (_BLOCK, _HEADING) for m in rule.finditer(text))}
    borders.update(m.end() for m in _END.finditer(text) if _ends(text, m))
    ordered = [*sorted(b for b in borders if b < len(text)), len(text)]
    return [Span(a, b) for a, b in pairwise(ordered)]


def _ends(text: str, mark: re.Match[str]) -> bool:
    """Whether an end mark really ends a sentence: not after an abbreviation, an initial, a list number."""
    at = mark.start()
    if text[at] != "." or text[at : at + 2] == "..":
        return True
    before = text[max(0, at - _LOOK_BACK) : at + 1]
    if _NUMBER.search(before):
        return not _LIST_MARK.search(before if at >= _LOOK_BACK else "\n" + before)
    return not _NO_END.search(before)
