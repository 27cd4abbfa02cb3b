"""Headings of PDFs by the size and weight of their letters: the rule by hand, then whole files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.loading import load
from pipelines.loading.document import PAGE_BREAK, Document, Heading, Page
from pipelines.loading.heading_styles import Block, styled_headings
from pipelines.loading.headings import refine
from pipelines.loading.pages import Reading
from pipelines.settings import Settings
from sample_docs import folder
from tests import bad_files

PROSE = "\n".join(["Sea fog closes the harbour on sixty days in an average year, and the", "pilots wait for it."] * 5)

#: A line or more of one style: text, size, bold.
Drawn = tuple[str, float, bool]


def body(text: str = PROSE, size: float = 10.0) -> Drawn:
    return text, size, False


def headings_of(*pages: list[Drawn]) -> list[tuple[str, int, int]]:
    """Title, level and page of what is found in pages of drawn lines."""
    text, found, ranges = "", [], []
    for number, drawn in enumerate(pages, 1):
        text += PAGE_BREAK if text else ""
        start = len(text)
        for lines, size, bold in drawn:
            text += "\n" if len(text) > start else ""
            found.append(Block(len(text), len(text) + len(lines), size, bold))
            text += lines
        ranges.append(Page(number, str(number), start, len(text), 595, 842))
    headings = styled_headings(text, ranges, found)
    for heading in headings:
        assert text.startswith(heading.title.split()[0], heading.start)
    return [(heading.title, heading.level, heading.page) for heading in headings]


# the rule ----------------------------------------------------------------------------------------------


def test_sizes_become_levels_and_half_a_point_is_one_style() -> None:
    first = [("Fog", 24, False), ("Bells", 16, True), body(), ("Wind", 12, False), body()]
    second = [("Sand", 15.6, True), body(), ("Salt", 12.4, False), body(), ("Not larger", 11.1, False), body()]
    assert headings_of(first, second) == [
        ("Fog", 1, 1), ("Bells", 2, 1), ("Wind", 3, 1), ("Sand", 2, 2), ("Salt", 3, 2),
    ]  # fmt: skip


def test_at_most_six_levels() -> None:
    sizes = [30, 28, 26, 24, 22, 20, 18, 16]
    found = headings_of(*[[(f"Part {'abcdefgh'[n]}", size, False), body()] for n, size in enumerate(sizes)])
    assert [level for _, level, _ in found] == [1, 2, 3, 4, 5, 6, 6, 6]


def test_bold_lines_of_body_size_are_the_last_level() -> None:
    page = [("Fog", 14, True), body(), ("Bells", 10, True), body(), ("Smaller", 9, True), body(), ("Wind", 9.9, True)]
    assert headings_of(page) == [("Fog", 1, 1), ("Bells", 2, 1), ("Wind", 2, 1)]


def test_a_single_bold_line_is_emphasis() -> None:
    assert headings_of([body(), ("Ottoline Brack", 10, True), body()]) == []


def test_where_everything_is_bold_bold_is_no_heading() -> None:
    bold = [(PROSE, 10.0, True)]
    assert headings_of([*bold, ("Bells", 10, True), *bold, ("Fog", 14, True), *bold]) == [("Fog", 1, 1)]


def test_two_and_three_lines_are_one_heading_and_four_are_none() -> None:
    assert headings_of([("Forecasting Sea Fog from\nthe Sound of Moored Bells", 20, False), body()]) == [
        ("Forecasting Sea Fog from the Sound of Moored Bells", 1, 1)
    ]
    assert headings_of([("Fog\nand\nbells", 20, False), body()]) == [("Fog and bells", 1, 1)]
    assert headings_of([body(), ("A\nlong\npull\nquote", 14, False), body()]) == []


def test_a_number_begins_a_heading_of_its_own() -> None:
    found = headings_of([("2 Bells\n2.1 Sounds of\nbells", 14, True), body(), ("A.1 Wind\nB. Sand", 14, True), body()])
    assert [title for title, _, _ in found] == ["2 Bells", "2.1 Sounds of bells", "A.1 Wind", "B. Sand"]


@pytest.mark.parametrize(
    "line",
    [
        "12",
        "14:02",
        "A",
        "Revenue 10,511 9,928",  # more figures than letters
        "wind, and sand,",
        "fog and bells;",
        "∑ i = 1, x ÷ 2",
        "1 Introduction . . . . . . . . . 7",
        "• Switch it off",
        "Table 3. Skill over twelve months",
        "Abb. 4: Nebel",
        "It came in seven hundred times this year, all but eleven.",
        "x" * 121,
    ],
)
def test_what_is_no_title(line: str) -> None:
    assert headings_of([body(), (line, 14, True), body()]) == []


@pytest.mark.parametrize("line", ["Chapter I.", "1. Introduction", "Überblick", "霧笛", "Who may use it?", "Before:"])
def test_what_is_a_title(line: str) -> None:
    assert headings_of([body(), (line, 14, False), body()]) == [(line, 1, 1)]


def test_bold_words_of_a_paragraph_that_fill_a_line() -> None:
    runs_on = ("Never lift the craft by its slender mast when", 10, True)
    begins_small = ("or the two eyes", 10, True)
    sentence = ("Mind the gap.", 10, True)
    page = [body(), runs_on, body("it is afloat.\nUse the sling.\n" + PROSE), begins_small, body(), sentence, body()]
    assert headings_of(page) == []


def test_running_lines_are_no_headings() -> None:
    pages = [
        [("The Annual Report", 14, True), ("Fog" if n == 3 else "Report of the board", 14, False), body(),
         body(), (f"Harbour {n} of 8", 10, True)]
        for n in range(1, 9)
    ]  # fmt: skip
    assert headings_of(*pages) == [("Fog", 1, 3)]


def test_titles_that_come_again_inside_pages_or_far_apart_are_headings() -> None:
    inside = [[body(), body(), ("Example", 14, True), body(), body()] for _ in range(4)]
    assert len(headings_of(*inside)) == 4
    apart = [[("Exercises", 14, True), body()] if n % 5 == 0 else [body()] for n in range(20)]
    assert len(headings_of(*apart)) == 4


def test_entries_of_the_contents_are_no_headings() -> None:
    contents = [("Contents", 14, True), ("Bells 2", 12, True), ("Fog ii", 12, True), ("Wind 9", 12, True), body()]
    found = headings_of(contents, [("Bells", 14, True), body(), ("Fog", 14, True), body()])
    assert found == [("Contents", 1, 1), ("Wind 9", 2, 1), ("Bells", 1, 2), ("Fog", 1, 2)]


def test_an_implausible_guess_is_none() -> None:
    slide = [("Our plan", 40, True), ("Be first", 28, False), ("Be best", 28, False)]
    assert headings_of(*[slide] * 5) == []
    scan = [(f"Line {n} of a page that was scanned", 9 + n / 10, False) for n in range(20)]
    assert headings_of(scan) == []
    assert headings_of() == headings_of([]) == headings_of([("Fog", 0, False)]) == []


# beside an outline -------------------------------------------------------------------------------------


def at(start: int, title: str, level: int) -> Heading:
    return Heading(title, level, 1, start)


def refined(outline: list[Heading], styled: list[Heading]) -> list[tuple[str, int]]:
    return [(heading.title, heading.level) for heading in refine(outline, styled)]


def test_either_alone_stays_as_it_is() -> None:
    one = (at(0, "Fog", 1), at(50, "Bells", 3))
    assert refine(one, ()) == refine((), one) == one


def test_finer_headings_go_below_the_outline() -> None:
    outline = [at(100, "Fog", 1), at(300, "Bells", 1), at(400, "Sound", 2)]
    styled = [
        at(0, "The harbour", 1), at(100, "Fog", 2), at(150, "Night", 4), at(200, "Day", 5),
        at(250, "35.3 GWh", 1), at(300, "Bells", 2), at(400, "Sound", 3), at(450, "Loud", 4), at(470, "Low", 5),
    ]  # fmt: skip
    assert refined(outline, styled) == [
        ("Fog", 1), ("Night", 2), ("Day", 3), ("Bells", 1), ("Sound", 2), ("Loud", 3), ("Low", 4),
    ]  # fmt: skip


def test_a_heading_the_outline_forgot_has_the_level_of_its_style() -> None:
    outline = [at(0, "Part", 1), at(100, "Fog", 2), at(200, "Bells", 2)]
    styled = [at(0, "Part", 1), at(100, "Fog", 2), at(150, "Wind", 2), at(170, "Low", 3), at(200, "Bells", 2)]
    assert refined(outline, styled) == [("Part", 1), ("Fog", 2), ("Wind", 2), ("Low", 3), ("Bells", 2)]


def test_a_style_the_outline_mostly_leaves_out_goes_below() -> None:
    outline = [at(0, "Fog", 1), at(300, "Index", 1)]
    styled = [at(0, "Fog", 1), at(100, "Night", 2), at(200, "Day", 2), at(300, "Index", 2)]
    assert refined(outline, styled) == [("Fog", 1), ("Night", 2), ("Day", 2), ("Index", 1)]


def test_the_outline_names_a_heading_by_place_or_by_title() -> None:
    outline = [at(0, "Fog", 1), at(102, "Bells and whistles", 1), at(110, "The wind", 1)]
    styled = [at(100, "2 Bells and", 1), at(200, "3.1 THE  Wind", 1), at(300, "The wind", 2)]
    styled[2] = Heading("The wind", 2, 2, 300)
    assert refined(outline, styled) == [
        ("Fog", 1), ("Bells and whistles", 1), ("The wind", 1), ("The wind", 2),
    ]  # fmt: skip


# files -------------------------------------------------------------------------------------------------


def read(folder: Path, draw: Callable) -> Document:
    """What is read of a PDF that ``draw`` draws on a canvas."""
    from reportlab.pdfgen.canvas import Canvas

    path = folder / "drawn.pdf"
    canvas = Canvas(str(path), pagesize=(400, 600))
    draw(canvas)
    canvas.save()
    return load(path, settings=Settings())


def write(canvas, y: float, *lines: str, font: str = "Times-Roman", size: float = 10) -> float:
    """Lines under each other; where the next would stand."""
    for line in lines:
        canvas.setFont(font, size)
        canvas.drawString(40, y, line)
        y -= 1.3 * size
    return y


def prose(canvas, y: float) -> float:
    return write(canvas, y - 4, *PROSE.split("\n")) - 14


def titles(document: Document) -> list[tuple[str, int]]:
    for heading in document.headings:
        assert document.text.startswith(heading.title.split()[0], heading.start)
        page = document.pages[heading.page - 1]
        assert page.start <= heading.start < page.end
    return [(heading.title, heading.level) for heading in document.headings]


def test_three_sizes_and_running_lines(tmp_path) -> None:
    def draw(canvas) -> None:
        for number in range(1, 5):
            write(canvas, 580, "The Harbour Book", font="Helvetica-Bold", size=12)
            y = write(canvas, 540, "Fog and", "Bells", size=24) if number == 1 else 540
            y = prose(
                canvas, write(canvas, y - 8, f"{number} Part {'abcd'[number - 1]}", font="Helvetica-Bold", size=15)
            )
            prose(canvas, write(canvas, y, "Sand", font="Helvetica", size=12))
            write(canvas, 20, f"Page {number} of 4", font="Helvetica-Bold")
            canvas.showPage()

    document = read(tmp_path, draw)
    assert titles(document) == [
        ("Fog and Bells", 1),
        *[(t, n) for p in ("1 Part a", "2 Part b", "3 Part c", "4 Part d") for t, n in ((p, 2), ("Sand", 3))],
    ]
    assert document.heading_path(len(document.text)) == ("Fog and Bells", "4 Part d", "Sand")


def test_bold_headings_run_in_words_and_tables(tmp_path) -> None:
    def draw(canvas) -> None:
        y = 580.0
        for title in ("Wind and weather", "Sand"):
            y = prose(canvas, write(canvas, y, title, font="Times-Bold"))
            write(canvas, y, "Kelp.", font="Times-Bold")
            canvas.drawString(75, y, "The second tank came on line in June.")
            canvas.setFont("Times-Bold", 10)
            for column, name in enumerate(("Name", "Office", "Term ends")):
                canvas.drawString(40 + 90 * column, y - 20, name)
            y = write(canvas, y - 34, "Ottoline Brack, chair", "Jory Penhallan, boats") - 30

    assert titles(read(tmp_path, draw)) == [("Wind and weather", 1), ("Sand", 1)]


def test_sizes_are_as_drawn(tmp_path) -> None:
    def draw(canvas) -> None:
        canvas.scale(0.5, 0.5)
        canvas.translate(0, 500)
        y = prose(canvas, 580)
        text = canvas.beginText()
        text.setFont("Helvetica", 1)
        text.setTextTransform(15, 0, 0, 15, 40, y)
        text.textOut("By the text's matrix")
        canvas.drawText(text)
        y = prose(canvas, y - 15)
        canvas.saveState()
        canvas.scale(2, 2)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(20, y / 2, "By the page's")
        canvas.restoreState()
        prose(canvas, y - 15)
        canvas.rotate(90)
        write(canvas, -380, "Turned aside", size=15)

    assert titles(read(tmp_path, draw)) == [("By the text's matrix", 2), ("By the page's", 1), ("Turned aside", 2)]


def test_an_outline_keeps_its_levels_and_is_refined(tmp_path) -> None:
    def draw(canvas) -> None:
        write(canvas, 580, "The Harbour Book", size=30)
        canvas.showPage()
        for title in ("Fog", "Bells"):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level=0)
            y = prose(canvas, write(canvas, 580, title, size=20))
            for part in ("Night", "Day"):
                y = prose(canvas, write(canvas, y, part, font="Times-Bold"))
            canvas.showPage()

    found = titles(read(tmp_path, draw))
    assert found == [("Fog", 1), ("Night", 2), ("Day", 2), ("Bells", 1), ("Night", 2), ("Day", 2)]


def test_names_that_begin_small_and_figures_that_shout(tmp_path) -> None:
    def draw(canvas) -> None:
        y = 580.0
        for name in ("copy_node and its friends", "delete_node"):
            y = prose(canvas, write(canvas, y, name, font="Courier-Bold", size=12))
            y = write(canvas, y, *["and the text goes on over lines that are long"] * 3)
            write(canvas, y - 10, "35.3", size=20)
            canvas.setFont("Times-Roman", 10)
            canvas.drawString(82, y - 10, "hours were generated in the Narrows")
            y -= 40

    assert titles(read(tmp_path, draw)) == [("copy_node and its friends", 1), ("delete_node", 1)]


def test_text_that_is_italic_is_not_bold(tmp_path) -> None:
    def draw(canvas) -> None:
        y = 580.0
        for title in ("Wind", "Sand"):
            y = prose(canvas, write(canvas, y, title, font="Helvetica-Oblique"))

    assert titles(read(tmp_path, draw)) == []


def test_a_hostile_reader_cannot_place_blocks_elsewhere() -> None:
    reading = Reading()
    page = {"width": 1, "height": 1, "unmapped": 0}
    bad = [[-5, 2, 9, False], [0, 99, 9, False], [3, 3, 9, False], [0, 3, float("nan"), False], [0, 3, 9, True]]
    reading.take({**page, "number": 1}, "one")
    reading.take({**page, "number": 2, "blocks": bad}, "two")
    reading.take({**page, "number": 3, "unmapped": 1, "blocks": [[0, 5, 9, True]]}, "\ufffd" * 5)
    reading.settle()
    assert reading.pages[2].garbled
    assert reading.blocks == [Block(5, 8, 9.0, True)]


def test_slides_of_large_letters_have_none(tmp_path) -> None:
    def draw(canvas) -> None:
        for number in range(6):
            y = write(canvas, 560, f"Goal {'abcdef'[number]}", font="Helvetica-Bold", size=36)
            write(canvas, y, "Be the first", "Be the best", size=28)
            canvas.showPage()

    assert titles(read(tmp_path, draw)) == []


def test_the_invisible_text_over_a_scan_is_not_measured(tmp_path) -> None:
    def draw(canvas) -> None:
        text = canvas.beginText(40, 560)
        text.setTextRenderMode(3)
        for size, line in [(14, "Fog"), *((10, line) for line in PROSE.split("\n"))]:
            text.setFont("Helvetica", size)
            text.textLine(line)
        canvas.drawText(text)

    document = read(tmp_path, draw)
    assert document.text.startswith("Fog\n")
    assert titles(document) == []


def test_places_are_right_where_the_text_was_changed(tmp_path) -> None:
    lines = [r"x\001y and some more of it", *PROSE.split("\n")]
    shown = " ".join(f"({line}) Tj 0 -12 Td" for line in lines)
    content = f"BT /F 10 Tf 20 280 Td {shown} /F 15 Tf (bro-) Tj 0 -15 Td (ken \\001 bells) Tj ET"
    path = tmp_path / "a.pdf"
    path.write_bytes(bad_files.to_unicode(content.encode(), {1: "😀"}))
    document = load(path, settings=Settings())
    (heading,) = document.headings
    assert document.text[heading.start :] == heading.title == "broken 😀 bells"


# the samples -------------------------------------------------------------------------------------------


def without_outline(name: str) -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=folder() / name)
    del writer.root_object["/Outlines"]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["two-column-paper.pdf", "lanternfish-handbook.pdf", "harbour-energy-report.pdf"])
def test_the_outline_of_a_sample_is_found_again_without_it(tmp_path, name: str) -> None:
    known = load(folder() / name, settings=Settings()).headings
    path = tmp_path / name
    path.write_bytes(without_outline(name))
    guessed = load(path, settings=Settings()).headings
    assert {heading.start for heading in known} <= {heading.start for heading in guessed}
    levels = {heading.start: heading.level for heading in guessed}
    order = sorted({(heading.level, levels[heading.start]) for heading in known})
    assert len(order) == len({level for level, _ in order})  # one guessed level for each of the outline's,
    assert order == sorted(order, key=lambda pair: pair[1])  # in the same order
