"""`dpcodec.open` against soundfile on the same samples, and in the hands of Python's audio tools."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import dpcodec

RATE = 8000
NONE = dpcodec.DecodeSettings(solver="none", device="cpu")


def sound(channels: int, samples: int = 3 * RATE) -> np.ndarray:
    n = np.arange(samples)
    tones = [0.4 * np.sin(0.05 * (c + 1) * n) + 0.3 * np.sin(0.002 * n * n % 6.28) for c in range(channels)]
    return np.array(tones, np.float32)


@pytest.fixture(params=[1, 2, 3])
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A `.dpc` file and a WAV file of what it decodes to."""
    data = dpcodec.encode(dpcodec.Audio(sound(request.param), RATE))
    (tmp_path / "x.dpc").write_bytes(data)
    samples = dpcodec.decode(data, NONE).samples.T
    soundfile.write(tmp_path / "x.wav", samples, RATE, "FLOAT")
    return tmp_path / "x.dpc", tmp_path / "x.wav"


def same(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_it_says_what_soundfile_says(twins: tuple[Path, Path]) -> None:
    with dpcodec.open(twins[0], NONE) as ours, soundfile.SoundFile(twins[1]) as theirs:
        for name in ("samplerate", "channels", "frames", "mode", "subtype", "closed"):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert len(ours) == theirs.frames
        assert ours.seekable() == theirs.seekable()
        assert ours.format == "DPC"
        assert ours.name == str(twins[0])
        assert str(RATE) in repr(ours)
    assert ours.closed


WALKS: list[Callable[[Any], Any]] = [
    lambda f: f.read(),
    lambda f: f.read(0),
    lambda f: f.read(100, always_2d=True),
    lambda f: [f.read(1000), f.read(5000), f.read(-1)][2],
    lambda f: f.read(50, dtype="float32"),
    lambda f: [f.seek(9000), f.read(7)][1],
    lambda f: [f.seek(9000), f.read(70), f.seek(-75, 1), f.read(9)][3],
    lambda f: [f.seek(100), f.read(10), f.seek(300), f.read(10)][3],
    lambda f: [f.seek(-5, 2), f.read(9)][1],
    lambda f: [f.seek(-5, 2), f.read(9, fill_value=0.5)][1],
    lambda f: [f.seek(0, 2), f.read()][1],
    lambda f: np.array([f.tell(), f.seek(77), f.tell(), len(f.read(3)), f.tell()]),
    lambda f: f.read(out=np.zeros((40, f.channels), "float32")),
    lambda f: np.concatenate(list(f.blocks(1000))),
    lambda f: np.array([len(block) for block in f.blocks(7000)]),
    lambda f: list(f.blocks(4000, overlap=1000, dtype="float32"))[3],
    lambda f: list(f.blocks(7000, fill_value=0.25))[-1],
    lambda f: list(f.blocks(700, frames=1500, always_2d=True))[-1],
]


@pytest.mark.parametrize("number", range(len(WALKS)))
def test_it_does_what_soundfile_does(twins: tuple[Path, Path], number: int) -> None:
    with dpcodec.open(twins[0], NONE) as ours, soundfile.SoundFile(twins[1]) as theirs:
        same(WALKS[number](ours), WALKS[number](theirs))


def test_integers_are_of_full_scale(twins: tuple[Path, Path]) -> None:
    with dpcodec.open(twins[0], NONE) as file:
        samples = file.read()
        for dtype, full in (("int16", 2**15), ("int32", 2**31)):
            file.seek(0)
            found = file.read(dtype=dtype)
            assert found.dtype == dtype
            assert np.abs(found - np.rint(samples * full)).max() <= full * 2**-24
    loud = dpcodec.encode(dpcodec.Audio(np.full(500, 3.0), RATE))
    assert dpcodec.open(io.BytesIO(loud)).read(dtype="int16")[250] == 32767


def test_any_part_is_that_of_the_whole(twins: tuple[Path, Path]) -> None:
    """With the solver that decoding takes by itself, too."""
    whole = dpcodec.read(twins[0]).samples
    with dpcodec.open(twins[0]) as file:
        for place in (0, 12345, 20000, 3):
            file.seek(place)
            part = file.read(500, dtype="float32", always_2d=True)
            np.testing.assert_allclose(part.T, whole[:, place : place + 500], atol=1e-5)


def test_a_file_object_stays_open_and_an_owned_one_does_not() -> None:
    data = io.BytesIO(dpcodec.encode(dpcodec.Audio(sound(1, 100), RATE)))
    with dpcodec.open(data) as file:
        assert file.read().shape == (100,)
        assert file.damage == []
        assert file.tags == ()
    assert not data.closed
    for use in (file.read, lambda: file.seek(1), lambda: next(file.blocks(3))):
        with pytest.raises(dpcodec.SettingsError, match="closed"):
            use()


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f.seek(-1),
        lambda f: f.seek(101),
        lambda f: f.seek(0, 3),
        lambda f: f.read(dtype="complex64"),
        lambda f: list(f.blocks(5, overlap=5)),
        lambda f: list(f.blocks(0)),
    ],
)
def test_what_cannot_be_is_refused(use: Callable[[Any], Any]) -> None:
    with (
        dpcodec.open(io.BytesIO(dpcodec.encode(dpcodec.Audio(sound(1, 100), RATE)))) as file,
        pytest.raises(dpcodec.SettingsError),
    ):
        use(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.dpc").write_text("text")
    with pytest.raises(dpcodec.FormatError):
        dpcodec.open(tmp_path / "x.dpc")
    with pytest.raises(dpcodec.AudioError):
        dpcodec.open(tmp_path / "none.dpc")
    with pytest.raises(dpcodec.SettingsError):
        dpcodec.open(tmp_path / "x.dpc", dpcodec.DecodeSettings(start=1.0))
    long = dpcodec.encode(dpcodec.Audio(np.zeros(9000), 1000))
    with pytest.raises(dpcodec.LimitError):
        dpcodec.open(io.BytesIO(long), dpcodec.DecodeSettings(max_duration=8.0))


def test_a_file_that_was_cut_before_its_length_was_told() -> None:
    path = Path(__file__).parents[2] / "conformance" / "good" / "from-a-pipe.dpc"
    cut = path.read_bytes()[:-100]
    with dpcodec.open(io.BytesIO(cut), NONE) as file:
        assert file.frames == dpcodec.decode(cut, NONE).samples.shape[1] > 0
        assert file.read(always_2d=True).shape == (file.frames, file.channels)
        assert file.damage


def test_torch_loads_it_in_one_line(twins: tuple[Path, Path]) -> None:
    torch = pytest.importorskip("torch")
    paths = [twins[0]] * 4
    loaded = [torch.from_numpy(dpcodec.open(path).read(dtype="float32", always_2d=True).T) for path in paths]
    assert all(one.shape == (loaded[0].shape[0], 3 * RATE) for one in loaded)


def test_librosa_loads_it_in_one_line(twins: tuple[Path, Path]) -> None:
    librosa = pytest.importorskip("librosa")
    y = librosa.to_mono(dpcodec.open(twins[0]).read(dtype="float32", always_2d=True).T)
    assert librosa.feature.melspectrogram(y=y, sr=RATE).ndim == 2


def test_datasets_load_it_in_one_line(twins: tuple[Path, Path]) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"path": [str(twins[0])]}).with_transform(
        lambda rows: {"audio": [dpcodec.open(path).read(dtype="float32") for path in rows["path"]]}
    )
    assert np.shape(data[0]["audio"])[0] == 3 * RATE
