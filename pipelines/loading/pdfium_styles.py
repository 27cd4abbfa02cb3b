"""pdfium, inside the parsing process: how large and how bold the lines of a page are drawn.

Every question is a call into C, and a manual has tens of thousands of lines: one letter of a line is asked
for, and more only where it stands out from most of the page.
"""

from __future__ import annotations

import re
from collections import Counter
from ctypes import create_string_buffer
from math import hypot
from typing import TYPE_CHECKING

from pipelines.loading.normal import TextMap

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

#: Range of the page's text, size in points as drawn, whether it is bold.
Block = tuple[int, int, float, bool]
_Style = tuple[float, bool]

_MOST_LINES = 600  # of a page; one with more is no page of prose, and may be made to cost memory
_LONGEST = 120  # characters of a line that may be a heading
_LONG = 40  # characters of a line inside a paragraph
_ENDS = ".!?:"
_NAME_BYTES = 128
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|^CM\w*BX", re.IGNORECASE)  # CMBX: TeX's own
_PLAIN_NAME = re.compile(rb"regular|roman|light|book|italic|oblique", re.IGNORECASE)
_BOLD_WEIGHT = 600  # guessed by pdfium from the width of stems: a name knows better
_LINE_STEP = 2.0  # sizes between two lines of one heading, at most
_SMALLEST_BOLD = 0.95  # of the size of most of the page
_CELL_GAP = 1.25  # sizes between two words, at least, in a row of a table
_LINE = re.compile(r"\S(?:.*\S)?")  # without the white space around it
_SPACE = re.compile(r"\s+")


def blocks(textpage: PdfTextPage, text: TextMap) -> list[Block]:
    """Lines of one style that follow each other, as ranges of the page's plain text.

    Lines that stand out from the page (larger, or bold) are joined only where they are close under each other;
    they are bold if all of the line is, and have size 0 if they are a row of cells. Empty where the text is
    invisible (over a scan: its sizes are guesses) or has very many lines.
    """
    found = [match.span() for match in _LINE.finditer(text.text)]
    if not found or len(found) > _MOST_LINES:
        return []
    pen = _Pen(textpage, text)
    if pen.invisible(max(found, key=lambda line: line[1] - line[0])[0]):
        return []
    styles = _middle_styles(pen, text.text, found)
    held: Counter[_Style] = Counter()
    for (start, end), style in zip(found, styles, strict=True):
        held[style] += end - start
    body = max(held, key=held.__getitem__)
    joined: list[Block] = []
    above = 0.0
    for (start, end), middle in zip(found, styles, strict=True):
        style, height = middle, 0.0  # ordinary lines are joined wherever they stand
        if _stands_out(middle, body) and end - start <= _LONGEST:
            style, height = pen.whole_line(start, text.text[start:end], middle, body)
        if joined and joined[-1][2:] == style and abs(height - above) <= _LINE_STEP * style[0]:
            start = joined.pop()[0]
        joined.append((start, end, *style))
        above = height
    return joined


def _middle_styles(pen: _Pen, text: str, lines: list[tuple[int, int]]) -> list[_Style]:
    """Style of a letter in the middle of each line: its ends may be a bold word, a bullet, a note's number.

    A long line that begins small is taken to go on in the style of the two above it, unasked.
    """
    styles: list[_Style] = []
    for at, (start, end) in enumerate(lines):
        goes_on = at > 1 and end - start >= _LONG and text[start].islower() and styles[-1] == styles[-2]
        if goes_on and text[lines[at - 1][1] - 1] not in _ENDS:
            styles.append(styles[-1])
            continue
        middle = (start + end) // 2
        while text[middle].isspace():
            middle += 1
        styles.append(pen.style(middle))
    return styles


def _stands_out(style: _Style, body: _Style) -> bool:
    return style[0] > body[0] or (style[1] and style[0] >= _SMALLEST_BOLD * body[0])


class _Pen:
    """Asks how single characters of a page are drawn."""

    def __init__(self, textpage: PdfTextPage, text: TextMap) -> None:
        import pypdfium2.raw as raw

        self._raw, self._page, self._unit = raw, textpage.raw, text.unit
        self._matrix, self._box, self._next = raw.FS_MATRIX(), raw.FS_RECTF(), raw.FS_RECTF()
        self._name = create_string_buffer(_NAME_BYTES)
        self._bold: dict[bytes, bool] = {}
        # pdfium's list of characters has some that are not in its text; on most pages, none.
        last = text.unit(len(text.text) - 1)
        self._shifted = raw.FPDFText_GetCharIndexFromTextIndex(self._page, last) != last

    def _index(self, offset: int) -> int:
        unit = self._unit(offset)
        return int(self._raw.FPDFText_GetCharIndexFromTextIndex(self._page, unit)) if self._shifted else unit

    def invisible(self, offset: int) -> bool:
        """Whether a character is not painted."""
        drawn = self._raw.FPDFText_GetTextObject(self._page, self._index(offset))
        if not drawn:
            return False
        return bool(self._raw.FPDFTextObj_GetTextRenderMode(drawn) == self._raw.FPDF_TEXTRENDERMODE_INVISIBLE)

    def style(self, offset: int) -> _Style:
        """Size in points and boldness of a character."""
        raw, index, matrix = self._raw, self._index(offset), self._matrix
        if not raw.FPDFText_GetMatrix(self._page, index, matrix):
            return 0.0, False
        size = raw.FPDFText_GetFontSize(self._page, index) * hypot(matrix.c, matrix.d)
        return round(size, 1), self._is_bold(index)

    def _is_bold(self, index: int) -> bool:
        length = self._raw.FPDFText_GetFontInfo(self._page, index, self._name, _NAME_BYTES, None)
        name = self._name.value if 0 < length <= _NAME_BYTES else b""
        bold = self._bold.get(name)
        if bold is None:
            weight = self._raw.FPDFText_GetFontWeight(self._page, index)
            bold = bool(_BOLD_NAME.search(name) or (weight >= _BOLD_WEIGHT and not _PLAIN_NAME.search(name)))
            if name:
                self._bold[name] = bold
        return bold

    def whole_line(self, start: int, line: str, middle: _Style, body: _Style) -> tuple[_Style, float]:
        """Style of a line by its first letter, its middle and its last word; and how far up it stands.

        The latter as its text is turned, in points.
        """
        last, first = self.style(start + line.rfind(" ") + 1), self.style(start)
        matrix = self._matrix  # of the first letter
        style = sorted((first[0], middle[0], last[0]))[1], first[1] and middle[1] and last[1]
        if not _stands_out(style, body):
            return style, 0.0
        if self._in_cells(start, line, style[0]):
            return (0.0, False), 0.0
        return style, (matrix.c * matrix.e + matrix.d * matrix.f) / (hypot(matrix.c, matrix.d) or 1.0)

    def _in_cells(self, start: int, line: str, size: float) -> bool:
        """Whether words are far apart; a number before a title may be."""
        one, other = self._box, self._next
        for gap in _SPACE.finditer(line):
            if not any(map(str.isalpha, line[: gap.start()])):
                continue
            for offset, box in ((gap.start() - 1, one), (gap.end(), other)):
                self._raw.FPDFText_GetLooseCharBox(self._page, self._index(start + offset), box)
            across = max(other.left - one.right, one.left - other.right)
            along = max(other.bottom - one.top, one.bottom - other.top)
            if max(across, along) > _CELL_GAP * size:
                return True
        return False
