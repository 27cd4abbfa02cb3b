"""Public collections: files, pieces, resuming, rankings and the report."""

import json
import re
import uuid
from threading import Event

import numpy as np
import pytest

from pipelines.errors import Cancelled, DamagedFile, UsageError
from pipelines.evaluation import beir_files
from pipelines.evaluation.beir import evaluate_beir
from pipelines.evaluation.beir_corpus import BATCH, StateFile, pieces
from pipelines.evaluation.ranking import ndcg
from pipelines.recipe import Recipe
from pipelines.settings import Settings

DOCUMENTS = [
    ("d1", "Cats", "The cat sat on the mat and purred."),
    ("d2", "", "A car has four wheels and an engine."),
    ("d3", "Gardens", "Roses need water in summer. " * 6 + "Moles dig tunnels under lawns."),
    ("d4", "", ""),
    ("q1", "Same id as a query", "The cat chased a mole."),
]
QUERIES = [("q1", "purring cat"), ("q2", "tunnels under lawns"), ("q3", "engine"), ("q4", "nothing relevant")]
QRELS = [("q1", "d1", 2), ("q1", "q1", 1), ("q2", "d3", 1), ("q3", "d2", 1), ("q4", "d1", 0), ("q9", "d1", 1)]


class WordRuler:
    name = "words"
    exact = True

    def offsets(self, text):
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def count(self, text):
        return len(self.offsets(text))


class WordEmbedder:
    """Words hashed into a vector; refuses what is over its window, as the contract says."""

    id = "words:1"
    label = "words"
    dimensions = 256
    window = 12
    ruler = WordRuler()

    def __init__(self):
        self.calls = []

    def embed(self, texts, kind="document", on_progress=None):
        assert all(self.ruler.count(text) <= self.window for text in texts)
        self.calls += [(kind, text) for text in texts]
        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[int(uuid.uuid5(uuid.NAMESPACE_OID, word)) % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def files(tmp_path):
    corpus, queries, qrels = (tmp_path / name for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"))
    rows = [{"_id": id, "title": title, "text": text} for id, title, text in DOCUMENTS]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries.write_text("".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text in QUERIES))
    qrels.write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t{g}\n" for q, d, g in QRELS))
    return corpus, queries, qrels


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "data")


def recipe(name="hybrid", **params):
    return Recipe().with_("retriever", name, **params)


def run_of(path):
    found = {}
    for line in path.read_text().splitlines():
        query, q0, document, rank, score, _ = line.split()
        found.setdefault(query, []).append((document, float(score)))
        assert (q0, int(rank)) == ("Q0", len(found[query]))
    return found


def test_the_report(files, settings, tmp_path):
    recipes = [recipe("keyword"), recipe("semantic", k=1), recipe("hybrid"), recipe("hybrid", fusion="rrf")]
    seen = []
    report = evaluate_beir(
        *files, recipes, settings=settings, embedder=WordEmbedder(), run_file=tmp_path / "run.txt",
        on_progress=lambda *progress: seen.append(progress),
    )  # fmt: skip
    json.dumps(report)
    assert report["questions"] == 3  # q4 has no relevant document, q9 no query
    keyword, semantic, hybrid, rrf = report["rows"]
    assert set(keyword["metrics"]) == {"ndcg@10", "recall@10", "recall@100", "precision@5", "mrr@10", "map", "hit@5"}
    assert {"precision@1", "hit@1"} < set(semantic["metrics"])
    for row in report["rows"]:
        assert set(row) == {"recipe", "metrics", "latency_ms"}
        assert row["metrics"]["recall@100"]["mean"] == 1
        assert all(m["low"] <= m["mean"] <= m["high"] for m in row["metrics"].values())
        assert 0 < row["latency_ms"]["p50"] <= row["latency_ms"]["p95"]
    assert rrf["recipe"]["retriever"]["params"]["fusion"] == "rrf"
    assert hybrid["metrics"]["mrr@10"]["mean"] == 1
    assert ("embedding", 5, 5) in seen
    assert ("questions", 3, 3) in seen
    rankings = run_of(tmp_path / "run.txt")
    assert [document for document, _ in rankings["q1"]] == ["d1", "q1"]
    expected = ndcg([d for d, _ in rankings["q1"]], {"d1": 2, "q1": 1}, 10)
    assert expected == 1
    assert set(run_of(tmp_path / "run-2.txt")) == {"q1", "q2", "q3"}
    assert (tmp_path / "run-4.txt").exists()


