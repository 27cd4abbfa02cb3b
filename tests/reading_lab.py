"""What tests of the reading lab share: an app's services without a page, labs, and what came of them."""

from __future__ import annotations

from contextlib import closing, contextmanager

from pipelines.recipe import choose
from playground.reading import board, running
from playground.reading.state import Page, Reading, with_column
from playground.services import Services
from playground.state import Session
from playground.tasks import Tasks
from sample_docs import folder
from tests.browser.conftest import settings_for

SESSION = Session()
HANDBOOK, SCAN = folder() / "lanternfish-handbook.pdf", folder() / "scanned-letter.pdf"


@contextmanager
def opened(folder):
    """Services that know a handbook and a scan."""
    with closing(Services.open(settings_for(folder))) as made:
        made.library.add(HANDBOOK)
        made.library.add(SCAN)
        yield made


def lab_of(document=HANDBOOK, number=5, names=("text-layer", "tesseract"), **more):
    lab = Reading(page=Page(document=document.name, number=number), **more)
    for at, name in enumerate(names):
        lab = with_column(SESSION, lab, at, choose("reader", name))
    return lab


def ran(services, lab):
    running.start(services, SESSION, lab)
    services.measurements.settle(lab.work("read"), 120)
    return running.run_of(services, lab)


def boards(services, lab):
    return list(board.draw(services, SESSION, lab, Tasks().begin(lab.id)))
