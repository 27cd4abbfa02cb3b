"""Builders of hostile and broken files, each as bytes. Nothing here needs a file from elsewhere."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank"


def raw_pdf(objects: Iterable[bytes], root: int = 1) -> bytes:
    """A PDF from the bodies of its objects, numbered from 1."""
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(offsets) + 1, root, table))
    return out.getvalue()


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """The body of a stream object."""
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(data), data)


def one_page(content: bytes, font: bytes, *more: bytes, page: bytes = b"/MediaBox[0 0 400 300]") -> bytes:
    """One page whose font is object 5 under the name F; ``more`` are objects 6 and on."""
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1%b>>" % (b"" if b"Rotate" in page else b"/Rotate 0"),
            b"<</Type/Page/Parent 2 0 R%b/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>" % page,
            stream(content),
            font,
            *more,
        ]
    )


HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def lines_page(lines: Iterable[str], page: bytes = b"/MediaBox[0 0 400 300]", at: str = "40 250") -> bytes:
    """A page of Helvetica lines, 14 points apart."""
    shown = " T* ".join(f"({_escaped(line)}) Tj" for line in lines)
    return one_page(f"BT /F 12 Tf 14 TL {at} Td {shown} ET".encode("cp1252"), HELVETICA, page=page)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def pages(count: int, text: str = SENTENCE) -> bytes:
    """Many pages, each with its number and a sentence."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(count))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count), HELVETICA]
    for number in range(1, count + 1):
        content = f"BT /F 12 Tf 40 250 Td (Page {number}. {_escaped(text)}) Tj ET".encode()
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>>>>>" % (3 + 2 * number),
            stream(content),
        ]
    return raw_pdf(objects)


def encrypted(user: str, owner: str = "owner", algorithm: str = "AES-256") -> bytes:
    """Two readable pages, encrypted; an empty user password opens by itself."""
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pages(2)))
    writer.encrypt(user, owner, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def certificate_encrypted() -> bytes:
    """Encrypted for a certificate: no password opens it."""
    body = pages(1)
    trailer = b"/Encrypt<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4/Length 128>>/ID[<00><00>]"
    return body.replace(b"trailer<<", b"trailer<<" + trailer)


def truncated() -> bytes:
    """The first part of a file: no table of objects, no end."""
    whole = pages(6)
    return whole[: len(whole) // 2]


def damaged() -> bytes:
    """A file whose objects are overwritten, its table too."""
    whole = bytearray(pages(3))
    for at in range(20, len(whole), 7):
        whole[at] = 0x23
    return bytes(whole)


def zero_pages() -> bytes:
    """Opens, and has no page."""
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])


def image_only(width: int = 40, height: int = 30) -> bytes:
    """A picture and no text."""
    data = zlib.compress(bytes(range(256)) * (width * height // 256 + 1))
    return _with_image(data, width, height)


def huge_image(side: int = 100_000) -> bytes:
    """An image that says it is enormous, in a few kilobytes."""
    return _with_image(zlib.compress(bytes(1000)), side, side)


def _with_image(data: bytes, width: int, height: int) -> bytes:
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
            stream(b"q 300 0 0 200 50 50 cm /I Do Q"),
            stream(
                data,
                b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
                b"/BitsPerComponent 8/Filter/FlateDecode" % (width, height),
            ),
        ]
    )


def huge_page(width: int = 100_000, height: int = 100_000) -> bytes:
    """A page as large as a house, with a line of text."""
    return lines_page([SENTENCE], b"/MediaBox[0 0 %d %d]" % (width, height))