def test_keyword_scores_are_those_of_whole_documents(files, settings, tmp_path):
    """N = 4 with words; tokens: 5 in d1, 4 in d2 (car four wheel engin), 29 in d3, 0 in d4, 5 in q1."""
    embedder = WordEmbedder()
    evaluate_beir(*files, [recipe("keyword")], settings=settings, embedder=embedder, run_file=tmp_path / "run.txt")
    assert embedder.calls == []  # words need no vectors
    ((document, score),) = run_of(tmp_path / "run.txt")["q3"]
    held_back = 1.5 * (0.25 + 0.75 * 4 / (43 / 5))
    assert document == "d2"
    assert score == pytest.approx(np.log(1 + 3.5 / 1.5) * 2.5 / (1 + held_back), rel=1e-5)


def test_the_best_piece_of_a_document_counts(files, settings, tmp_path):
    """What is asked for stands at the end of a long document, far behind the first window."""
    embedder = WordEmbedder()
    evaluate_beir(*files, [recipe("semantic")], settings=settings, embedder=embedder, run_file=tmp_path / "run.txt")
    rankings = run_of(tmp_path / "run.txt")
    assert rankings["q2"][0][0] == "d3"
    assert rankings["q2"][0][1] > 0.5
    documents = [document for document, _ in rankings["q2"]]
    assert sorted(documents) == ["d1", "d2", "d3", "q1"]  # each once; d4 has no text
    assert len([text for kind, text in embedder.calls if kind == "document"]) > 4


def test_a_query_is_embedded_once_for_all_recipes(files, settings):
    embedder = WordEmbedder()
    evaluate_beir(*files, [recipe("semantic"), recipe("hybrid")], settings=settings, embedder=embedder)
    asked = [text for kind, text in embedder.calls if kind == "query"]
    assert sorted(asked) == ["engine", "purring cat", "tunnels under lawns"]


def test_long_queries_are_not_cut(files, settings):
    files[1].write_text(json.dumps({"_id": "q3", "text": "filler " * 30 + "engine"}))
    embedder = WordEmbedder()
    report = evaluate_beir(*files, [recipe("hybrid")], settings=settings, embedder=embedder)
    assert "engine" in " ".join(text for kind, text in embedder.calls if kind == "query")
    assert report["questions"] == 1


def test_the_second_call_embeds_no_document_and_says_the_same(files, settings):
    def ask():
        embedder = WordEmbedder()
        report = evaluate_beir(*files, [recipe("hybrid")], settings=settings, embedder=embedder)
        return [m["mean"] for m in report["rows"][0]["metrics"].values()], embedder.calls

    first, _ = ask()
    second, calls = ask()
    assert second == first
    assert all(kind == "query" for kind, _ in calls)


def test_a_stopped_run_goes_on_where_it_was(files, settings):
    documents = [{"_id": f"x{n}", "title": "", "text": f"word{n} engine"} for n in range(BATCH * 3)]
    files[0].write_text("\n".join(map(json.dumps, documents)))
    files[2].write_text("q3\tx1\t1\n")
    cancel = Event()
    first, second = WordEmbedder(), WordEmbedder()

    def stop(stage, done, total):
        if done >= BATCH:
            cancel.set()

    with pytest.raises(Cancelled):
        evaluate_beir(*files, [recipe()], settings=settings, embedder=first, on_progress=stop, cancel=cancel)
    report = evaluate_beir(*files, [recipe()], settings=settings, embedder=second)
    done = [text for kind, text in first.calls if kind == "document"]
    rest = [text for kind, text in second.calls if kind == "document"]
    assert len(done) == BATCH
    assert len(rest) == BATCH * 2
    assert not set(done) & set(rest)
    assert report["questions"] == 1


