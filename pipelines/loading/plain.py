"""Markdown and plain text: decoded, otherwise untouched."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import DamagedFile, UnsupportedFile
from pipelines.loading.document import Document, Heading, Health, Page
from pipelines.loading.kinds import Kind

_MARKS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # all but tab, line ends, form feed, escape
_MOST_CONTROL = 0.01  # share of control characters in what is still text


def load_plain(path: Path, name: str, id: str, kind: Kind) -> Document:
    """Read a Markdown or text file: one page over the whole text.

    Raises:
        UnsupportedFile: not text. DamagedFile: nothing in it but white space.
    """
    text, note = decode(path.read_bytes(), name)
    return plain_document(text, name, id, kind, note)


def plain_document(text: str, name: str, id: str, kind: Kind, note: str = "") -> Document:
    """A text as a document of one page.

    Raises:
        DamagedFile: nothing in it but white space.
    """
    if not text.strip():
        raise DamagedFile(f"{name} holds no text.", "Check that it is the right file.")
    return Document(
        id=id,
        name=name,
        kind=kind,
        text=text,
        pages=(Page(number=1, label="1", start=0, end=len(text), width=0, height=0),),
        health=Health(pages=1, words=len(text.split()), notes=(note,) if note else ()),
        headings=tuple(markdown_headings(text)) if kind == "markdown" else (),
    )


def decode(data: bytes, name: str) -> tuple[str, str]:
    """A text file's text and a note about its encoding (empty where nothing had to be guessed).

    A byte order mark decides; then UTF-8, then UTF-16 by its zero bytes, then Windows-1252.

    Raises:
        UnsupportedFile: the bytes are not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_strictly(data[len(mark) :], encoding, name), name), ""
    try:
        return _checked(data.decode("utf-8"), name), ""
    except UnicodeDecodeError:
        pass
    wide = _wide(data)
    if wide:
        return _checked(_strictly(data, wide, name), name), f"Read as {wide.upper()}: the file does not say."
    guess = "cp1252" if not set(data) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1"
    label = "Windows-1252" if guess == "cp1252" else "ISO 8859-1"
    note = f"Not UTF-8; read as {label}. If letters look wrong, save the file as UTF-8."
    return _checked(data.decode(guess), name), note


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DamagedFile(
            f"{name} starts as {encoding.upper()} text but byte {error.start:,} is not.", "Save it as UTF-8."
        ) from error


def _wide(data: bytes) -> str:
    """UTF-16 without its mark: nearly every second byte of western text is zero."""
    sample = data[:4096]
    half = len(sample) // 2
    if half < 2 or sample.count(0) < 0.3 * len(sample):
        return ""
    if sample[1::2].count(0) > 0.7 * half:
        return "utf-16-le"
    return "utf-16-be" if sample[0::2].count(0) > 0.7 * half else ""


def _checked(text: str, name: str) -> str:
    sample = text[:100_000]
    if "\x00" in text or len(_CONTROL.findall(sample)) > _MOST_CONTROL * len(sample):
        raise UnsupportedFile(
            f"{name} is not text: it holds bytes no text file has.",
            "Files that can be read: PDF, Markdown (.md) and plain text (.txt).",
        )
    return text


_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_NO_PARAGRAPH = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])[ \t]| {0,3}>| {4}|\t| {0,3}\|")


def markdown_headings(text: str) -> Iterator[Heading]:
    """ATX (``# Title``) and setext (underlined) headings outside code fences, as CommonMark has them."""
    fence = ""
    above: tuple[list[str], int] | None = None  # the paragraph so far: a setext title if an underline follows
    at = _front_matter(text)
    for line in text[at:].splitlines(keepends=True):
        start, at = at, at + len(line)
        bare = line.rstrip("\r\n")
        mark = _FENCE.match(bare)
        if fence:
            closed = mark and mark[1].startswith(fence) and not mark[2].strip()
            fence = "" if closed else fence
            continue
        if mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence, above = mark[1], None
            continue
        atx, under = _ATX.match(bare), _SETEXT.match(bare)
        if atx and atx[2]:
            yield Heading(title=atx[2].strip(), level=len(atx[1]), page=1, start=start)
        elif under and above:
            yield Heading(title=" ".join(above[0]), level=1 if under[1][0] == "=" else 2, page=1, start=above[1])
        if not bare.strip() or atx or under or _NO_PARAGRAPH.match(bare):
            above = None
        else:
            above = above or ([], start)
            above[0].append(bare.strip())


def _front_matter(text: str) -> int:
    """Where the text proper begins, after a YAML block between lines of three dashes."""
    found = re.match(r"---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*$", text, re.DOTALL | re.MULTILINE)
    return found.end() if found else 0
