"""What a file is, what it is called, and whether it may be read at all."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Literal

from pipelines.errors import DamagedFile, DocumentError, FileTooLarge, UnsupportedFile

Kind = Literal["pdf", "markdown", "text"]

MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd"})
TEXT = frozenset({"", ".txt", ".text", ".log", ".rst", ".org", ".adoc", ".tex", ".csv", ".tsv"})

_READABLE = "Files that can be read: PDF, Markdown (.md) and plain text (.txt)."
_LONGEST_NAME = 200


def safe_name(name: str) -> str:
    """The bare file name: no folders, no control or direction-changing characters; the rest as it is.

    It is still a stranger's text: whoever shows it escapes it.
    """
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    kept = "".join(c for c in last if not _invisible(c)).strip()
    if not kept.strip("."):
        return "document"
    stem, suffix = PurePosixPath(kept).stem, PurePosixPath(kept).suffix
    return kept if len(kept) <= _LONGEST_NAME else stem[: _LONGEST_NAME - len(suffix[:20])] + suffix[:20]


def _invisible(character: str) -> bool:
    joins_emoji = character in "\u200c\u200d"
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and not joins_emoji


def digest(path: Path, name: str, max_mb: int) -> str:
    """The sha256 of a file's bytes in hex, once its size is found to be allowed.

    Raises:
        FileTooLarge: over ``max_mb`` (MB of 1,000,000 bytes). DamagedFile: empty. DocumentError: not readable.
    """
    try:
        size = path.stat().st_size
        if size > max_mb * 1_000_000:
            raise FileTooLarge(
                f"{name} has {size / 1e6:,.0f} MB; the limit is {max_mb:,} MB.",
                "Split the file, or raise PLAYGROUND_MAX_FILE_MB.",
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DocumentError(
            f"{name} could not be opened: {error.strerror or error}.", "Check the path and its permissions."
        ) from error
    if size == 0:
        raise DamagedFile(f"{name} is empty (0 bytes).", "Copy or download it again.")
    return found


def kind_of(path: Path, name: str) -> Kind:
    """The kind of a file: a PDF by its content, the others by the extension of ``name``.

    Raises:
        UnsupportedFile: neither.
    """
    suffix = PurePosixPath(name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" in head:
        return "pdf"
    if suffix == ".pdf":
        return _damaged_pdf(path, name, head)
    if suffix in MARKDOWN:
        return "markdown"
    if suffix in TEXT:
        return "text"
    raise UnsupportedFile(f"{name} is not a kind of file that can be read.", _READABLE)


def _damaged_pdf(path: Path, name: str, head: bytes) -> Kind:
    """A file called .pdf without a PDF's first line: perhaps its head is lost, perhaps it never was one."""
    data = path.read_bytes()
    if b"%PDF-" in data or (b"endobj" in data and b"startxref" in data):
        return "pdf"
    is_page = head.lstrip()[:1] == b"<"
    looks = "; it looks like a web page" if is_page else ""
    raise UnsupportedFile(
        f"{name} is called a PDF but is not one{looks}.",
        "Download the PDF itself." if is_page else _READABLE,
    )
