"""Views: all text escaped, nothing fetched, numbers as people read them."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.conversations import Conversation, StoredMessage
from pipelines.engines.base import ModelInfo, PullEvent, Stats
from pipelines.engines.detect import BuiltinStatus, EngineStatus, OllamaStatus
from pipelines.events import Citation, ContextMeter, ContextShare, Indexed, IndexProgress, QuoteFound
from pipelines.loading.document import Document, Health, Page, Rect
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit, StageScore
from playground.jobs import Failure, Job
from playground.sampling.facts import Facts
from playground.turn import Fault, Turn
from playground.views import words
from playground.views.answer import exchange
from playground.views.conversations import conversation_menu, welcome
from playground.views.documents import document_list, health, job_list, progress
from playground.views.engines import engine_card, sampling_facts
from playground.views.evidence import page_view, passages, picture_url, text_view, toolbar
from playground.views.html import el, join
from playground.views.meter import confidence, context_meter, timings
from playground.views.prose import prose, verbatim
from playground.views.transcript import inert, transcript

EVIL = '<img src=x onerror="alert(1)">\'"><script>alert(2)</script>'

#: Every tag and attribute that views may write. An <img> is written by one view only, and tested there.
TAGS = {
    *("div", "span", "p", "ul", "ol", "li", "b", "i", "em", "strong", "h1", "h2", "h3", "h4", "hr", "br", "a"),
    *("button", "form", "input", "details", "summary", "article", "header", "footer", "nav", "section"),
    *("pre", "code", "mark", "blockquote", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}


class Written(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


def read(markup):
    written = Written()
    written.feed(str(markup))
    written.close()
    return written


def harmless(markup, allowed=TAGS):
    written = read(markup)
    assert set(written.tags) <= allowed
    for tag, name, value in written.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "srcdoc", "action", "formaction"), (tag, name, value)
        if name == "href":
            assert not value.lower().startswith(("http", "//", "data", "javascript"))
    return written


def hit(document="report.pdf", text="The tide came in.", **more):
    scores = {"semantic": StageScore(2, 0.7134), "keyword": None, "fused": StageScore(1, 0.9)}
    known = {"page": 3, "page_label": "ii", "pages": (3,), "start": 10, "end": 27, "headings": (EVIL,)}
    return Hit(1, 0.9, scores, "id", document, "d", text, **{**known, **more})


def turn(**more):
    found = hit(EVIL, EVIL)
    known = {
        "question": EVIL, "text": f"{EVIL} [1]", "state": "done", "hits": (found,), "style": "generated",
        "citations": (Citation(1, found, (QuoteFound(EVIL, "exact", 0, 5), QuoteFound(EVIL, "none"))),),
        "condensed": EVIL, "thinking": EVIL, "messages": (("system", EVIL),), "engine": EVIL, "model": EVIL,
        "notes": (EVIL,), "seconds": {EVIL: 0.2}, "stats": Stats(ttft_s=1.0),
        "meter": ContextMeter((ContextShare(EVIL, 5), ContextShare(EVIL, 5, False)), 100, False),
    }  # fmt: skip
    return Turn(**{**known, **more})


def evil_document(kind="pdf"):
    text = f"{EVIL} and more {EVIL}"
    page = Page(1, EVIL, 0, len(text), 600, 800)
    return Document("abc", EVIL, kind, text, (page, page), Health(2, 4))


EVIL_MODEL = ModelInfo(EVIL, 1, 2, capabilities=frozenset({"completion", EVIL}))
EVIL_STATUS = EngineStatus(
    OllamaStatus("stopped", EVIL, EVIL, (EVIL_MODEL,), EVIL, EVIL),
    (BuiltinStatus(EVIL, EVIL, "present", 5, EVIL), BuiltinStatus(EVIL, EVIL, "broken", 5, EVIL, EVIL)),
    "ollama",
    EVIL,
)
EVIL_FACTS = Facts(EVIL, EVIL, EVIL, {EVIL: (EVIL, EVIL)}, {EVIL: (EVIL, EVIL)}, {EVIL: EVIL}, (EVIL,), 5)
EVIL_INDEXED = Indexed(EVIL, "x", "failed", EVIL, EVIL, encrypted=True)

DRAWN = {
    "answer": lambda: exchange(turn(), EVIL, EVIL),
    "quotes": lambda: exchange(turn(style="quotes", messages=()), EVIL, EVIL),
    "failed": lambda: exchange(turn(state="failed", fault=Fault("X", EVIL, EVIL)), EVIL, EVIL),
    "silent": lambda: exchange(turn(answerable=False), EVIL),
    "running": lambda: exchange(turn(state="running", preparing=IndexProgress(EVIL, "embedding", 1, 5)), EVIL),
    "documents": lambda: document_list([Indexed(EVIL, "x", "indexed", EVIL)], [], [Failure(EVIL, EVIL_INDEXED)]),
    "jobs": lambda: job_list([Job("1", "index", EVIL, "running", IndexProgress(EVIL, "reading", 1, 2, 1, 2))], "index"),
    "pull": lambda: job_list([Job(EVIL, "pull", EVIL, "running", PullEvent(EVIL, 1, 2))], "pull"),
    "engine": lambda: engine_card(EVIL_STATUS, Recipe().choice("model"), [], False),
    "sampling": lambda: sampling_facts(EVIL_FACTS),
    "passages": lambda: passages([hit(EVIL, EVIL * 9)], EVIL, 1, [hit(EVIL)]),
    "text": lambda: text_view(evil_document("text"), 2, 20, (4, 9)),
    "toolbar": lambda: toolbar(evil_document(), evil_document().pages[0], 100),
    "menu": lambda: conversation_menu([Conversation(EVIL, EVIL, 0, 0)], EVIL),
    "welcome": lambda: welcome([EVIL], 1),
}


@pytest.mark.parametrize("name", DRAWN)
def test_hostile_text_stays_text(name):
    written = harmless(DRAWN[name]())
    assert "alert(2)" in "".join(written.text) + "".join(value for _, _, value in written.attributes)


def test_the_only_picture_is_our_own():
    drawn = page_view(evil_document(), evil_document().pages[0], [("wide", Rect(1, -1, 0.1, 0.5, 2))])
    written = read(drawn)
    assert set(written.tags) <= TAGS | {"img"}
    sources = [value for tag, name, value in written.attributes if name == "src"]
    assert sources == [picture_url(evil_document(), 1)]
    assert sources[0].startswith("page/%3Cimg")
    assert "left:0.000%;top:10.000%;width:50.000%;height:90.000%" in str(drawn)


@given(st.text(max_size=300) | st.text("<>[]()!`*_#|-1 \n\"'&:/ahtps", max_size=200))
def test_prose_never_writes_what_could_fetch_or_run(text):
    harmless(prose(text, 5, "m"))
    harmless(verbatim(text, 5, "m"))


@pytest.mark.parametrize(
    "attack",
    [
        "![x](http://evil.example/x.png)",
        "![x][r]\n\n[r]: http://evil.example/x.png",
        "[click](http://evil.example)",
        "<http://evil.example>",
        "http://evil.example",
        "<iframe src=http://evil.example>",
        "[x](javascript:alert(1))",
        "<style>@import 'http://evil.example'</style>",
    ],
)
def test_attacks_are_shown_not_done(attack):
    written = harmless(prose(attack, 3, "m"))
    assert "a" not in written.tags
    assert "evil" in "".join(written.text) or "alert" in "".join(written.text)


def test_citations_become_buttons_only_where_there_is_a_passage():
    drawn = str(prose("One [1], two [2, 3], none [4]; code `[1]`.", 3, "m"))
    assert [f'data-arg="m:{n}"' in drawn for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert "[4]" in drawn
    assert "<code>[1]</code>" in drawn


def test_quotes_are_not_read_as_markdown():
    assert "**2 hours**" in str(verbatim("“dry for **2 hours**” [1]", 1, "m"))


def test_el_escapes_and_join_flattens():
    assert str(el("p", "<b>", class_="a", data_act="x")) == '<p class="a" data-act="x">&lt;b&gt;</p>'
    assert str(join(["a", None, [el("i"), "<"]])) == "a<i></i>&lt;"


def test_the_documents_do_not_say_and_the_engine_failed_never_look_alike():
    silent, failed = (
        str(exchange(turn(answerable=False), "m")),
        str(exchange(turn(state="failed", fault=Fault("X", "It broke.", "Do this.")), "m")),
    )
    assert 'class="silent"' in silent
    assert 'class="fault"' not in silent
    assert 'class="fault"' in failed
    assert 'class="silent"' not in failed
    assert "Do this." in failed
    assert "Retry" in failed
    assert "kept above" in failed


def test_quote_checks_are_said_in_words():
    found = hit()
    quotes = (QuoteFound("in exact words", "exact", 1, 2), QuoteFound("nearly so", "close", 1, 2))
    lost = (QuoteFound("never said", "none"), QuoteFound("the tide rose", "none"))
    said = "“never said” and the tide rose [1]"
    drawn = "".join(read(exchange(turn(text=said, citations=(Citation(1, found, quotes + lost),)), "m")).text)
    for word in ("✓exact", "≈close", "✗not found", "○own words"):
        assert word in drawn


def test_passages_of_the_prompt_leave_out_what_had_no_room():
    one, two, three = hit(start=1), hit(start=2), hit(start=3)
    meter = ContextMeter(
        (ContextShare("passage 1", 9), ContextShare("passage 2", 9, False), ContextShare("passage 3", 9)), 99, True
    )
    shown = Turn("q", hits=(one, two, three), meter=meter)
    assert shown.passages == (one, three)
    assert shown.unused == (two,)


def test_meter_shows_estimates_counts_and_what_was_left_out():
    shares = (
        ContextShare("instructions", 60),
        ContextShare("passage 1", 400),
        ContextShare("passage 2", 400, False),
        ContextShare("question", 40),
        ContextShare("room for the answer", 500),
    )
    drawn = "".join(read(context_meter(ContextMeter(shares, 1000, False))).text)
    assert "≈ 500 prompt tokens of 1,000" in drawn
    assert "Left out, no room: passage 2" in drawn
    counted = "".join(read(context_meter(ContextMeter(shares, 1000, True, 512))).text)
    assert "512 prompt tokens counted by the engine (500 expected) of 1,000" in counted


def test_timings_leave_out_what_was_not_measured():
    assert str(timings(Stats())) == ""
    drawn = "".join(read(timings(Stats(load_s=0.21, completion_tokens=73, generation_s=2.0))).text)
    assert "load 0.21 s" in drawn
    assert "36.5 tokens/s" in drawn
    assert "first token" not in drawn


def test_low_confidence_warns():
    assert str(confidence(None)) == ""
    assert "low" not in "".join(read(confidence(0.9)).text)
    assert "⚠ low" in "".join(read(confidence(0.4)).text)


@pytest.mark.parametrize(
    ("document", "badge"),
    [
        (Indexed("a", "", "indexed", pages=2, words=9), "ready"),
        (Indexed("a", "", "needs_ocr", pages=2), "needs OCR"),
        (Indexed("a", "", "indexed", pages=2, words=9, pages_without_text=1), "partly readable"),
        (Indexed("a", "", "indexed", pages=2, words=9, garbled_pages=1), "garbled text"),
        (Indexed("a", "", "failed"), "not readable"),
        (Indexed("a", "", "failed", encrypted=True), "locked"),
    ],
)
def test_health_badges(document, badge):
    assert health(document)[2] == badge


def test_progress_says_what_how_far_how_fast_how_long():
    step = IndexProgress("a.pdf", "embedding", 34, 120, 2, 5, rate=22.4, seconds_left=4.0)
    said = "".join(read(progress(step)).text)
    assert said == "file 2 of 5: a.pdf · Embedding chunk 34 of 120 · 22 chunks/s · about 4.0 s left"
    assert "".join(read(progress(PullEvent("fetching", 5_000_000, 98_000_000))).text) == "fetching · 5 MB of 98 MB"


def test_words():
    assert [words.seconds(n) for n in (None, 0.0001, 0.012, 0.34, 3.21, 42, 200, 4000)] == [
        "", "under 1 ms", "12 ms", "0.34 s", "3.2 s", "42 s", "3 min 20 s", "1 h 6 min",
    ]  # fmt: skip
    assert [words.size(n) for n in (None, 12, 98_363_037, 4_700_000_000)] == ["", "12 B", "98 MB", "4.7 GB"]
    assert [words.count(n, "page") for n in (1, 2, 1204)] == ["1 page", "2 pages", "1,204 pages"]
    assert words.where(hit()) == "p. 3 (printed ii)"
    assert words.where(hit(pages=(3, 4))) == "p. 3 (printed ii), in pp. 3–4"
    assert words.where(hit(page_label="3")) == "p. 3"


def test_an_exported_conversation_holds_nothing_a_viewer_would_fetch():
    answer = turn(text="![x](http://evil.example) <img src=y>")
    messages = [
        StoredMessage("1", "c", "user", "# q <b>"),
        StoredMessage("2", "c", "assistant", answer.text, details=answer.to_json()),
    ]
    text = transcript(Conversation("c", "t <i>", 0, 0), messages)
    assert "## # q &lt;b>" in text
    assert "](http" not in text
    assert "<img" not in text
    assert "- [1]" in text
    assert inert("[a][b] [c](d)") == "[a]\\[b] [c]\\(d)"


def test_a_turn_survives_json():
    assert Turn.from_json(turn().to_json()) == turn()
