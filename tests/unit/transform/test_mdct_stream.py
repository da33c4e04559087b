"""Streaming: the same coefficients and samples as in one piece, whatever the blocks; the choice of
block switching."""

import numpy as np
import pytest

from dpcodec.transform.block_switching import choose_block_splits
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.streaming import MdctAnalysis, MdctSynthesis

MDCT = Mdct(64, "kbd", 3)


def clicks(samples: int, channels: int = 2) -> np.ndarray:
    """Tones, and in each channel clicks of its own."""
    n = np.arange(samples)
    x = np.stack([np.sin(0.2 * (c + 1) * n) for c in range(channels)])
    for c in range(channels):
        x[c, 50 + 40 * c :: 211] += 20
    return x.astype(np.float32)


def analysed(
    x: np.ndarray, frames: int, block: int, paired: bool = False
) -> list[tuple[np.ndarray, np.ndarray]]:
    analysis = MdctAnalysis(MDCT, len(x), frames, paired)
    cut = [x[:, i : i + block] for i in range(0, x.shape[1], block)]
    steps = np.full((len(x), 1, 1), 0.05)
    return [analysis.coefficients(run, steps) for run in analysis.runs(cut)]


@pytest.mark.parametrize("frames", [1, 2, 5, 40])
@pytest.mark.parametrize("samples", [0, 1, 31, 32, 33, 160, 161, 700])
def test_segments_join_to_the_transform_of_the_whole(samples: int, frames: int) -> None:
    x = clicks(samples)
    segments = analysed(x, frames, 50)
    assert all(X.shape[2] == frames for X, _ in segments[:-1])
    assert sum(X.shape[2] for X, _ in segments) == MDCT.span(samples).frames
    synthesis = MdctSynthesis(MDCT, 2)
    pieces = [synthesis.push(X, s) for X, s in segments]
    if segments:
        block_splits = np.concatenate([s for _, s in segments], axis=1)
        whole = np.stack([MDCT.forward(x[c].astype(float), block_splits[c]) for c in range(2)])
        assert np.allclose(np.concatenate([X for X, _ in segments], axis=2), whole, atol=1e-6)
        assert np.allclose(np.concatenate(pieces, axis=1)[:, :samples], x, atol=1e-5)


def test_blocks_do_not_matter() -> None:
    x = clicks(900)
    one, other = analysed(x, 6, 900), analysed(x, 6, 17)
    for (X, s), (Y, t) in zip(one, other, strict=True):
        assert np.array_equal(X, Y)
        assert np.array_equal(s, t)
    assert len({int(v) for _, s in one for v in s.ravel()}) > 1, "some frame is cut"


def test_pairs_get_the_same_block_switching() -> None:
    x = clicks(900, channels=3)
    for _, block_splits in analysed(x, 6, 900, paired=True):
        assert np.array_equal(block_splits[0], block_splits[1])
    alone = np.concatenate([s for _, s in analysed(x, 6, 900)], axis=1)
    together = np.concatenate([s for _, s in analysed(x, 6, 900, paired=True)], axis=1)
    assert np.array_equal(alone[2], together[2])
    assert not np.array_equal(alone[0], alone[1])


def test_a_coarser_step_in_some_rows_counts_there() -> None:
    """A click above a tone block_splits frames; with its rows quantised away the tone decides."""
    mdct = Mdct(256, "kbd", 3)
    n = np.arange(2560)
    click = np.convolve(np.where(n % 640 == 300, 3.0, 0.0), [1, -1] * 4)[: len(n)]
    x = (np.sin(0.05 * n) + click)[None]
    span = mdct.span(len(n))
    fine = np.full((1, 128, 1), 0.01)
    coarse = fine * np.where(np.arange(128) >= 16, 1e6, 1.0)[:, None]
    inside = slice(2, 18)  # the tone starts and ends at once
    assert choose_block_splits(mdct, x, span, fine)[:, inside].any()
    assert not choose_block_splits(mdct, x, span, coarse)[:, inside].any()


def test_synthesis_may_start_in_the_middle() -> None:
    x = clicks(900)
    segments = analysed(x, 6, 900)
    synthesis = MdctSynthesis(MDCT, 2, 12)
    assert synthesis.start == 12 * 32
    tail = np.concatenate([synthesis.push(X, s) for X, s in segments[2:]], axis=1)
    assert np.allclose(tail[:, : 900 - synthesis.start], x[:, synthesis.start :], atol=1e-5)


def test_synthesis_stays_finite() -> None:
    loudest = np.float32(np.finfo(np.float32).max)
    synthesis = MdctSynthesis(MDCT, 1)
    assert np.isfinite(synthesis.push(np.full((1, 32, 3), loudest), np.zeros((1, 3), int))).all()


def test_tones_come_out_long_and_attacks_short() -> None:
    mdct = Mdct(2048, "kbd", 4)
    n = np.arange(20 * 1024)
    tone = np.sin(0.1 * n)
    attack = np.where(n == 9000, 1.0, 0.0)
    for x, long in ((tone, True), (attack, False)):
        block_splits = choose_block_splits(mdct, x[None], mdct.span(len(x)), np.full((1, 1, 1), 0.02))
        assert (block_splits[0, 4:14] == 0).all() == long
    assert block_splits[0, 9] == 4  # sample 9000 is one of frame 9, 8704 to 9727


def test_no_echo_before_an_attack() -> None:
    """What the quantiser does to a decaying burst stays near it: formula and step of a castanet's kind."""
    mdct = Mdct(2048, "kbd", 4)
    n = np.arange(16384)
    burst = np.where(n >= 9200, np.exp(-(n - 9200) / 150) * np.sin(1.3 * n), 0.0)[None]
    span = mdct.span(burst.shape[1])

    def echo(block_splits: np.ndarray) -> float:
        X = mdct.forward(burst[0], block_splits)
        y = mdct.inverse(np.round(X / 0.1) * 0.1, burst.shape[1], block_splits)
        return float(np.sum(y[:9136] ** 2) / np.sum(burst**2))

    chosen = choose_block_splits(mdct, burst, span, np.full((1, 1, 1), 0.1))[0]
    assert echo(chosen) < 1e-4
    assert echo(np.zeros(span.frames, int)) > 1e-3
