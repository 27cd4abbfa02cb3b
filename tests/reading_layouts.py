"""Pages of other layouts than the samples', drawn by reportlab: each with the lines that are read from it, in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

PAGE = 595.0, 842.0  # points

COLUMNS = (
    (
        "The harbour froze in the first week of",
        "January and stayed shut until the thaw",
        "came with rain on the ninth of March.",
        "Sledges took the post across to the isle",
        "and brought back eggs in straw baskets.",
        "Nobody drowned, though the smith fell in",
        "near the old quay and was pulled out.",
    ),
    (
        "Prices rose as they do when ships wait.",
        "Coal went first, then lamp oil, then tea.",
        "The council met in the warm schoolroom",
        "and voted to open the reserve at once.",
        "Two members were against it and said so",
        "in a letter that the paper did not print",
        "because of its length and its language.",
    ),
    (
        "When the water opened the pilots went",
        "out before light and found the channel",
        "moved by half a mile to the west of us.",
        "They laid new buoys in a single tide and",
        "came home to a supper that lasted long.",
        "The old chart hangs in the museum now",
        "beside the bell that gave the warning.",
    ),
)


def receipt(canvas) -> list[str]:
    """Goods on the left, prices far on the right."""
    rows = [("Rye bread", "3.40"), ("Smoked herring", "12.75"), ("Lamp oil, 1 litre", "6.20"), ("Matches", "0.95")]
    rows += [("Subtotal", "23.30"), ("Tax 8 %", "1.86"), ("Total", "25.16")]
    canvas.setFont("Courier", 11)
    lines = ["HARBOUR STORES", "Quay Road 7"]
    for at, line in enumerate(lines):
        canvas.drawCentredString(150, 780 - 16 * at, line)
    for at, (good, price) in enumerate(rows):
        canvas.drawString(40, 730 - 16 * at, good)
        canvas.drawRightString(260, 730 - 16 * at, price)
    return [*lines, *(f"{good} {price}" for good, price in rows)]


def form(canvas) -> list[str]:
    """Labels with what was filled in beside them, on ruled lines, two fields on some."""
    rows = [
        [("Surname", "Castellane"), ("Given name", "Maud")],
        [("Street", "Lantern Lane 14")],
        [("Town", "Port Ellory"), ("Postcode", "PE4 2LX")],
        [("Date of birth", "17 March 1961"), ("Telephone", "0144 203")],
    ]
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(60, 760, "Application for a mooring")
    read = ["Application for a mooring"]
    for at, fields in enumerate(rows):
        y = 710 - 34 * at
        for (label, value), x in zip(fields, (60, 330), strict=False):
            canvas.setFont("Helvetica", 10)
            canvas.drawString(x, y, label)
            canvas.setFont("Times-Roman", 13)
            canvas.drawString(x + 80, y, value)
            canvas.setLineWidth(0.5)
            canvas.line(x + 76, y - 4, x + 220, y - 4)
        read.append(" ".join(f"{label} {value}" for label, value in fields))
    return read


def magazine(canvas) -> list[str]:
    """A headline over three columns; a picture stands in the middle one."""
    canvas.setFont("Times-Bold", 30)
    canvas.drawString(40, 770, "The winter that shut the harbour")
    canvas.setFont("Times-Roman", 10)
    read = ["The winter that shut the harbour"]
    for column, text in enumerate(COLUMNS):
        x, y = 40 + 180 * column, 730.0
        for at, line in enumerate(text):
            if column == 1 and at == 3:
                canvas.setFillGray(0.6)
                canvas.rect(x, y - 100, 160, 105, stroke=0, fill=1)
                canvas.setFillGray(0)
                y -= 120
            canvas.drawString(x, y, line)
            read.append(line)
            y -= 13
    return read


def letter(canvas) -> list[str]:
    """The sender on the right, the addressee on the left, the date on the right, and what is said."""
    canvas.setFont("Helvetica", 11)
    read = []
    for x, y, line in (
        (380, 790, "Harbour Office"),
        (380, 775, "Port Ellory"),
        (60, 720, "Mr Tobias Wenlock"),
        (60, 705, "Lantern Lane 14"),
        (380, 660, "9 March 1987"),
        (60, 620, "Dear Mr Wenlock,"),
        (60, 590, "your mooring is free from the first of April. Please bring the key of the old"),
        (60, 575, "one when you come, and the fee of forty crowns."),
        (60, 540, "Yours faithfully,"),
    ):
        canvas.drawString(x, y, line)
        read.append(line)
    return read


def drawn(layout: Callable[..., list[str]], path: Path) -> str:
    """Write a PDF of one layout; what is read from it."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), PAGE)
    lines = layout(canvas)
    canvas.save()
    return "\n".join(lines)