def test_another_corpus_or_embedder_starts_anew(files, settings):
    other = WordEmbedder()
    other.id = "words:2"
    evaluate_beir(*files, [recipe()], settings=settings, embedder=WordEmbedder())
    evaluate_beir(*files, [recipe()], settings=settings, embedder=other)
    assert [kind for kind, _ in other.calls].count("document") > 0
    with files[0].open("a") as corpus:
        corpus.write(json.dumps({"_id": "new", "text": "engine engine"}) + "\n")
    again = WordEmbedder()
    evaluate_beir(*files, [recipe()], settings=settings, embedder=again)
    assert [kind for kind, _ in again.calls].count("document") > 0


# pieces -----------------------------------------------------------------------------------------------


def test_pieces_fit_cut_between_words_and_lose_nothing():
    text = "  " + " ".join(f"word{n}," for n in range(40)) + "\n"
    found = pieces(text, WordRuler(), 7)
    assert all(WordRuler().count(piece) <= 7 for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(piece.startswith("word") and piece.endswith(",") for piece in found)
    assert pieces("one two", WordRuler(), 7) == ["one two"]
    assert pieces(" \n", WordRuler(), 7) == []
    assert pieces("a-b-c-d-e", WordRuler(), 4) == ["a-b-", "c-d-", "e"]  # no space to cut at


# files ------------------------------------------------------------------------------------------------


def test_reading(files):
    corpus = beir_files.read_corpus(files[0])
    assert corpus[0].text == "Cats The cat sat on the mat and purred."
    assert corpus[1].text.startswith("A car")
    assert beir_files.read_queries(files[1])["q3"] == "engine"
    assert beir_files.read_qrels(files[2])["q1"] == {"d1": 2, "q1": 1}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\nno json\n', "corpus.jsonl, line 2"),
        ("corpus.jsonl", '{"_id": "a"}\n', "line 1: not a JSON object with _id and text"),
        ("corpus.jsonl", '["a"]\n', "line 1"),
        (
            "corpus.jsonl",
            '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n',
            "line 2: the id 'a' stands there twice",
        ),
        ("corpus.jsonl", "", "holds no document"),
        ("qrels.tsv", "q\td\ts\nq1\td1\tmuch\n", "qrels.tsv, line 2"),
        ("qrels.tsv", "q1 d1 1\n", "qrels.tsv, line 1"),
        ("queries.jsonl", b"\xff\xfe", "queries.jsonl can't be read"),
    ],
)
def test_damaged_files_name_the_line(files, settings, tmp_path, name, text, message):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DamagedFile, match=message):
        evaluate_beir(*files, [recipe("keyword")], settings=settings, embedder=WordEmbedder())


def test_missing_files_and_files_that_do_not_belong_together(files, settings, tmp_path):
    with pytest.raises(DamagedFile, match="nowhere"):
        evaluate_beir(tmp_path / "nowhere", *files[1:], [recipe()], settings=settings, embedder=WordEmbedder())
    files[2].write_text("q77\td1\t1\n")
    with pytest.raises(UsageError, match="belong together"):
        evaluate_beir(*files, [recipe()], settings=settings, embedder=WordEmbedder())


def test_a_state_file_outlives_the_process(tmp_path):
    state = StateFile(tmp_path / "a" / "state.json")
    state["x"], state["y"] = "1", "2"
    del state["x"]
    assert dict(StateFile(tmp_path / "a" / "state.json")) == {"y": "2"}
