"""``python -m tests.benchmarks.parsing [FILE]``: our reading of a 300-page manual beside bare pdfium's.

Wants a ratio of 1.5 or less for loading. Both are measured in the same run, best of several.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PAGES, RANGES_A_PAGE, ROUNDS = 300, 5, 9
WORDS = (
    "pump valve pressure system operator maintenance check before after manual section figure torque "
    "bearing oil filter replace every hours engine control panel switch indicator warning light when the "
    "temperature exceeds its limit shut down immediately and contact service of a in to for with until "
).split()


def dense_page(rng: random.Random, page: int) -> Iterator[str]:
    """52 lines of words, a table of numbers now and then."""
    for line in range(52):
        if page % 7 == 3 and line > 40:
            yield "   ".join(f"{rng.uniform(0, 999):8.2f}" for _ in range(7))
        else:
            yield " ".join(rng.choice(WORDS) for _ in range(14))


def build_manual(
    path: Path, pages: int = PAGES, lines_of: Callable[[random.Random, int], Iterator[str]] = dense_page
) -> None:
    """Write a manual: chapters in the outline, two fonts, and on each page the lines that are given for it."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    rng, canvas = random.Random(7), Canvas(str(path), pagesize=A4)
    for page in range(pages):
        if page % 10 == 0:
            title = f"{page // 10 + 1} {rng.choice(WORDS).title()} and {rng.choice(WORDS)}"
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title)
            canvas.setFont("Helvetica-Bold", 16)
            canvas.drawString(60, 790, title)
        text = canvas.beginText(60, 760)
        text.setFont("Times-Roman", 10.5)
        text.setLeading(13.5)
        for line in lines_of(rng, page):
            text.textLine(line)
        canvas.drawText(text)
        canvas.drawCentredString(297, 30, str(page + 1))
        canvas.showPage()
    canvas.save()


def bare(path: Path) -> int:
    """The baseline: pdfium's text of every page, nothing else. Returns characters."""
    import pypdfium2

    characters = 0
    with pypdfium2.PdfDocument(path) as pdf:
        for index in range(len(pdf)):
            page = pdf[index]
            textpage = page.get_textpage()
            characters += len(textpage.get_text_range())
            textpage.close()
            page.close()
    return characters


def seconds(*jobs: Callable[[], object]) -> list[float]:
    """Best wall time of each job, the jobs taking turns."""
    best = [float("inf")] * len(jobs)
    for _ in range(ROUNDS):
        for index, job in enumerate(jobs):
            begun = time.perf_counter()
            job()
            best[index] = min(best[index], time.perf_counter() - begun)
    return best


def main() -> None:
    """Measure and print."""
    from pipelines.loading import load
    from pipelines.loading.places import rectangles_of
    from pipelines.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "manual.pdf"
        if len(sys.argv) == 1:
            build_manual(path)
        settings = Settings()
        document = load(path, settings=settings)
        ranges = [
            (page.start + size * part // RANGES_A_PAGE, page.start + size * (part + 1) // RANGES_A_PAGE)
            for page in document.pages
            for size in [page.end - page.start]
            for part in range(RANGES_A_PAGE)
        ]
        plain, ours, places = seconds(
            lambda: bare(path),
            lambda: load(path, settings=settings),
            lambda: rectangles_of(path, document, ranges),
        )
    print(f"{len(document.pages)} pages, {len(document.text):,} characters, {len(document.headings)} headings")
    for what, took, wanted in (
        ("bare pdfium text", plain, ""),
        ("load", ours, "(wanted: 1.50 or less)"),
        (f"rectangles of {len(ranges):,} ranges", places, ""),
    ):
        pace = len(document.pages) / took
        print(f"{what:28} {took:6.2f} s {pace:6.0f} pages/s   ratio {took / plain:.2f} {wanted}")


if __name__ == "__main__":
    main()