def no_unicode_map() -> bytes:
    """An embedded font addressed by glyph, without a map to Unicode: a person reads it, a parser cannot."""
    import reportlab
    from reportlab.pdfbase.ttfonts import TTFontFile

    data = (Path(reportlab.__file__).parent / "fonts" / "Vera.ttf").read_bytes()
    glyphs = TTFontFile(io.BytesIO(data)).charToGlyph
    # The font's own table of characters is renamed away, as subsetting programs drop it.
    data = data.replace(b"cmap", b"xmap", 1)
    text = "".join(f"{glyphs[ord(letter)]:04x}" for letter in SENTENCE)
    return one_page(
        f"BT /F 9 Tf 20 250 Td <{text}> Tj 0 -20 Td <{text}> Tj ET".encode(),
        b"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Odd/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+Odd/CIDSystemInfo"
        b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 7 0 R/DW 600>>",
        b"<</Type/FontDescriptor/FontName/ABCDEF+Odd/Flags 4/FontBBox[-200 -200 1200 900]/ItalicAngle 0"
        b"/Ascent 900/Descent -200/CapHeight 700/StemV 80/FontFile2 8 0 R>>",
        stream(data, b"/Length1 %d" % len(data)),
    )


def glyph_names_only() -> bytes:
    """A font whose letters are called g1, g2, …: pdfium gives codes for letters."""
    names = b"".join(b"/g%d" % i for i in range(32, 127))
    return one_page(
        f"BT /F 9 Tf 20 250 Td ({SENTENCE}) Tj ET".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+Odd/FirstChar 32/LastChar 126/Widths[%b]"
        b"/Encoding<</Type/Encoding/Differences[32%b]>>>>" % (b"500 " * 95, names),
    )


def to_unicode(content: bytes, mapping: dict[int, str]) -> bytes:
    """A page of Helvetica whose codes mean what ``mapping`` says."""
    pairs = "".join(f"<{code:02x}> <{text.encode('utf-16-be').hex()}>\n" for code, text in mapping.items())
    letters = "".join(f"<{c:02x}> <{c:04x}>\n" for c in range(32, 127) if c not in mapping)
    count = len(mapping) + letters.count("\n")
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <ff> endcodespacerange\n{count} beginbfchar\n{pairs}{letters}endbfchar\n"
        "endcmap end end"
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    return one_page(content, font, stream(table.encode()))


def nested_forms(depth: int = 12, width: int = 12) -> bytes:
    """Forms that draw forms that draw forms: a few kilobytes that never end."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>",
        stream(b"/X Do"),
        HELVETICA,
    ]
    for level in range(depth):
        last = level == depth - 1
        content = b"BT /F 8 Tf (boom) Tj ET" if last else b"/X Do " * width
        below = b"" if last else b"/XObject<</X %d 0 R>>" % (7 + level)
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 400 300]/Resources<</Font<</F 5 0 R>>%b>>" % below
        objects.append(stream(content, entries))
    return raw_pdf(objects)


def text_flood(characters: int = 40_000_000) -> bytes:
    """A page with far more text than memory: a megabyte that unpacks to forty."""
    show = b"BT /F 1 Tf (" + b"flood " * 160 + b") Tj ET\n"
    data = zlib.compress(show * (characters // 960), 9)
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
            stream(data, b"/Filter/FlateDecode"),
            HELVETICA,
        ]
    )


def outline_loop() -> bytes:
    """An outline whose entries point to each other for ever, over a good page."""
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
            stream(f"BT /F 12 Tf 40 250 Td ({SENTENCE}) Tj ET".encode()),
            HELVETICA,
            b"<</Type/Outlines/First 7 0 R/Last 8 0 R/Count 2>>",
            b"<</Title(One)/Parent 6 0 R/Next 8 0 R/Dest[3 0 R/Fit]>>",
            b"<</Title(Two)/Parent 6 0 R/Next 7 0 R/First 7 0 R/Last 8 0 R/Dest[3 0 R/Fit]>>",
        ]
    )


#: Name -> builder of every file that must end in a drawn error.
REFUSED: dict[str, Callable[[], bytes]] = {
    "empty.pdf": lambda: b"",
    "damaged.pdf": damaged,
    "zero-pages.pdf": zero_pages,
    "web page.pdf": lambda: b"<!DOCTYPE html><p>Please log in",
    "noise.pdf": lambda: b"%PDF-1.4\n" + bytes(range(256)) * 20,
    "encrypted.pdf": lambda: encrypted("secret"),
    "certificate.pdf": certificate_encrypted,
    "picture.png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "binary.txt": lambda: bytes(range(256)) * 4,
    "blank.txt": lambda: b" \n\t\n",
}
