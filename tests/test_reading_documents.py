"""Documents with pages as a reader read them: text, places of words, health, headings."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.loading.document import PAGE_BREAK, Document, Heading, Health, Page
from pipelines.reading.base import Transcript, Word
from pipelines.reading.documents import PlacedWord, read_id, rectangles, wanting, with_readings


def document(*texts, headings=(), garbled=()):
    pages, start = [], 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number, str(number), start, start + len(text), 595, 842, number in garbled))
        start += len(text) + len(PAGE_BREAK)
    whole = PAGE_BREAK.join(texts)
    health = Health(len(texts), len(whole.split()), sum(not text for text in texts))
    return Document("file", "scan.pdf", "pdf", whole, tuple(pages), health, tuple(headings))


def transcript(text):
    """Words in a row, each a tenth of the page wide, a line a line of the text."""
    words, start = [], 0
    for row, line in enumerate(text.split("\n")):
        for column, word in enumerate(line.split()):
            start = text.index(word, start)
            box = (column / 10, row / 10, (column + 1) / 10, (row + 1) / 10)
            words.append(Word(word, start, box))
            start += len(word)
    return Transcript("tesseract", text, tuple(words), "done")


def test_pages_without_text_and_garbled_ones_want_a_reader():
    assert wanting(document("one", "", " \n", "four", garbled=(4,))) == [2, 3, 4]


def test_a_page_read_stands_between_the_others():
    before = document("First page.", "", "Third page.", headings=[Heading("Third", 1, 3, 15)])
    after, places = with_readings(before, {2: transcript("Second page\nread.\n")}, "new", ["1 page read."])
    assert after.text == PAGE_BREAK.join(["First page.", "Second page\nread.", "Third page."])
    assert [after.text[page.start : page.end] for page in after.pages][1] == "Second page\nread."
    assert (after.id, after.health.words, after.health.pages_without_text) == ("new", 7, 0)
    assert after.health.notes == ("1 page read.",)
    assert after.text[after.headings[0].start :].startswith("Third")
    assert [after.text[word.start : word.end] for word in places[2]] == ["Second", "page", "read."]


def test_a_reader_that_does_not_say_where_words_stand():
    after, places = with_readings(document(""), {1: Transcript("vlm", "Hello there")}, "new")
    assert (after.text, places) == ("Hello there", {})


def test_a_range_is_marked_line_by_line():
    _, places = with_readings(document(""), {1: transcript("one two\nthree four")}, "new")
    (first, second) = rectangles(places, 4, 13)  # "two\nthree"
    assert (first.x0, first.y0, first.x1, first.y1) == (0.1, 0.0, 0.2, 0.1)
    assert (second.x0, second.y0, second.x1, second.y1) == (0.0, 0.1, 0.1, 0.2)
    assert len(rectangles(places, 0, 18)) == 2
    assert rectangles(places, 3, 4) == []


def test_columns_are_not_joined_into_one_line():
    words = [PlacedWord(0, 3, (0.6, 0.1, 0.7, 0.2)), PlacedWord(4, 7, (0.1, 0.1, 0.2, 0.2))]
    assert len(rectangles({1: words}, 0, 7)) == 2


def test_another_reader_is_another_document():
    assert len({read_id("a", "x"), read_id("a", "y"), read_id("b", "x")}) == 3


@given(st.lists(st.text("ab \n", max_size=20), min_size=1, max_size=5), st.data())
def test_every_word_stands_where_it_is_said_to(texts, data):
    before = document(*texts)
    chosen = data.draw(st.sets(st.integers(1, len(texts))))
    readings = {number: transcript(data.draw(st.text("xyz \n", max_size=20))) for number in chosen}
    after, places = with_readings(before, readings, "new")
    assert set(places) == chosen
    for number, words in places.items():
        page = after.pages[number - 1]
        assert [after.text[w.start : w.end] for w in words] == [w.text for w in readings[number].words]
        assert all(page.start <= word.start < word.end <= page.end for word in words)
