"""A reader of one file, as EasyOCR or docling would be: it tells how dark the picture is, or misbehaves."""

from __future__ import annotations

import os
import time

from pipelines.reading.picture_files import opened_png
from pipelines.reading.recognising import Recogniser
from pipelines.registry import PartParams, knob, part


class TinyParams(PartParams):
    """How it is to behave."""

    how: str = knob("well", "well, crash, hang, fail or grow")


def register():
    """Register it; a part's file does so by being imported."""

    @part("reader", "tiny", label="Tiny", params=TinyParams)
    def tiny(params, means):
        """Tells the darkest grey of a picture."""
        return Recogniser("tiny", "tests.tiny_reader:send_read", means, {"how": params.how})


def send_read(kept, request, send):
    match request["how"]:
        case "crash":
            os.abort()
        case "hang":
            time.sleep(3600)
        case "fail":
            raise ZeroDivisionError("no reason")
        case "grow":
            kept.much = bytearray(os.urandom(1 << 20)) * 900
            time.sleep(3600)
    started = time.perf_counter()
    darkest = opened_png(request["body"]).convert("L").getextrema()[0]
    _, load_s = kept.engine("tiny", (), dict)
    words = [("grey", (0, 0, 0.5, 1), 0.9), (str(darkest), (0.5, 0, 1, 1), None)]
    seconds = time.perf_counter() - started
    send({"blocks": [[words]], "seconds": seconds, "load_s": load_s, "engine": "tiny 1", "notes": ["It was easy."]})
