"""Reading the header of a model file, whole and hostile."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.engines.gguf import NotGguf, Skipped, read_header


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, *shape: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, 0)


def gguf(pairs=(), tensors=(), *, version=3, keys=None, count=None) -> bytes:
    head = struct.pack("<4sIQQ", b"GGUF", version, len(tensors) if count is None else count, keys or len(pairs))
    return head + b"".join(pairs) + b"".join(tensors)


GOOD = gguf(
    [
        pair("general.architecture", 8, text("llama")),
        pair("general.name", 8, text("Tiny")),
        pair("llama.context_length", 4, struct.pack("<I", 512)),
        pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 100) + text("x") * 100),
        pair("tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 100) + bytes(400)),
        pair("short", 9, struct.pack("<IQ", 5, 2) + struct.pack("<ii", -1, 7)),
        pair("flag", 7, b"\x01"),
        pair("tokenizer.chat_template", 8, text("{{ messages }}")),
    ],
    [tensor("a", 3, 4), tensor("b", 5), tensor("c", 2, 2, 2)],
)


def read(tmp_path: Path, data: bytes):
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    return read_header(path)


def test_a_small_header_by_hand(tmp_path):
    header = read(tmp_path, GOOD)
    assert header.parameters == 12 + 5 + 8
    assert (header.architecture, header.name, header.context) == ("llama", "Tiny", 512)
    assert header.chat_template == "{{ messages }}"
    assert header.metadata["short"] == [-1, 7]
    assert header.metadata["flag"] is True
    assert header.metadata["tokenizer.ggml.tokens"] == Skipped(100)  # long
    assert header.vocabulary == 100


def test_the_vocabulary_is_counted_however_small_or_absent(tmp_path):
    few = pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 3) + text("x") * 3)
    assert read(tmp_path, gguf([few])).vocabulary == 3
    assert read(tmp_path, gguf()).vocabulary is None


def test_a_header_written_on_a_big_endian_machine(tmp_path):
    data = struct.pack(">4sIQQ", b"GGUF", 3, 0, 1) + struct.pack(">Q1sII", 1, b"k", 4, 9)
    assert read(tmp_path, data).metadata == {"k": 9}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "ends inside"),
        (b"PDF-1.7 and more", "does not begin"),
        (gguf(version=1), "version 1"),
        (gguf(version=99), "version 99"),
        (gguf(keys=2**62), "metadata keys"),
        (gguf(count=2**62), "tensors"),
        (gguf([pair("k", 8, struct.pack("<Q", 2**61))]), "bytes in one string"),
        (gguf([pair("k", 9, struct.pack("<IQ", 6, 2**60))]), "ends inside"),
        (gguf([pair("k", 9, struct.pack("<IQ", 8, 2**60))]), "ends inside"),
        (gguf([pair("k", 9, struct.pack("<IQ", 9, 1) * 40)]), "nested"),
        (gguf([pair("k", 9, struct.pack("<IQ", 9, 1000))]), "array of arrays"),
        (gguf([pair("k", 77, b"")]), "unknown kind 77"),
        (gguf(tensors=[text("t") + struct.pack("<I", 2**31)]), "dimensions"),
    ],
)
def test_hostile_headers_are_refused_quickly(tmp_path, data, says):
    with pytest.raises(NotGguf, match=says):
        read(tmp_path, data)


def test_cut_off_anywhere(tmp_path):
    for length in range(0, len(GOOD), 7):
        with pytest.raises(NotGguf):
            read(tmp_path, GOOD[:length])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_breaks_the_reader(tmp_path_factory, place, byte):
    data = bytearray(GOOD)
    data[place] = byte
    try:
        read(tmp_path_factory.mktemp("g"), bytes(data))
    except NotGguf as error:
        assert str(error)  # noqa: PT017


@pytest.mark.builtin
def test_the_real_model(builtin_model):
    header = read_header(builtin_model)
    assert (header.parameters, header.context, header.architecture) == (134_515_008, 8192, "llama")
    assert header.vocabulary == 49_152
    assert "im_start" in header.chat_template
