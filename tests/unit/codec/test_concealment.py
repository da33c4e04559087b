"""Lost packets of every kind of file, from bytes to samples."""

import io
from typing import Any, TypeVar

import numpy as np
import pytest
from streams import DATA, Pipe, join, split

import dpcodec
from dpcodec import Audio, DecodeSettings

RATE, N_FFT, F = 8000, 256, 16
SEGMENT = F * N_FFT // 2
PERCEPTUAL: dict[str, Any] = {"n_fft": N_FFT, "hop": N_FFT // 2, "segment_frames": F}
KINDS: dict[str, dict[str, Any]] = {
    "perceptual": PERCEPTUAL,
    "mdct": PERCEPTUAL | {"mask": "significance", "drop": 0.5},
    "mdct, random": PERCEPTUAL | {"mask": "random", "drop": 0.2, "exact": True},
    "stft": {"transform": "stft", "mask": "energy", "window": "sine"} | PERCEPTUAL,
}


def sound(channels: int = 1, seconds: float = 6.0) -> np.ndarray:
    """Tones that last, and noise: float64 [C, N]."""
    n = np.arange(round(seconds * RATE))
    rng = np.random.default_rng(3)
    x = [0.2 * np.cos((0.2 + 0.01 * c) * n) + 0.1 * np.cos(0.61 * n) for c in range(channels)]
    return np.stack(x) + 0.02 * rng.standard_normal((channels, n.size))


def encoded(x: np.ndarray, **settings: Any) -> bytes:
    return dpcodec.encode(Audio(x, RATE), dpcodec.EncodeSettings(**settings))


def without(data: bytes, segments: range | list[int], part: int | None = None) -> bytes:
    """The file without the packets of some segments."""
    kept = [
        p for p in split(data) if not (p.type == DATA and p.segment in segments and part in (None, p.part))
    ]
    return join(kept)


def decoded(data: bytes, **settings: Any) -> np.ndarray:
    return dpcodec.decode(data, DecodeSettings(device="cpu", **settings)).samples


def level(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


def error(x: np.ndarray, y: np.ndarray) -> float:
    return level(x - y[:, : x.shape[1]])


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_segment_is_not_silent_and_the_rest_is_as_it_was(kind: str) -> None:
    x = sound()
    data = encoded(x, **KINDS[kind])
    solver = "noise" if kind == "perceptual" else "auto"  # refine looks back at what was lost
    whole = decoded(data, solver=solver)
    y = decoded(without(data, [10]), solver=solver)
    assert y.shape == whole.shape == x.shape
    middle = slice(10 * SEGMENT + SEGMENT // 4, 11 * SEGMENT - SEGMENT // 4)
    assert 0.05 * level(x) < level(y[:, middle]) < 1.2 * level(x)
    away, atol = (14 * N_FFT, 1e-2) if kind == "stft" else (N_FFT, 1e-6)  # least squares moves all cells
    np.testing.assert_allclose(y[:, : 10 * SEGMENT - away], whole[:, : 10 * SEGMENT - away], atol=atol)
    np.testing.assert_allclose(y[:, 11 * SEGMENT + away :], whole[:, 11 * SEGMENT + away :], atol=atol)


@pytest.mark.parametrize("kind", KINDS)
def test_none_leaves_zeros(kind: str) -> None:
    y = decoded(without(encoded(sound(), **KINDS[kind]), [10]), solver="none")
    assert not y[:, 10 * SEGMENT + N_FFT : 11 * SEGMENT - N_FFT].any()


def test_edges_do_not_click() -> None:
    x = sound()
    data = encoded(x, **PERCEPTUAL)
    y = decoded(without(data, [10, 11]))
    jumps, usual = np.abs(np.diff(y[0])), np.abs(np.diff(decoded(data)[0]))
    assert jumps.max() < 1.5 * usual.max()


@pytest.mark.parametrize("part", [0, 1])
def test_half_of_the_bins(part: int) -> None:
    x = sound()
    data = encoded(x, **PERCEPTUAL, parts=2)
    lost = without(data, range(8, 16), part)
    assert error(x, decoded(lost)) < 0.9 * error(x, decoded(lost, solver="none"))


def test_silence_stays_silence() -> None:
    x = sound()
    x[:, 8 * SEGMENT : 14 * SEGMENT] = 0
    data = encoded(x, **PERCEPTUAL)
    y = decoded(without(data, [10, 11]))
    assert not np.round(32768 * y[:, 10 * SEGMENT : 12 * SEGMENT]).any()


def test_a_long_hole_ends_in_silence() -> None:
    data = encoded(sound(seconds=12), **PERCEPTUAL)
    y = decoded(without(data, range(6, 40)))
    first, last = 6 * SEGMENT, 40 * SEGMENT
    parts = [level(part) for part in np.array_split(y[0, first:last], 12)]
    assert parts[0] > 4 * parts[2] > 0
    assert parts[5] == parts[6] == 0
    assert parts[-1] > 4 * parts[-3]


@pytest.mark.parametrize("lost", [[0], [0, 1], [22, 23], list(range(24))])
def test_start_end_and_all(lost: list[int]) -> None:
    x = sound()
    y = decoded(without(encoded(x, **PERCEPTUAL), lost))
    assert y.shape == x.shape
    assert np.isfinite(y).all()


def test_pairs_go_on_as_they_were() -> None:
    """One sound in both channels, the right one softer and turned over."""
    x = sound() * [[1.0], [-0.5]]
    data = encoded(np.concatenate([x[:1], x[1:]]), **PERCEPTUAL)
    y = decoded(without(data, [10]))
    left, right = y[:, 10 * SEGMENT + N_FFT : 11 * SEGMENT - N_FFT]
    assert level(right + 0.5 * left) < 0.3 * level(right)


@pytest.mark.parametrize("start_s", [0.0, 0.7, 1.37, 2.6])
@pytest.mark.parametrize("kind", ["perceptual", "stft"])
def test_a_time_range_is_as_in_the_whole(kind: str, start_s: float) -> None:
    data = without(encoded(sound(2), **KINDS[kind]), [3, 10, 11, 15])
    steps: dict[str, int] = {"iterations": 10} if kind == "stft" else {}
    whole = decoded(data, **steps)
    part = decoded(data, start=start_s, duration=1.1, **steps)
    first = round(start_s * RATE)
    np.testing.assert_allclose(part, whole[:, first : first + part.shape[1]], atol=2e-6)


def test_pipes_and_batches_give_the_same() -> None:
    data = without(encoded(sound(2), **PERCEPTUAL), [3, 10, 11, 15])
    whole = decoded(data, solver="noise")
    out: list[np.ndarray] = []
    writer = Collected(out)
    report = dpcodec.decode_stream(
        Pipe(data), lambda info: writer, DecodeSettings(solver="noise", device="cpu")
    )
    np.testing.assert_array_equal(np.concatenate(out, axis=1), whole)
    assert report.damaged
    assert report.concealed_places == 3
    assert report.concealed_s == pytest.approx(4 * SEGMENT / RATE)
    batched = decoded(data, solver="noise", batch_segments=5)
    np.testing.assert_allclose(batched, whole, atol=1e-6)


Writer = TypeVar("Writer", bound="Collected")


class Collected:
    """A writer that keeps what it gets."""

    def __init__(self, out: list[np.ndarray]) -> None:
        self.out, self.clipped = out, 0
        self.warnings: list[str] = []

    def __enter__(self: Writer) -> Writer:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def write(self, block: np.ndarray) -> None:
        self.out.append(block.copy())

    def close(self) -> None:
        """What came stays where it is."""

    abandon = close


@pytest.mark.parametrize(("lost", "waits"), [([], 3), ([10], 14)])
def test_nothing_waits_without_loss(lost: list[int], waits: int) -> None:
    """Samples come out as segments go in, until one is lost."""
    data = encoded(sound(), **PERCEPTUAL)
    source, counts = Counting(without(data, lost)), []

    class Counts(Collected):
        def write(self, block: np.ndarray) -> None:
            counts.append(source.read_bytes)

    dpcodec.decode_stream(source, lambda info: Counts([]), DecodeSettings(device="cpu"))
    packet = len(data) / len(split(data))
    assert max(np.diff(counts)) <= waits * packet


class Counting(Pipe):
    """A pipe that counts what was read."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.read_bytes += len(found)
        return found


@pytest.mark.parametrize(("rate", "n_fft", "channels"), [(8000, 64, 1), (192000, 2048, 3), (44100, 512, 5)])
def test_all_sizes(rate: int, n_fft: int, channels: int) -> None:
    rng = np.random.default_rng(4)
    n = np.arange(20 * n_fft)
    x = 0.3 * np.cos(0.3 * n) + 0.01 * rng.standard_normal((channels, n.size))
    settings = dpcodec.EncodeSettings(n_fft=n_fft, hop=n_fft // 2, segment_frames=4)
    data = dpcodec.encode(Audio(x, rate), settings)
    audio = dpcodec.decode(without(data, [4]), DecodeSettings(device="cpu"))
    lost = audio.samples[:, 17 * n_fft // 2 : 19 * n_fft // 2]
    assert audio.samples.shape == x.shape
    assert level(lost) > 0.3 * level(x)


def test_the_time_limit_and_the_callers_stop_hold() -> None:
    data = without(encoded(sound(), **PERCEPTUAL), [10])
    writer = Collected([])
    report = dpcodec.decode_stream(
        io.BytesIO(data), lambda info: writer, DecodeSettings(device="cpu"), lambda *a: True
    )
    assert report.stopped
    y = np.concatenate(writer.out, axis=1)
    assert np.isfinite(y).all()
    assert y[:, 10 * SEGMENT + N_FFT : 11 * SEGMENT - N_FFT].any()
