"""Fusion: cases worked by hand, laws that must hold, and the engine's own fusions as second opinion."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.retrieval.fusion import dbsf, fuse, relative, rrf
from pipelines.stores.base import DENSE, SPARSE, Point, Sparse

SEMANTIC = [("a", 0.9), ("b", 0.7), ("c", 0.5)]
KEYWORD = [("c", 12.0), ("d", 6.0), ("a", 2.0)]


def close(found, expected):
    assert [id for id, _ in found] == [id for id, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])


def test_relative_by_hand():
    """Semantic stretches to a 1, b .5, c 0; keyword to c 1, d .4, a 0."""
    close(relative([SEMANTIC, KEYWORD], [0.5, 0.5]), [("a", 0.5), ("c", 0.5), ("b", 0.25), ("d", 0.2)])
    close(relative([SEMANTIC, KEYWORD], [0.8, 0.2]), [("a", 0.8), ("b", 0.4), ("c", 0.2), ("d", 0.08)])


def test_relative_of_equal_scores_and_of_one_entry_is_one():
    close(relative([[("a", 3.0), ("b", 3.0)], [("b", 0.1)]], [0.5, 0.5]), [("b", 1.0), ("a", 0.5)])


def test_rrf_by_hand():
    expected = [("a", 1 / 61 + 1 / 63), ("c", 1 / 63 + 1 / 61), ("b", 1 / 62), ("d", 1 / 62)]
    close(rrf([SEMANTIC, KEYWORD]), expected)
    close(rrf([SEMANTIC, KEYWORD], k=0), [("a", 4 / 3), ("c", 4 / 3), ("b", 0.5), ("d", 0.5)])


def test_dbsf_by_hand():
    """Mean .7 and sigma .2: (.9 - .7 + .6) / 1.2 = 2/3. Mean 20/3, sigma sqrt(76/3) for the other."""
    sigma = (76 / 3) ** 0.5
    second = {id: (score - 20 / 3 + 3 * sigma) / (6 * sigma) for id, score in KEYWORD}
    expected = {"a": 2 / 3 + second["a"], "b": 0.5, "c": 1 / 3 + second["c"], "d": second["d"]}
    close(dbsf([SEMANTIC, KEYWORD]), sorted(expected.items(), key=lambda entry: -entry[1]))
    close(dbsf([[("a", 7.0)], [("b", 0.1), ("a", 0.1)]]), [("a", 1.0), ("b", 0.5)])


def test_nothing_in_nothing_out():
    for method in ("relative", "rrf", "dbsf"):
        assert fuse([], [], method) == []
        assert [id for id, _ in fuse(SEMANTIC, [], method)] == ["a", "b", "c"]
        assert [id for id, _ in fuse([], KEYWORD, method)] == ["c", "d", "a"]


# laws -------------------------------------------------------------------------------------------------

scores = st.floats(-5, 60, allow_nan=False).map(lambda x: round(x, 4))
ranked = st.dictionaries(st.sampled_from("abcdefghijkl"), scores, max_size=12).map(
    lambda found: sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
)
methods = st.sampled_from([rrf, dbsf, lambda lists: relative(lists, [1 / len(lists)] * len(lists))])


@given(st.lists(ranked, min_size=1, max_size=4), methods, st.randoms())
def test_the_order_of_the_lists_does_not_matter(lists, method, random):
    shuffled = random.sample(lists, len(lists))
    assert method(lists) == method(shuffled)


@given(ranked, ranked, st.sampled_from(["relative", "rrf", "dbsf"]))
def test_every_passage_once_and_in_order(semantic, keyword, method):
    found = fuse(semantic, keyword, method)
    assert sorted(id for id, _ in found) == sorted({id for id, _ in [*semantic, *keyword]})
    assert found == sorted(found, key=lambda entry: (-entry[1], entry[0]))


@given(ranked, ranked)
def test_alpha_one_is_semantic_and_alpha_zero_is_keyword(semantic, keyword):
    assert [id for id, _ in fuse(semantic, keyword, "relative", alpha=1)] == [id for id, _ in semantic]
    assert [id for id, _ in fuse(semantic, keyword, "relative", alpha=0)] == [id for id, _ in keyword]


@given(ranked, ranked, st.floats(0, 1), st.floats(0.1, 9), st.floats(-9, 9))
def test_relative_ignores_the_scale_of_a_list(semantic, keyword, alpha, factor, shift):
    moved = [(id, score * factor + shift) for id, score in keyword]
    left, right = fuse(semantic, keyword, "relative", alpha=alpha), fuse(semantic, moved, "relative", alpha=alpha)
    assert dict(left) == pytest.approx(dict(right), abs=1e-6)
    assert all(-1e-9 <= score <= 1 + 1e-9 for _, score in left)


@given(ranked, ranked, st.sampled_from(["relative", "rrf", "dbsf"]))
def test_better_in_both_lists_is_never_worse_fused(semantic, keyword, method):
    fused = dict(fuse(semantic, keyword, method))
    left, right = dict(semantic), dict(keyword)
    for a in left.keys() & right.keys():
        for b in left.keys() & right.keys():
            if left[a] > left[b] and right[a] > right[b]:
                assert fused[a] >= fused[b] - 1e-12


@given(ranked, ranked)
def test_rrf_looks_at_ranks_only(semantic, keyword):
    flat = [(id, float(-place)) for place, (id, _) in enumerate(semantic)]
    assert rrf([semantic, keyword]) == rrf([flat, keyword])


# second opinion ---------------------------------------------------------------------------------------


def test_the_engine_fuses_alike(tmp_path):
    """Qdrant counts ranks from 0, so its k is ours plus 1."""
    import qdrant_edge as edge

    from pipelines.stores.edge import EdgeStore

    store = EdgeStore(tmp_path / "s", 2)
    names = [str(uuid.UUID(int=n + 1)) for n in range(12)]
    weight = [40.0, 3.0, 2.9, 2.5, 2.0, 1.5, 1.2, 1.1]
    sparse = [Sparse((1,), (weight[n - 4],)) if n >= 4 else None for n in range(12)]
    store.upsert([Point(names[n], [1.0, n * n / 10], sparse[n], {}) for n in range(12)])
    dense_query, sparse_query = [1.0, 1.3], edge.SparseVector([1], [1.0])
    lists = [
        [(hit.id, hit.score) for hit in store.dense(dense_query, 9)],
        [(hit.id, hit.score) for hit in store.sparse(Sparse((1,), (1.0,)), 9)],
    ]
    prefetches = [
        edge.Prefetch(limit=9, query=edge.Query.Nearest(dense_query, using=DENSE)),
        edge.Prefetch(limit=9, query=edge.Query.Nearest(sparse_query, using=SPARSE)),
    ]
    for fusion, ours in ((edge.Fusion.Rrf(k=61), rrf(lists, 60)), (edge.Fusion.Dbsf(), dbsf(lists))):
        request = edge.QueryRequest(limit=20, prefetches=prefetches, query=fusion)
        theirs = {str(hit.id): hit.score for hit in store._shard.query(request)}
        assert dict(ours) == pytest.approx(theirs, abs=1e-5)
    store.close()
