"""Names, kinds, plain text, Markdown; pdfium's text made plain; boxes to lines; health. All in this process."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DamagedFile, DocumentError, FileTooLarge, UnsupportedFile
from pipelines.loading import load
from pipelines.loading.document import Page
from pipelines.loading.geometry import fractions, lines, on_page
from pipelines.loading.headings import place_headings
from pipelines.loading.health import garbled, pdf_health
from pipelines.loading.kinds import digest, kind_of, safe_name
from pipelines.loading.normal import TextMap, plain
from pipelines.loading.plain import decode, markdown_headings
from pipelines.settings import Settings

# names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        (r"C:\Users\me\a.b.pdf", "a.b.pdf"),
        ("/tmp/folder/", "folder"),
        ("..", "document"),
        ("", "document"),
        ("🐙 notes.md", "🐙 notes.md"),
        ("👩‍🔬.md", "👩‍🔬.md"),
        ("<script>alert(1)<!script>.pdf", "<script>alert(1)<!script>.pdf"),
        ("a\x00b\nc\u202efdp.pdf", "abcfdp.pdf"),
        (" .hidden ", ".hidden"),
    ],
)
def test_safe_name(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@settings(deadline=None)
@given(st.text(max_size=400))
def test_safe_name_is_always_one_short_visible_name(name: str) -> None:
    safe = safe_name(name)
    assert safe.strip(".")
    assert len(safe) <= 200
    assert not set(safe) & set("/\\\n\r\x00")
    assert safe_name(safe) == safe


def test_long_names_keep_their_extension() -> None:
    assert safe_name("x" * 500 + ".markdown").endswith("x.markdown")


# kinds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", b"%PDF-1.4", "pdf"),
        ("a.txt", b"junk before it\n%PDF-1.7", "pdf"),
        ("a.pdf", b"x" * 5000 + b"%PDF-1.7", "pdf"),
        ("a.MD", b"# Hi", "markdown"),
        ("README", b"hello", "text"),
        ("a.log", b"hello", "text"),
    ],
)
def test_kind_by_content_then_by_name(tmp_path, name: str, data: bytes, kind: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(data)
    assert kind_of(path, name) == kind


def test_unsupported_and_limits_name_the_file(tmp_path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a" * 2_000_001)
    with pytest.raises(UnsupportedFile, match=r"sheet\.xlsx"):
        kind_of(path, "sheet.xlsx")
    with pytest.raises(FileTooLarge, match=r"big\.txt has 2 MB; the limit is 1 MB.*MAX_FILE_MB"):
        digest(path, "big.txt", 1)
    with pytest.raises(DocumentError, match=r"gone\.txt could not be opened"):
        digest(tmp_path / "gone.txt", "gone.txt", 1)
    with pytest.raises(DocumentError, match="could not be opened"):
        digest(tmp_path, "folder", 1)


# plain text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_text_is_the_files_own(tmp_path, encoding: str) -> None:
    text = "Grüße,\r\nÅngström — “quotes”\f\n\n\tend with plain letters \r\n"
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    document = load(path, settings=Settings())
    assert document.text == text
    assert [(p.number, p.start, p.end) for p in document.pages] == [(1, 0, len(text))]
    assert document.health.words == 8
    assert (document.kind, document.name, len(document.id)) == ("text", "a.txt", 64)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda t: t[0] != "\ufeff"))
def test_utf8_round_trip(text: str) -> None:
    assert decode(text.encode(), "a.txt") == (text, "")


def test_other_encodings_are_guessed_and_noted() -> None:
    text, note = decode("café – naïve".encode("cp1252"), "a.txt")
    assert text == "café – naïve"
    assert "Windows-1252" in note
    assert decode(b"caf\xe9 \x81", "a.txt")[0] == "café \x81"


@pytest.mark.parametrize("data", [b"PK\x03\x04\x00\x00", bytes(range(256)), b"\x00" * 50, b"a\x01b\x02" * 9])
def test_junk_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedFile, match=r"a\.txt is not text"):
        decode(data, "a.txt")


def test_half_a_character_of_utf16_is_damage() -> None:
    with pytest.raises(DamagedFile, match="UTF-16-LE"):
        decode(b"\xff\xfea\x00b", "a.txt")


MARKDOWN = """---
title: Not a heading
---
# One #
text
## Two *a*

```
# not a heading
~~~
```
Three
=====
a long
title
---

- item
---
    # code
