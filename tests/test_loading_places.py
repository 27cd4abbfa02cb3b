"""Rectangles sit on the characters of their range and on no others; pictures stay within their size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from pipelines.errors import EncryptedFile, FileTooLarge, UsageError
from pipelines.loading import load, pdfium, pdfium_rectangles
from pipelines.loading.document import Document, Rect
from pipelines.loading.pdfium_picture import MAX_PIXELS, MAX_SIDE, scale
from pipelines.loading.places import line_ranges, page_picture, rectangles, rectangles_of
from pipelines.loading.process import PdfWorker
from pipelines.settings import Settings
from tests import bad_files
from tests.bad_files import SENTENCE

TURNS = {  # rotation -> matrix that makes text upright on the turned page, and where it starts
    0: "1 0 0 1 40 250",
    90: "0 1 -1 0 60 30",
    180: "-1 0 0 -1 360 60",
    270: "0 -1 1 0 300 270",
}


def page_with(text: list[str], rotation: int = 0, box: str = "/MediaBox[0 0 400 300]") -> bytes:
    """Lines of text that stand upright on a page turned by ``rotation``."""
    shown = " T* ".join(f"({bad_files._escaped(line)}) Tj" for line in text)
    content = f"BT /F 11 Tf 15 TL {TURNS[rotation]} Tm {shown} ET".encode("cp1252")
    return bad_files.one_page(content, bad_files.HELVETICA, page=f"{box}/Rotate {rotation}".encode())


def inside(data: bytes, rects: list[Rect]) -> str:
    """The characters whose middle lies in one of the rectangles, asked of pdfium one by one."""
    page = pypdfium2.PdfDocument(data)[0]
    left, bottom, right, top = page.get_bbox()
    rotation, textpage, found = page.get_rotation(), page.get_textpage(), ""
    for index in range(textpage.count_chars()):
        box = textpage.get_charbox(index)
        x, y = (box[0] + box[2]) / 2 - left, (box[1] + box[3]) / 2 - bottom
        width, height = right - left, top - bottom
        across, down = {
            0: (x / width, 1 - y / height),
            90: (y / height, x / width),
            180: (1 - x / width, y / height),
            270: (1 - y / height, 1 - x / width),
        }[rotation]
        if any(r.x0 < across < r.x1 and r.y0 < down < r.y1 for r in rects):
            found += textpage.get_text_range(index, 1, errors="surrogatepass")
    return found.encode("utf-16", "surrogatepass").decode("utf-16")


def in_process(path: Path, ranges: list[tuple[int, int]]) -> tuple[str, list[list[Rect]]]:
    """Text and rectangles of a one-page file by the worker's own functions, without the worker."""
    frames: list[tuple[dict[str, Any], bytes]] = []

    def keep(header: dict[str, Any], body: bytes = b"") -> None:
        frames.append((header, body))

    request = {"path": str(path), "name": path.name, "max_pages": 1}
    shelf = pdfium.Shelf()
    pdfium.send_text(shelf, request, keep)
    text = frames[-1][1].decode()
    wanted = {"number": 1, "digest": pdfium_rectangles.text_digest(text), "ranges": ranges}
    pdfium_rectangles.send_rectangles(shelf, {**request, "pages": [wanted]}, keep)
    return text, [[Rect(1, *box) for box in boxes] for boxes in frames[-1][0]["boxes"]]


def bare(text: str) -> str:
    """Without what has no ink, or not always."""
    return "".join(c for c in text if not c.isspace() and c not in "-\x02\ufffe")


WORDS = st.lists(st.text("abgjpqyABQ019é.,()", min_size=1, max_size=7), min_size=1, max_size=3).map(
    " ".join
)  # fits the page


