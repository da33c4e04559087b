"""MDCT files from end to end: quality by formula, stretches, lost packets, what is refused, what is told."""

import io
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import Pipe

import dpcodec
from dpcodec import Audio, DecodeReport, DecodeSettings, EncodeSettings, SettingsError, StreamInfo
from dpcodec.audio.streams import ArrayReader, ArrayWriter
from dpcodec.container.header import unpack_header
from dpcodec.metrics.snr import snr

SMALL: dict[str, Any] = {"n_fft": 256, "hop": 128, "max_block_split": 3, "segment_frames": 12}


def settings(**changes: Any) -> EncodeSettings:
    return dpcodec.profile("mdct", **{**SMALL, **changes})


def notes(samples: int = 12000, channels: int = 1, rate: int = 8000) -> Audio:
    """Decaying tones, each with its own start: float32 [C, N]."""
    n = np.arange(samples)
    x = np.zeros((channels, samples))
    for c in range(channels):
        for start in range(0, samples, 1500):
            age = np.maximum(n - start - 170 * c, 0)
            x[c] += (n >= start) * np.exp(-age / 700) * np.sin((0.1 + 0.03 * c + start / 50000) * age)
    return Audio(0.3 * x, rate)


def report_of(data: bytes, **changes: Any) -> tuple[DecodeReport, np.ndarray]:
    written = []

    def sink(info: StreamInfo) -> ArrayWriter:
        writer = ArrayWriter(info.sample_rate, info.channels, info.sample_format, ())
        written.append(writer)
        return writer

    report = dpcodec.decode_stream(io.BytesIO(data), sink, DecodeSettings(**changes))
    return report, written[0].audio.samples


@hypothesis.settings(deadline=None)
@given(st.data())
def test_any_length_and_shape_comes_back(data: st.DataObject) -> None:
    samples = data.draw(st.sampled_from([0, 1, 2, 127, 128, 129, 1537, 2001]))
    channels, rate = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([1, 8000, 44100]))
    mask = data.draw(st.sampled_from(["significance", "energy", "random"]))
    exact, parts = data.draw(st.booleans()), data.draw(st.integers(1, 16))
    audio = notes(samples, channels, rate)
    coded = dpcodec.encode(audio, settings(mask=mask, exact=exact, parts=parts, drop=0.0))
    back = dpcodec.decode(coded)
    assert back.samples.shape == audio.samples.shape
    assert back.sample_rate == rate
    assert dpcodec.inspect(coded).whole
    error = np.sum((back.samples - audio.samples) ** 2.0)
    assert error <= (1e-9 if exact else 2e-3) * np.sum(audio.samples**2.0)


@pytest.mark.parametrize("level", [10.0, 25.0, 60.0])
def test_snr_is_what_was_asked_for(level: float) -> None:
    audio = notes()
    back = dpcodec.decode(dpcodec.encode(audio, settings(snr=level)))
    assert level - 0.1 < snr(audio.samples, back.samples) < level + 2.5


def test_more_dropped_is_smaller_and_worse() -> None:
    audio = notes()
    coded = [dpcodec.encode(audio, settings(drop=d)) for d in (0.5, 0.8, 0.9, 0.97)]
    assert sorted(map(len, coded), reverse=True) == [len(c) for c in coded]
    levels = [snr(audio.samples, dpcodec.decode(c).samples) for c in coded]
    assert sorted(levels, reverse=True) == levels


def test_a_click_in_digital_silence_takes_few_bytes() -> None:
    x = np.zeros((1, 40000), np.float32)
    x[0, 20000] = 0.5
    coded = dpcodec.encode(Audio(x, 8000), settings(drop=0.5))
    assert len(coded) < 3000
    assert snr(x, dpcodec.decode(coded).samples) > 80


def test_a_stretch_is_that_part_of_the_whole() -> None:
    audio = notes(channels=2)
    coded = dpcodec.encode(audio, settings())
    whole = dpcodec.decode(coded).samples
    for start, duration in ((0.0, 0.3), (0.21, 0.5), (1.0, None), (1.49, 9.0)):
        part = dpcodec.decode(coded, DecodeSettings(start=start, duration=duration)).samples
        first = round(8000 * start)
        last = 12000 if duration is None else min(12000, first + round(8000 * duration))
        assert np.allclose(part, whole[:, first:last], atol=1e-6)


