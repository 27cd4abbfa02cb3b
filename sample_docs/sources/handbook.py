"""The operator's handbook: A5, numbered chapters and sections, procedures, warnings, fault codes, glossary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Frame, NextPageTemplate, PageBreak, PageTemplate, Spacer

from sample_docs.sources import handbook_art as art
from sample_docs.sources.book import Book, Edition
from sample_docs.sources.figures import figure
from sample_docs.sources.flow import Sheet, compose, read_text
from sample_docs.sources.typography import INK, PAPER, QUIET, register_fonts, style

NAME = "lanternfish-handbook.pdf"
SIDE, TOP, BOTTOM = 40.0, 52.0, 46.0
WIDTH = A5[0] - 2 * SIDE


def _sheet() -> Sheet:
    numbers = {"bulletFontName": "Sans-Bold", "bulletFontSize": 10.7, "bulletColor": art.GREEN}
    styles = [
        style("h1", "Sans-Bold", 18, 22, textColor=art.NIGHT, spaceAfter=9),
        style("h2", "Sans-Bold", 11.5, 15, textColor=art.GREEN, spaceBefore=7, spaceAfter=3),
        style("p", "Sans-Regular", 10.7, 14.8, spaceAfter=5),
        style("li", "Sans-Regular", 10.7, 14.8, leftIndent=12, bulletIndent=1, spaceAfter=3),
        style("step", "Sans-Regular", 10.7, 14.8, leftIndent=18, bulletIndent=2, spaceAfter=3.2, **numbers),
        style("term", "Sans-Regular", 10.7, 14.8, leftIndent=14, firstLineIndent=-14, spaceAfter=4.5),
        style("panel", "Sans-Regular", 10.4, 14.2),
        style("caption", "Sans-Regular", 9, 12),
        style("figcaption", "Sans-Regular", 9, 12, textColor=QUIET, spaceBefore=4, spaceAfter=9),
        style("note", "Sans-Regular", 9, 12.4, textColor=QUIET, spaceBefore=6),
        style("th", "Sans-Bold", 9.8, 12.6),
        style("thn", "Sans-Bold", 9.8, 12.6, alignment=2),
        style("td", "Sans-Regular", 10, 12.8),
        style("tdn", "Sans-Regular", 10, 12.8, alignment=2),
    ]
    drawings = {"side": figure(art.side, 156)}
    return Sheet({s.name: s for s in styles}, art.GREEN, WIDTH, drawings, warning=art.SIGNAL)


def _cover(words: dict[str, Any]) -> Any:
    def draw(canvas: Canvas, _: Book) -> None:
        art.cover(canvas, *A5)
        canvas.setFillColor(PAPER)
        canvas.setFont("Sans-Bold", 29)
        canvas.drawString(SIDE, A5[1] - 84, words["title"])
        canvas.setFont("Sans-Light", 15)
        canvas.drawString(SIDE, A5[1] - 107, words["subtitle"])
        canvas.setFont("Sans-Bold", 12)
        canvas.drawString(SIDE, 74, words["kind"])
        canvas.setFont("Sans-Regular", 10)
        canvas.drawString(SIDE, 58, words["edition"])
        canvas.drawString(SIDE, 44, words["maker"])

    return draw


def _furniture(words: dict[str, Any]) -> Any:
    def draw(canvas: Canvas, book: Book) -> None:
        canvas.setFillColor(art.GREEN)
        canvas.rect(0, A5[1] - 12, A5[0], 12, stroke=0, fill=1)
        canvas.setFont("Sans-Regular", 8.6)
        canvas.setFillColor(QUIET)
        canvas.drawString(SIDE, 26, f"{words['title']} · {words['kind']}")
        canvas.setFillColor(INK)
        canvas.setFont("Sans-Bold", 9)
        canvas.drawRightString(A5[0] - SIDE, 26, str(book.page))

    return draw


def build(folder: Path) -> None:
    """Write the handbook into the folder."""
    register_fonts()
    words = read_text("handbook.yaml")
    frame = Frame(SIDE, BOTTOM, WIDTH, A5[1] - TOP - BOTTOM, 0, 0, 0, 0)
    templates = [
        PageTemplate("cover", [Frame(40, 40, 200, 200)], onPage=_cover(words)),
        PageTemplate("body", [frame], onPageEnd=_furniture(words)),
    ]
    edition = Edition(
        title=f"{words['title']}: {words['kind']}",
        author=words["maker"],
        subject=words["edition"],
        keywords=("harbour sweeper", "fault codes", "maintenance", "spare parts"),
    )
    story = [NextPageTemplate("body"), Spacer(1, 1), PageBreak(), *compose(words["body"], _sheet())]
    Book(folder / NAME, edition, A5, templates).make(story)
