"""The annual report: A4, one wide-margined column, front matter in roman numerals, tables, a chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate, Spacer, Table
from reportlab.platypus.tableofcontents import TableOfContents

from sample_docs.sources import report_art as art
from sample_docs.sources.book import Book, Edition
from sample_docs.sources.figures import figure
from sample_docs.sources.flow import Sheet, compose, read_text
from sample_docs.sources.typography import HAIRLINE, QUIET, register_fonts, style

NAME = "harbour-energy-report.pdf"
LEFT, RIGHT, TOP, BOTTOM = 124.0, 60.0, 72.0, 76.0
WIDTH = A4[0] - LEFT - RIGHT


def _sheet() -> Sheet:
    styles = [
        style("h1", "Serif-Light", 29, 34, textColor=art.DEEP, spaceAfter=17),
        style("h2", "Sans-Bold", 12.5, 16, textColor=art.SEA, spaceBefore=11, spaceAfter=3),
        style("lead", "Serif-Italic", 14.2, 21, textColor=art.DEEP, spaceAfter=11),
        style("p", "Serif-Regular", 11.2, 16.6, spaceAfter=8),
        style("li", "Serif-Regular", 11.2, 16.6, leftIndent=13, bulletIndent=1, spaceAfter=4),
        style("sign", "Serif-Regular", 11.2, 16.6, spaceBefore=10),
        style("small", "Sans-Regular", 9.2, 13, textColor=QUIET, spaceBefore=8),
        style("panel", "Sans-Regular", 10.6, 15),
        style("caption", "Sans-Regular", 9.6, 13, textColor=art.SEA, spaceBefore=4, spaceAfter=5),
        style("figcaption", "Sans-Regular", 9.6, 13, textColor=art.SEA, spaceBefore=6),
        style("note", "Sans-Regular", 9.2, 13, textColor=QUIET, spaceBefore=6),
        style("th", "Sans-Bold", 9.8, 13),
        style("thn", "Sans-Bold", 9.8, 13, alignment=2),
        style("td", "Sans-Regular", 10.2, 13.4),
        style("tdn", "Sans-Regular", 10.2, 13.4, alignment=2),
        style("big", "Serif-Light", 25, 30, textColor=art.SEA),
        style("said", "Sans-Regular", 10.4, 14.5),
        style("toc", "Serif-Regular", 11.8, 21),
        style("contents", "Serif-Light", 29, 34, textColor=art.DEEP, spaceAfter=12),
    ]
    return Sheet({s.name: s for s in styles}, art.SEA, WIDTH, {"monthly": figure(art.monthly, 205)})


def label(page: int) -> str:
    """The number printed on a physical page: i and ii, then from 1."""
    return {1: "i", 2: "ii"}.get(page, str(page - 2))


def _cover(words: dict[str, Any]) -> Any:
    def draw(canvas: Canvas, _: Book) -> None:
        art.cover(canvas, *A4)
        canvas.setFillColor(art.SEA)
        canvas.setFont("Sans-Bold", 12)
        canvas.drawString(62, A4[1] - 92, words["cooperative"])
        canvas.setFillColor(art.DEEP)
        canvas.setFont("Serif-Light", 47)
        canvas.drawString(60, A4[1] - 158, words["title"])
        canvas.setFont("Serif-Italic", 16)
        canvas.drawString(62, A4[1] - 192, words["period"])
        canvas.setFillColor(art.DUSK)
        canvas.setFont("Serif-Italic", 13)
        canvas.drawString(62, 48, words["motto"])

    return draw


def _footer(words: dict[str, Any]) -> Any:
    def draw(canvas: Canvas, book: Book) -> None:
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.5)
        canvas.line(LEFT, 52, A4[0] - RIGHT, 52)
        canvas.setFont("Sans-Regular", 8.8)
        canvas.setFillColor(QUIET)
        canvas.drawString(LEFT, 39, f"{words['cooperative']} · {words['title']}")
        canvas.drawRightString(A4[0] - RIGHT, 39, label(book.page))

    return draw


def _front(words: dict[str, Any], sheet: Sheet) -> list[Flowable]:
    contents = TableOfContents(dotsMinLevel=-1)
    contents.levelStyles = [sheet.styles["toc"]]
    contents.formatter = label
    rows = [[sheet.paragraph(big, "big"), sheet.paragraph(said, "said")] for big, said in words["figures"]]
    figures = Table(rows, colWidths=[WIDTH * 0.4, WIDTH * 0.6])
    figures.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 9),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 11),
            ("LINEABOVE", (0, 0), (-1, -1), 0.5, HAIRLINE),
            ("LINEBELOW", (0, -1), (-1, -1), 0.5, HAIRLINE),
        ]
    )
    return [
        sheet.paragraph("Contents", "contents"),
        contents,
        Spacer(1, 44),
        sheet.paragraph("The year in figures", "contents"),
        figures,
    ]


class _TopLevelOnly(Book):
    """The contents page lists chapters, not their sections."""

    def notify(self, kind: str, stuff: Any) -> None:
        if stuff[0] == 0:
            super().notify(kind, stuff)


def build(folder: Path) -> None:
    """Write the report into the folder."""
    register_fonts()
    words = read_text("report.yaml")
    sheet = _sheet()
    frame = Frame(LEFT, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
    templates = [
        PageTemplate("cover", [Frame(60, 60, 300, 300)], onPage=_cover(words)),
        PageTemplate("body", [frame], onPageEnd=_footer(words)),
    ]
    edition = Edition(
        title=f"{words['cooperative']}: {words['title']}",
        author=words["cooperative"],
        subject=words["period"],
        keywords=("annual report", "tidal power", "Sallow Isles"),
        labels=((0, "ROMAN_LOWER", 1, None), (2, "ARABIC", 1, None)),
    )
    story = [NextPageTemplate("body"), Spacer(1, 1), PageBreak(), *_front(words, sheet), PageBreak()]
    _TopLevelOnly(folder / NAME, edition, A4, templates, label).make(story + compose(words["body"], sheet))