@settings(max_examples=60, deadline=None)
@given(
    text=st.lists(st.one_of(WORDS, WORDS.map(lambda w: w + "bro-")), min_size=1, max_size=5),
    rotation=st.sampled_from(sorted(TURNS)),
    box=st.sampled_from(["/MediaBox[0 0 400 300]", "/MediaBox[-30 -20 420 310]/CropBox[10 5 390 295]"]),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_rectangles_hold_their_characters_and_no_others(tmp_path_factory, text, rotation, box, ends) -> None:
    path = tmp_path_factory.getbasetemp() / "page.pdf"
    data = page_with(text, rotation, box)
    path.write_bytes(data)
    read = in_process(path, [])[0]
    start, end = sorted(int(part * len(read)) for part in ends)
    wanted = bare(read[start:end])
    found = in_process(path, [(start, end)])[1][0] if wanted else []
    assert bare(inside(data, found)) == wanted
    assert len(found) <= len(text)


@pytest.fixture(scope="module")
def worker():
    with PdfWorker() as shared:
        yield shared


def document_of(path: Path, data: bytes, **how: Any) -> Document:
    path.write_bytes(data)
    return load(path, settings=Settings(), **how)


def test_ranges_over_ligatures_emoji_hyphens_and_left_out_characters(tmp_path) -> None:
    data = bad_files.to_unicode(
        b"BT /F 12 Tf 20 200 Td (x\001y\004 \002ne \003 bro-) Tj 0 -14 Td (ken end) Tj ET",
        {1: "😀", 2: "fi", 3: "𝑥", 4: "\x03"},
    )
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    text, _ = in_process(path, [])
    assert text == "x😀y fine 𝑥 broken end"
    for words in ("x😀", "y", "fine", "𝑥", "broken", "ken end", "end"):
        start = text.index(words)
        rects = in_process(path, [(start, start + len(words))])[1][0]
        assert bare(inside(data, rects)) == bare(words)


def test_ranges_over_pages(tmp_path, worker) -> None:
    path = tmp_path / "a.pdf"
    document = document_of(path, bad_files.pages(3))
    across = (document.text.index("fox"), document.text.index("Page 3. The") + 6)
    page_break = (document.pages[0].end, document.pages[1].start)
    found = rectangles_of(path, document, [across, page_break, (0, 4), (5, 5)], worker=worker)
    assert [r.page for r in found[0]] == [1, 2, 3]
    assert found[1] == found[3] == []
    assert found[2] == rectangles(path, document, 0, 4, worker=worker)
    assert found[2][0].page == 1
    assert found[2][0].x0 == pytest.approx(40 / 400, abs=0.01)
    assert 50 - 10 < found[2][0].y0 * 300 < 50 < found[2][0].y1 * 300 < 54  # the baseline is 50 from the top


def test_no_rectangles_where_the_text_is_not_pdfiums(tmp_path, worker) -> None:
    path = tmp_path / "a.pdf"
    document = document_of(path, bad_files.pages(2))
    path.write_bytes(bad_files.pages(2, "Another text of the same length"))
    assert rectangles(path, document, 0, 40, worker=worker) == []
    notes = tmp_path / "a.md"
    assert rectangles(notes, document_of(notes, b"# Hello"), 0, 5, worker=worker) == []


def test_lines_of_a_page(tmp_path, worker) -> None:
    path = tmp_path / "a.pdf"
    document = document_of(path, page_with(["one two", "three"]))
    ranges = list(line_ranges(document, document.pages[0]))
    assert [document.text[a:b] for a, b in ranges] == ["one two", "three"]
    first, second = rectangles_of(path, document, ranges, worker=worker)
    assert len(first) == len(second) == 1
    assert first[0].y1 < second[0].y0


@pytest.mark.parametrize("rotation", sorted(TURNS))
def test_the_ink_of_the_picture_is_in_the_rectangles(tmp_path, worker, rotation: int) -> None:
    path = tmp_path / "a.pdf"
    data = page_with(
        ["Highlights sit exactly", "on jumpy words"], rotation, "/MediaBox[0 0 400 300]/CropBox[10 20 390 290]"
    )
    document = document_of(path, data)
    picture = Image.open(io.BytesIO(page_picture(path, 1, width_px=1200, worker=worker))).convert("L")
    assert picture.width == 1200
    ink = ImageChops.invert(picture).getbbox()
    assert ink is not None
    rects = rectangles(path, document, 0, len(document.text), worker=worker)
    edges = (min(r.x0 for r in rects), min(r.y0 for r in rects), max(r.x1 for r in rects), max(r.y1 for r in rects))
    in_pixels = [edge * side for edge, side in zip(edges, picture.size * 2, strict=True)]
    assert ink == pytest.approx(in_pixels, abs=3)


# pictures ----------------------------------------------------------------------------------------------


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 5000))
@settings(deadline=None)
def test_pictures_have_a_largest_size(width: float, height: float, width_px: int) -> None:
    factor = scale(width, height, width_px)
    assert max(width, height) * factor <= MAX_SIDE * 1.001
    assert width * height * factor**2 <= MAX_PIXELS * 1.001
    assert width * factor <= width_px * 1.001


def test_huge_pages_are_drawn_small_and_huge_images_refused(tmp_path, worker) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bad_files.huge_page(1000, 100_000))
    picture = Image.open(io.BytesIO(page_picture(path, 1, width_px=4000, worker=worker)))
    assert picture.height <= MAX_SIDE
    path.write_bytes(bad_files.huge_image())
    with pytest.raises(FileTooLarge, match=r"Page 1 of big\.pdf holds an image of 100,000 × 100,000 pixels"):
        page_picture(path, 1, width_px=800, name="big.pdf", worker=worker)


def test_pictures_of_encrypted_files_and_missing_pages(tmp_path, worker) -> None:
    path = tmp_path / "locked.pdf"
    document = document_of(path, bad_files.encrypted("secret"), password="secret")
    with pytest.raises(EncryptedFile, match=r"locked\.pdf"):
        page_picture(path, 1, width_px=100, worker=worker)
    assert page_picture(path, 1, width_px=100, password="secret", worker=worker).startswith(b"\x89PNG")
    assert rectangles(path, document, 0, len(SENTENCE), "secret", worker=worker)
    with pytest.raises(UsageError, match=r"has no page 3.*1 to 2"):
        page_picture(path, 3, width_px=100, password="secret", worker=worker)