def test_solvers() -> None:
    coded = dpcodec.encode(notes(), settings())
    report, zeros = report_of(coded, solver="none")
    assert list(report.choices) == ["none: as asked"]
    report, samples = report_of(coded, solver="auto")
    assert "least squares of an MDCT" in next(iter(report.choices))
    assert np.array_equal(samples, zeros)
    for solver in ("least-squares", "janssen"):
        report, samples = report_of(coded, solver=solver)
        assert list(report.choices) == [f"{solver}: as asked"]
        assert np.array_equal(samples, zeros)


def test_a_lost_part_leaves_zeros_and_is_told() -> None:
    audio = notes()
    coded = dpcodec.encode(audio, settings(parts=4, snr=30.0))
    hurt = bytearray(coded)
    at = hurt.index(b"\xf2dp\xb1\x02\x00") + 40
    hurt[at] ^= 255
    report, samples = report_of(bytes(hurt))
    assert report.damaged
    assert samples.shape == audio.samples.shape
    assert snr(audio.samples, samples) > 3
    assert not dpcodec.inspect(bytes(hurt)).whole
    fixed = dpcodec.repair(bytes(hurt))
    assert np.array_equal(dpcodec.decode(fixed).samples, samples)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95])
def test_a_cut_file_keeps_its_length(share: float) -> None:
    audio = notes()
    coded = dpcodec.encode(audio, settings())
    cut = coded[: 8 + 26 + 48 + round(share * (len(coded) - 200))]
    report, samples = report_of(cut)
    assert report.damaged
    assert samples.shape == audio.samples.shape


def test_pipes_give_the_same() -> None:
    audio = notes(channels=2)
    reader = ArrayReader(audio)
    reader.samples = None
    out = Pipe()
    dpcodec.encode_stream(reader, out, settings())
    expected = dpcodec.decode(dpcodec.encode(audio, settings())).samples
    assert np.array_equal(dpcodec.decode(out.getvalue()).samples, expected)
    assert dpcodec.inspect_stream(Pipe(out.getvalue())).whole


def test_info_tells_transform_and_splits() -> None:
    x = notes().samples.copy()
    x[0, 6000] += 0.9
    told = dpcodec.inspect(dpcodec.encode(Audio(x, 8000), settings()))
    assert (told.transform, told.mask) == ("mdct", "significance")
    assert sum(told.splits) == 12000 // 128 + 2
    assert sum(told.splits[1:]) > 0
    stft = dpcodec.inspect(dpcodec.encode(Audio(x, 8000), dpcodec.profile("stft")))
    assert (stft.transform, stft.splits) == ("stft", ())


def test_files_of_the_stft_say_version_1_0() -> None:
    def header(coded: bytes) -> bytes:
        return coded[30 : 30 + int.from_bytes(coded[22:26], "little")]

    plain, mdct = (header(dpcodec.encode(notes(), s)) for s in (dpcodec.profile("stft"), settings()))
    assert plain[:3] == b"\1\0\0"
    assert mdct[:3] == b"\1\1\x08"
    assert unpack_header(mdct).transform == "mdct"
    significant = header(dpcodec.encode(notes(), dpcodec.profile("stft", mask="significance")))
    assert significant[:3] == b"\1\1\x08"
    assert header(dpcodec.encode(notes()))[:3] == b"\1\4\x78"


def test_the_significance_mask_of_the_stft_is_bounded() -> None:
    audio = notes()
    coded = dpcodec.encode(audio, dpcodec.profile("stft", mask="significance", drop=0.9, n_fft=256, hop=128))
    report, samples = report_of(coded, device="cpu")
    assert "bounds" in next(iter(report.choices))
    assert snr(audio.samples, samples) >= snr(audio.samples, report_of(coded, solver="none")[1])


@pytest.mark.parametrize(
    "changes",
    [{"hop": 64}, {"window": "hann"}, {"max_block_split": 7}, {"max_block_split": 9}, {"transform": "dct"}],
)
def test_settings_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        settings(**changes)
