"""Blocks of the YAML files to flowables. A block is a mapping with one key, its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    FrameBreak,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from sample_docs.sources.typography import HAIRLINE, INK, tint

TEXT = Path(__file__).parent / "text"


def read_text(name: str) -> Any:
    """One of the YAML files in ``text/``."""
    return yaml.safe_load((TEXT / name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Sheet:
    """How one document sets its blocks."""

    styles: Mapping[str, ParagraphStyle]
    accent: Color
    width: float  # of the text column, points
    drawings: Mapping[str, Callable[[float], Flowable]] = field(default_factory=dict)
    warning: Color = INK
    soft_hyphens: Mapping[str, str] = field(default_factory=dict)

    def paragraph(self, text: str, style: str = "p", **options: Any) -> Paragraph:
        """A paragraph in a named style, with the document's own hyphenation points."""
        text = text.replace("<sub>", '<sub rise="2" size="7">')  # the default hangs too low
        words = [self.soft_hyphens.get(word, word) for word in " ".join(text.split()).split(" ")]
        return Paragraph(" ".join(words), self.styles[style], **options)


def compose(blocks: Iterable[Mapping[str, Any]], sheet: Sheet) -> list[Flowable]:
    """The flowables of all blocks, in order.

    Raises:
        KeyError: a kind of block that does not exist.
    """
    story: list[Flowable] = []
    for block in blocks:
        ((kind, value),) = block.items()
        story.extend(_KINDS[kind](value, sheet))
    return story


def heading(text: str, style: str, level: int, sheet: Sheet) -> Paragraph:
    """A heading that also goes into the outline."""
    paragraph = sheet.paragraph(text, style)
    paragraph.heading = (level, text)
    return paragraph


def _heading(level: int) -> Callable[[str, Sheet], list[Flowable]]:
    # room for two lines below; keepWithNext would drag the whole next paragraph along
    return lambda text, sheet: [CondPageBreak(66), heading(text, f"h{level + 1}", level, sheet)]


def _plain(style: str) -> Callable[[str, Sheet], list[Flowable]]:
    return lambda text, sheet: [sheet.paragraph(text, style)]


def _bullets(items: list[str], sheet: Sheet) -> list[Flowable]:
    return [sheet.paragraph(item, "li", bulletText="•") for item in items]


def _steps(items: list[str], sheet: Sheet) -> list[Flowable]:
    return [sheet.paragraph(item, "step", bulletText=f"{n}") for n, item in enumerate(items, 1)]


def _table(spec: Mapping[str, Any], sheet: Sheet) -> list[Flowable]:
    """Horizontal rules only; ``numbers`` lists the columns set flush right, ``strong`` the bold rows."""
    numbers, strong = set(spec.get("numbers", ())), set(spec.get("strong", ()))
    columns = len(spec["head"])
    rows: list[list[Paragraph]] = []
    for r, row in enumerate([spec["head"], *spec["rows"]], -1):
        face = "th" if r < 0 else "td"
        cells = []
        for c in range(columns):
            text = f"<b>{row[c]}</b>" if r in strong else str(row[c])
            cells.append(sheet.paragraph(text, face + ("n" if c in numbers else "")))
        rows.append(cells)
    total = sum(spec["widths"])
    table = Table(rows, colWidths=[sheet.width * w / total for w in spec["widths"]], repeatRows=1)
    pad = spec.get("pad", 3.2)
    rules: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP" if spec.get("top") else "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), pad - 0.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), pad + 0.6),
        ("LINEABOVE", (0, 0), (-1, 0), 1.1, sheet.accent),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, sheet.accent),
        ("LINEBELOW", (0, 1), (-1, -2), 0.4, HAIRLINE),
        ("LINEBELOW", (0, -1), (-1, -1), 1.1, sheet.accent),
    ]
    rules += [("BACKGROUND", (0, r + 1), (-1, r + 1), tint(sheet.accent, 0.07)) for r in strong]
    table.setStyle(TableStyle(rules))
    parts: list[Flowable] = []
    if "caption" in spec:
        caption = sheet.paragraph(spec["caption"], "caption")
        caption.keepWithNext = 1
        parts.append(caption)
    parts.append(table)
    if "note" in spec:
        parts.append(sheet.paragraph(spec["note"], "note"))
    after = Spacer(1, spec.get("after", 9))
    return [*parts, after] if spec.get("split") else [KeepTogether([*parts, after])]


def _figure(spec: Mapping[str, Any], sheet: Sheet) -> list[Flowable]:
    drawing = sheet.drawings[spec["draw"]](sheet.width)
    return [KeepTogether([Spacer(1, 4), drawing, sheet.paragraph(spec["caption"], "figcaption")])]


def _panel(label: str) -> Callable[[str, Sheet], list[Flowable]]:
    def panel(text: str, sheet: Sheet) -> list[Flowable]:
        colour = sheet.warning if label == "Warning" else sheet.accent
        name = f'<font color="{colour.hexval().replace("0x", "#")}"><b>{label}</b></font>'
        box = Table([[sheet.paragraph(f"{name}&nbsp; {text}", "panel")]], colWidths=[sheet.width])
        box.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, -1), tint(colour, 0.08)),
                    ("LINEBEFORE", (0, 0), (0, -1), 2.4, colour),
                    ("LEFTPADDING", (0, 0), (-1, -1), 9),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 8),
                    ("TOPPADDING", (0, 0), (-1, -1), 4),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
                ]
            )
        )
        return [Spacer(1, 3), KeepTogether([box]), Spacer(1, 6)]

    return panel


def _equation(parts: tuple[str, str], sheet: Sheet) -> list[Flowable]:
    """The formula, and its number at the right edge of the column."""
    formula, number = (sheet.paragraph(part, "equation") for part in parts)
    line = Table([[formula, number]], colWidths=[sheet.width - 18, 18])
    line.setStyle(TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]))
    return [line, Spacer(1, 3)]


def _terms(entries: Mapping[str, str], sheet: Sheet) -> list[Flowable]:
    return [sheet.paragraph(f"<b>{term}</b>&nbsp; {meaning}", "term") for term, meaning in entries.items()]


_KINDS: dict[str, Callable[[Any, Sheet], list[Flowable]]] = {
    "h1": _heading(0),
    "h2": _heading(1),
    "p": _plain("p"),
    "lead": _plain("lead"),
    "small": _plain("small"),
    "sign": _plain("sign"),
    "equation": _equation,
    "reference": _plain("reference"),
    "ul": _bullets,
    "steps": _steps,
    "table": _table,
    "figure": _figure,
    "warning": _panel("Warning"),
    "tip": _panel("Good to know"),
    "terms": _terms,
    "space": lambda points, _: [Spacer(1, points)],
    "room": lambda points, _: [CondPageBreak(points)],
    "page": lambda template, _: [NextPageTemplate(template), PageBreak()] if template else [PageBreak()],
    "column": lambda _, __: [FrameBreak()],
}
