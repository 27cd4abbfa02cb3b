"""The paper: A4, two justified columns, abstract across both, equations, a figure, labels from 41."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, FrameBreak, NextPageTemplate, PageTemplate

from sample_docs.sources import paper_art as art
from sample_docs.sources.book import Book, Edition
from sample_docs.sources.figures import figure
from sample_docs.sources.flow import Sheet, compose, read_text
from sample_docs.sources.typography import HAIRLINE, INK, QUIET, register_fonts, style

NAME = "two-column-paper.pdf"
FIRST = 41  # the first page's number in the volume
SIDE, TOP, BOTTOM, GUTTER = 52.0, 66.0, 60.0, 18.0
COLUMN = (A4[0] - 2 * SIDE - GUTTER) / 2
OPENING = 222.0  # height of title and abstract on the first page


def _sheet(hyphens: str) -> Sheet:
    body: dict[str, Any] = {"alignment": 4, "spaceShrinkage": 0.03}
    styles = [
        style("h1", "Sans-Bold", 11.8, 15, textColor=art.WINE, spaceBefore=10, spaceAfter=3),
        style("h2", "Sans-BoldItalic", 10.6, 14, spaceBefore=5, spaceAfter=2),
        style("p", "Serif-Regular", 10.3, 14, spaceAfter=5, **body),
        style("abstract", "Serif-Regular", 10.5, 14.4, leftIndent=34, rightIndent=34, **body),
        style("title", "Serif-Regular", 21, 26, alignment=1, spaceAfter=9),
        style("authors", "Serif-Regular", 11.5, 15, alignment=1),
        style("place", "Serif-Italic", 10.2, 14, alignment=1, textColor=QUIET, spaceAfter=12),
        style("equation", "Serif-Regular", 10.6, 15),
        style("reference", "Serif-Regular", 9.4, 12.6, leftIndent=15, firstLineIndent=-15, spaceAfter=2.5),
        style("caption", "Sans-Regular", 9.3, 12.2, spaceBefore=4, spaceAfter=4),
        style("figcaption", "Sans-Regular", 9.3, 12.2, spaceBefore=3, spaceAfter=6),
        style("th", "Sans-Bold", 9.5, 12),
        style("thn", "Sans-Bold", 9.5, 12, alignment=2),
        style("td", "Sans-Regular", 9.7, 12),
        style("tdn", "Sans-Regular", 9.7, 12, alignment=2),
    ]
    soft = {word.replace("-", ""): word.replace("-", "\u00ad") for word in hyphens.split()}
    drawings = {"rays": figure(art.rays, 104), "night": figure(art.night, 172)}
    return Sheet({s.name: s for s in styles}, art.WINE, COLUMN, drawings, soft_hyphens=soft)


def _head(words: dict[str, Any]) -> Any:
    def draw(canvas: Canvas, _: Book) -> None:
        canvas.setFillColor(QUIET)
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.5)
        canvas.setFont("Serif-Italic", 9)
        y = A4[1] - 42
        canvas.drawString(SIDE, y, words["journal"])
        canvas.setFont("Serif-Regular", 9)
        canvas.drawRightString(A4[0] - SIDE, y, words["issue"])
        canvas.line(SIDE, y - 6, A4[0] - SIDE, y - 6)

    return draw


def _foot(canvas: Canvas, book: Book) -> None:
    canvas.setFillColor(INK)
    canvas.setFont("Serif-Regular", 9)
    canvas.drawCentredString(A4[0] / 2, 34, label(book.page))


def label(page: int) -> str:
    """The number printed on a physical page."""
    return str(page + FIRST - 1)


def _templates(words: dict[str, Any]) -> list[PageTemplate]:
    def columns(top: float) -> list[Frame]:
        xs = (SIDE, SIDE + COLUMN + GUTTER)
        return [Frame(x, BOTTOM, COLUMN, A4[1] - top - BOTTOM, 0, 0, 0, 0) for x in xs]

    opening = Frame(SIDE, A4[1] - TOP - OPENING, A4[0] - 2 * SIDE, OPENING, 0, 0, 0, 0)
    head = _head(words)
    return [
        PageTemplate("first", [opening, *columns(TOP + OPENING + 10)], onPage=head, onPageEnd=_foot),
        PageTemplate("rest", columns(TOP), onPage=head, onPageEnd=_foot),
    ]


def _opening(words: dict[str, Any], sheet: Sheet) -> list[Flowable]:
    return [
        sheet.paragraph(words["title"], "title"),
        sheet.paragraph(words["authors"], "authors"),
        sheet.paragraph(f"{words['affiliation']}<br/>{words['dates']}", "place"),
        sheet.paragraph(
            f'<font name="Sans-Bold" color="#7a2e3a">Abstract</font>&nbsp; {words["abstract"]}', "abstract"
        ),
        FrameBreak(),
        NextPageTemplate("rest"),
    ]


def build(folder: Path) -> None:
    """Write the paper into the folder."""
    register_fonts()
    words = read_text("paper.yaml")
    sheet = _sheet(words["hyphens"])
    edition = Edition(
        title=words["title"],
        author=words["authors"],
        subject=f"{words['journal']}, {words['issue']}",
        keywords=("sea fog", "bell buoys", "acoustics", "Sallow Isles"),
        labels=((0, "ARABIC", FIRST, None),),
    )
    story = _opening(words, sheet) + compose(words["body"], sheet)
    Book(folder / NAME, edition, A4, _templates(words), label).make(story)
