"""The compiled coders beside those in Python: the same bytes out, the same symbols in, the same faults."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dpcodec.coding.coders import new_decoder, new_encoder
from dpcodec.coding.compiled_coder import CompiledDecoder, CompiledEncoder
from dpcodec.coding.entropy import AdaptiveTable, Decoder, Encoder
from dpcodec.coding.mdct_contexts import ChannelContext, MdctContexts, log_magnitude_of
from dpcodec.coding.mdct_symbols import walk_mdct
from dpcodec.coding.side_information import code_scale_factors
from dpcodec.compiled import library, off
from dpcodec.errors import FormatError

pytestmark = pytest.mark.skipif(library() is None, reason="nothing was compiled here")


def test_they_are_used_where_they_are_there() -> None:
    assert isinstance(new_encoder(), CompiledEncoder)
    assert isinstance(new_decoder(b""), CompiledDecoder)
    with off():
        assert isinstance(new_encoder(), Encoder)
        assert isinstance(new_decoder(b""), Decoder)


@pytest.mark.parametrize("seed", range(200))
def test_symbols_and_bits(seed: int) -> None:
    """Rows from even to all but certain, few symbols and many, and bits between."""
    rng = np.random.default_rng(seed)
    alphabet, contexts = int(rng.integers(2, 65)), int(rng.integers(1, 30))
    counts = 1 + (rng.random((contexts, alphabet)) ** rng.uniform(0.5, 12) * 10 ** rng.uniform(1, 6)).astype(
        np.int64
    )
    compiled, plain, written = CompiledEncoder(), Encoder(), []
    tables = [AdaptiveTable(counts, 32) for _ in range(3)]
    for _ in range(int(rng.integers(1, 9))):
        context = rng.integers(0, contexts, int(rng.integers(0, 100)))
        likely = counts[context].argmax(1)
        symbols = np.where(
            rng.random(len(context)) < rng.random(), likely, rng.integers(0, alphabet, len(context))
        )
        bits = rng.integers(0, 2, int(rng.integers(0, 50))).astype(np.uint8)
        compiled.code(tables[0], context, symbols)
        compiled.bits(len(bits), bits)
        plain.code(tables[1], context, symbols)
        plain.bits(len(bits), bits)
        written.append((context, symbols, bits))
    half = compiled.copy()
    data = compiled.finish()
    assert data == plain.finish() == half.finish() == compiled.finish()
    np.testing.assert_array_equal(tables[0].counts, tables[1].counts)
    decoder = CompiledDecoder(data)
    for context, symbols, bits in written:
        assert decoder.code(tables[2], context, None).tolist() == symbols.tolist()
        assert decoder.bits(len(bits), None).tolist() == bits.tolist()
    decoder.finish()


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (3, 2), (5, 16), (42, 215), (42, 700)])
@pytest.mark.parametrize(
    "name, apart", [("scale_factors", None), ("perceptual", None), ("frames", 1), ("frames", 3)]
)
@pytest.mark.parametrize("first_bands", [None, 0, 2, 42])
def test_scale_factors(shape: tuple[int, int], name: str, apart: int | None, first_bands: int | None) -> None:
    if name == "scale_factors" and first_bands is not None:
        pytest.skip("format 1.2 has no table for it")
    rng = np.random.default_rng(shape[1])
    truth = np.clip(np.cumsum(rng.integers(-1, 2, shape), axis=1) + rng.integers(0, 64, (shape[0], 1)), 0, 63)
    first = None if first_bands is None else rng.integers(0, 64, (first_bands, shape[1]))
    compiled, plain = CompiledEncoder(), Encoder()
    for coder in (compiled, plain):
        found = code_scale_factors(coder, shape, truth, name, first, apart)
        np.testing.assert_array_equal(found, truth)
    data = plain.finish()
    assert compiled.finish() == data
    read = code_scale_factors(CompiledDecoder(data), shape, None, name, first, apart)
    np.testing.assert_array_equal(read, truth)


def channel_of(seed: int) -> tuple[tuple[object, ...], np.ndarray]:
    """What makes contexts of a channel, and its symbols: small and very large ones, masks, a paired
    channel."""
    rng = np.random.default_rng(seed)
    rows, frames = int(rng.integers(0, 120)), int(rng.choice([0, 1, 2, 7, 16, 43, 215, 600]))
    shape = rows, frames
    size = 10 ** rng.uniform(-1, rng.choice([0.5, 6.5]))
    q = np.clip(np.rint(rng.laplace(size=shape) * size), 1 - 2**24, 2**24 - 1).astype(np.int32)
    coded = rng.random(shape) < 0.5 if seed % 3 == 0 else None
    if coded is not None:
        q = np.where(coded, q, 0).astype(np.int32)
    scale_factors = rng.integers(0, 64, shape).astype(np.uint8)
    above = max(0, rows + int(rng.integers(-5, 6)))
    paired = None
    if seed % 2:
        paired = log_magnitude_of(rng.integers(-3, 4, (above, frames)), np.full((above, frames), 20))
    apart = None if seed % 4 < 2 else int(rng.integers(1, 5))
    channel = ChannelContext(np.arange(rows) // 4, int(rng.integers(1, 9)), paired, coded, apart)
    told = scale_factors, rng.integers(0, 16, shape).astype(np.uint8)
    name = ["mdct", "perceptual", "frames"][seed % 3]
    return (
        channel,
        rng.integers(0, 4, frames),
        *(told if seed % 5 else ()),
        *((name,) if seed % 5 else ()),
    ), q


@pytest.fixture(params=[0, 1, 2], ids=["any processor", "AVX2", "AVX-512"])
def way(request: pytest.FixtureRequest) -> Iterator[int]:
    """Networks run this way, where the processor has it."""
    compiled = library()
    assert compiled is not None
    if compiled.dpc_network_way(request.param) != request.param:
        pytest.skip("this processor cannot")
    yield request.param
    compiled.dpc_network_way(2)


@pytest.mark.parametrize("seed", range(60))
def test_walks(seed: int, way: int) -> None:
    arguments, q = channel_of(seed)
    compiled, plain = CompiledEncoder(), Encoder()
    for coder in (compiled, plain):
        np.testing.assert_array_equal(walk_mdct(coder, MdctContexts(*arguments), q), q)  # type: ignore[arg-type]
    data = plain.finish()
    assert compiled.finish() == data
    decoder = CompiledDecoder(data)
    np.testing.assert_array_equal(walk_mdct(decoder, MdctContexts(*arguments), None), q)  # type: ignore[arg-type]
    decoder.finish()


@pytest.mark.parametrize("seed", range(60))
def test_what_is_no_code(seed: int) -> None:
    """Bytes by chance, changed and cut ones: both read the same, or refuse it in the same words."""
    rng = np.random.default_rng(seed)
    arguments, q = channel_of(seed)
    encoder = CompiledEncoder()
    walk_mdct(encoder, MdctContexts(*arguments), q)  # type: ignore[arg-type]
    good = encoder.finish()
    changed = bytearray(good)
    if good:
        changed[int(rng.integers(len(good)))] ^= 1 << int(rng.integers(8))
    for data in (rng.bytes(int(rng.integers(0, 300))), b"\xff" * 40, good[: len(good) // 2], bytes(changed)):
        outcomes = []
        for decoder in (CompiledDecoder(data), Decoder(data)):
            try:
                found = walk_mdct(decoder, MdctContexts(*arguments), None)  # type: ignore[arg-type]
                decoder.finish()
                outcomes.append(found.tolist())
            except FormatError as exc:
                outcomes.append(str(exc))
        assert outcomes[0] == outcomes[1]