####### seven
#none
~~~ python
# no
"""


def test_markdown_headings() -> None:
    found = list(markdown_headings(MARKDOWN))
    assert [(h.title, h.level) for h in found] == [("One", 1), ("Two *a*", 2), ("Three", 1), ("a long title", 2)]
    for heading in found:
        assert MARKDOWN[heading.start :].lstrip("# ").startswith(heading.title.split()[0])


@settings(deadline=None)
@given(st.text(alphabet="#=-`~ ab\n\r\t>.1\f", max_size=200))
def test_markdown_headings_are_places_in_order(text: str) -> None:
    found = list(markdown_headings(text))
    assert all(a.start < b.start for a, b in pairwise(found))
    assert all(text[h.start : h.start + 1] and h.title.split()[0] in text[h.start :] for h in found if h.title)


# pdfium's text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\r\r\n", "\n\n"),
        ("bro\ufffeken", "broken"),
        ("bro\x02ken", "broken"),
        ("Jean\ufffePaul", "Jean-Paul"),
        ("12\ufffe13", "12-13"),
        ("last\ufffe", "last-"),
        (" \ufffex", " x"),
        ("a\x00b\x90c\ud800d\tz", "abcd\tz"),
        ("x😀y\r\nz", "x😀y\nz"),
    ],
)
def test_plain(raw: str, text: str) -> None:
    assert plain(raw) == text


RAW = st.lists(
    st.sampled_from(["\r\n", "\r", "\n", "\ufffe", "\x02", "\x00", "\ud83d", "\ude00x", "😀", "a", "B", "é", "1", " "])
).map("".join)


@settings(deadline=None)
@given(RAW)
def test_the_map_is_the_text_and_points_back(raw: str) -> None:
    mapped = TextMap(raw)
    assert mapped.text == plain(raw)
    units = raw.encode("utf-16-le", "surrogatepass")
    places = [mapped.unit(offset) for offset in range(len(mapped.text))]
    assert places == sorted(set(places))
    for character, place in zip(mapped.text, places, strict=True):
        at_place = units[2 * place : 2 * place + 2].decode("utf-16-le", "surrogatepass")
        if character == "\n":
            assert at_place in "\r\n"
        elif character == "-":
            assert at_place in "\ufffe\x02"
        else:
            assert at_place == character.encode("utf-16-le")[:2].decode("utf-16-le", "surrogatepass")


# boxes -------------------------------------------------------------------------------------------------


def test_on_page_by_hand() -> None:
    page = (10.0, 20.0, 110.0, 220.0)  # 100 wide, 200 high
    box = (10.0, 210.0, 30.0, 220.0)  # the top left corner: 20 wide, 10 high
    assert on_page(box, page, 0) == (0, 0, 20, 10)
    assert on_page(box, page, 90) == (190, 0, 200, 20)  # now at the top right
    assert on_page(box, page, 180) == (80, 190, 100, 200)  # bottom right
    assert on_page(box, page, 270) == (0, 80, 10, 100)  # bottom left


def test_lines_by_hand() -> None:
    word, after, far = (0, 0, 10, 10), (12, 1, 20, 9), (60, 0, 70, 10)
    below, space = (0, 12, 10, 22), (10, 9, 12, 9.01)
    assert lines([word, space, after]) == [(0, 0, 20, 10)]
    assert lines([word, far]) == [word, far]
    assert lines([word, below]) == [word, below]
    footnote_mark = (10, -6, 12, -2)
    assert lines([word, footnote_mark, after]) == [(0, 0, 20, 10), footnote_mark]


BOXES = st.lists(
    st.tuples(*[st.floats(0, 100)] * 2, *[st.floats(0.2, 50)] * 2).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=12,
)


@settings(deadline=None)
@given(BOXES)
def test_lines_cover_every_box(boxes) -> None:
    joined = lines(boxes)
    assert len(joined) <= len(boxes)
    for x0, y0, x1, y1 in boxes:
        assert any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in joined)


def test_fractions_are_cut_at_the_page() -> None:
    assert fractions((-5, 10, 50, 120), 100, 100) == (0, 0.1, 0.5, 1)
    assert fractions((110, 10, 150, 20), 100, 100) is None


# health ------------------------------------------------------------------------------------------------

PROSE = "The pump must be checked every hundred hours, and the filter replaced when the warning light comes on. "


@pytest.mark.parametrize(
    ("text", "unmapped", "odd"),
    [
        (PROSE * 3, 0, False),
        (PROSE, 0.5, True),
        ("".join(chr(ord(c) + 3) if c.isalpha() else c for c in PROSE.lower()) * 4, 0, True),
        ("\ue001\ue002 \ue003 abc", 0, True),
        ("(cid:12)(cid:7) x", 0, True),
        ("/g12/g7/g9", 0, True),
        ("\ufffd" * 4 + "word", 0, True),
        ("Žluťoučký kůň příšerně úpěl ďábelské ódy " * 6, 0, False),
        ("漢字かな交じり文は日本語です。" * 20, 0, False),
        ("Привет, это обычный русский текст. " * 9, 0, False),
        ("0.25 1,300 kg 17:45 42 % \t 7 " * 20, 0, False),
        ("\ue000 one bullet before a normal sentence of some length", 0, False),
        ("", 0, False),
    ],
)
def test_garbled(text: str, unmapped: float, odd: bool) -> None:
    assert garbled(text, unmapped) is odd


def test_health_counts_and_says() -> None:
    text = "one two\n\n \n\n\ufffd\ufffd"
    pages = [Page(1, "1", 0, 7, 1, 1), Page(2, "2", 9, 10, 1, 1), Page(3, "3", 12, 14, 1, 1, garbled=True)]
    health = pdf_health(text, pages, encrypted=True, notes=["and more"])
    assert (health.words, health.pages_without_text, health.garbled_pages) == (3, 1, 1)
    assert [note.split()[0] for note in health.notes] == ["1", "1", "The", "and"]
    assert not health.needs_ocr
    assert pdf_health(" ", [Page(1, "1", 0, 1, 1, 1)], encrypted=False).needs_ocr


# headings of PDFs --------------------------------------------------------------------------------------


def test_headings_are_found_on_their_page() -> None:
    text = "Contents\nResults 2\n\nIntro\nas in Results\n2 Results\nfine.\nResults"
    pages = [Page(1, "1", 0, 18, 1, 1), Page(2, "2", 20, len(text), 1, 1)]
    outline = [("Intro", 1, 2), ("Results", 1, 2), ("Results", 2, 2), ("Not there", 2, 2), ("Off", 1, 9)]
    found = place_headings(text, pages, outline)
    own_line = text.index("2 Results\nfine") + 2
    assert [(h.title, h.start) for h in found] == [
        ("Intro", 20),
        ("Not there", 20),
        ("Results", own_line),
        ("Results", text.rindex("Results")),
    ]
    assert all(a.start <= b.start for a, b in pairwise(found))
