"""The page to listen: what is in the file. How it behaves is tested in a browser, tests/browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy import signal

from dpcodec import Audio, DecodeSettings, SampleFormat, SettingsError, create_audio, decode
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.canvas import description
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments.peers import quantised_16_bit
from dpcodec.bench.experiments.report.anchor import low_anchor
from dpcodec.bench.experiments.report.measurement import experiment, measure, plots, tables
from dpcodec.bench.experiments.report.media import flac, levels, palette_png, spectrogram_png
from dpcodec.bench.experiments.report.page import build, data, plots_in
from dpcodec.bench.experiments.report.systems import Choice, System, Version, choose
from dpcodec.cli.main import run as dpcodec
from dpcodec.metrics.snr import snr

HOSTILE = '</script><img src=x onerror=alert(1)> & "quoted" \u2028 é'
ONLY_OURS = Choice(solvers=("none", "least-squares"), bitrates=(), codecs=())


def rows_of(clip: Audio, name: str = "clip") -> list[Row]:
    """Rows as a run gives them, of a clip through the systems that need no program."""
    rows = []
    for system in choose(ONLY_OURS)[0]:
        key = {"clip": name, "clip_digest": "0", "rate": clip.sample_rate, "seconds": clip.duration}
        about = {"system": system.name, "role": system.role, "about": system.about}
        rows.append({**key, **about, **measure(clip, system, ("snr",))})
    return rows


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of(quantised_16_bit(melody(16000, 0.6)), HOSTILE)


class Page(HTMLParser):
    """The page as a parser sees it: tags with attributes, and text by the element it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.tags[-1][0] if self.tags else "", data))

    def text_in(self, tag: str) -> str:
        return "".join(text for where, text in self.texts if where == tag)


# Sounds and pictures


@pytest.mark.parametrize("rate, hz", [(16000, 1000), (44100, 997), (48000, 3400)])
def test_the_anchor_passes_what_lies_below_in_step(rate: int, hz: float) -> None:
    tone = Audio(0.5 * np.sin(2 * np.pi * hz * np.arange(rate) / rate), rate)
    middle = slice(rate // 4, -rate // 4)
    error = low_anchor(tone).samples[0, middle] - tone.samples[0, middle]
    assert np.abs(error).max() < 0.5 * (10 ** (0.1 / 20) - 1)


@pytest.mark.parametrize("hz, attenuation_db", [(4000, 25), (4500, 50), (7000, 50)])
def test_the_anchor_attenuates_as_bs_1534_says(hz: float, attenuation_db: float) -> None:
    tone = Audio(np.sin(2 * np.pi * hz * np.arange(32000) / 16000 + 0.3), 16000)
    level = np.sqrt(2 * np.mean(low_anchor(tone).samples[0, 8000:-8000].astype(float) ** 2))
    assert 20 * np.log10(level) < -attenuation_db


def test_the_anchor_keeps_length_and_refuses_rates_without_room() -> None:
    assert low_anchor(Audio(np.ones(10), 16000)).samples.shape == (1, 10)
    with pytest.raises(SettingsError, match="8000 Hz"):
        low_anchor(Audio(np.ones(100), 8000))


def test_flac_is_the_samples_in_16_bits() -> None:
    clip = melody(16000, 0.3)
    decoded, rate = soundfile.read(io.BytesIO(flac(clip)), dtype="int16")
    assert rate == 16000
    np.testing.assert_array_equal(decoded, np.round(clip.samples[0].astype(float) * 32768))


def test_levels_are_those_of_scipy_s_transform() -> None:
    noise = Audio(np.random.Generator(np.random.Philox(5)).standard_normal(16000), 16000)
    hop = -(-16000 // 480)
    _, _, X = signal.stft(noise.samples[0], window="hann", nperseg=768, noverlap=768 - hop)
    shown = 20 * np.log10(np.abs(X[:-1]).reshape(128, 3, -1).max(axis=1))
    ours = levels(noise)
    n = min(shown.shape[1], ours.shape[1])
    difference = ours[:, 20 : n - 20] - shown[:, 20 : n - 20]
    assert np.ptp(difference) < 1e-3  # the same, but for a reference level


def test_a_tone_is_bright_where_it_sounds() -> None:
    t = np.arange(32000) / 16000
    tone = Audio(np.where(t < 1, 0.5 * np.sin(2 * np.pi * 2000 * t), 0), 16000)
    row, column = np.unravel_index(levels(tone).argmax(), (128, levels(tone).shape[1]))
    assert row in (31, 32)
    assert column < levels(tone).shape[1] / 2
    assert levels(tone)[32, -10:].max() < levels(tone).max() - 80


def test_a_picture_reads_back_as_its_pixels() -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    palette = np.random.Generator(np.random.Philox(3)).integers(0, 256, (6, 3), np.uint8)
    read = image.open(io.BytesIO(palette_png(pixels, palette)))
    read.load()  # checks lengths and checksums
    np.testing.assert_array_equal(np.asarray(read.convert("RGB")), palette[pixels])
    picture = image.open(io.BytesIO(spectrogram_png(melody(16000, 0.5), 0.0)))
    assert picture.size[1] == 128
    assert picture.size[0] <= 480


# Systems and rows


def test_systems_make_versions_of_one_length(rows: list[Row]) -> None:
    assert [row["system"] for row in rows] == ["original", "3.5 kHz anchor", "masked", "least squares"]
    assert [row["role"] for row in rows] == ["reference", "anchor", "system", "system"]
    sounds = [soundfile.read(io.BytesIO(base64.b64decode(row["flac"])))[0] for row in rows]
    assert {sound.shape for sound in sounds} == {(9600,)}
    np.testing.assert_array_equal(sounds[0], quantised_16_bit(melody(16000, 0.6)).samples[0])
    for row, sound in zip(rows[1:], sounds[1:], strict=True):
        assert row["snr"] == pytest.approx(snr(sounds[0], sound), abs=0.05)  # up to the FLAC's rounding
    assert rows[2]["snr"] < rows[3]["snr"]


def _version(samples: np.ndarray, clip: Audio) -> Version:
    return Version(Audio(samples, 16000), 60)


def test_a_version_is_cut_or_lengthened() -> None:
    clip = melody(16000, 0.3)
    for samples in (np.ones((1, 100)), np.ones((1, 9000))):
        other = System("x", "", partial(_version, samples))
        row = measure(clip, other, ("snr",))
        assert soundfile.info(io.BytesIO(base64.b64decode(row["flac"]))).frames == 4800
        assert row["kbps"] == pytest.approx(60 * 8 / 300)


def test_the_shorter_of_two_files_stands_in_the_page() -> None:
    """The `.dpc` file where the page makes the same of it: what was measured is what is heard."""
    clip = quantised_16_bit(melody(16000, 1.0))
    perceptual = choose(Choice(solvers=()))[0][-1]
    row = measure(clip, perceptual, ("snr",))
    assert "flac" not in row
    data_ = base64.b64decode(row["dpc"])
    assert row["bytes"] == len(data_)
    heard = decode(data_, DecodeSettings(solver="noise"))
    assert row["snr"] == pytest.approx(snr(clip.samples, heard.samples), abs=1e-4)
    reference = measure(clip, choose(Choice(solvers=()))[0][0], ())
    page = build(
        [
            {
                "clip": "c",
                "clip_digest": "0",
                "rate": 16000,
                "seconds": 1.0,
                "system": system.name,
                "role": system.role,
                "about": "",
                **found,
            }
            for system, found in zip(choose(Choice(solvers=()))[0][::2], (reference, row), strict=True)
        ]
    )
    assert "data:audio/x-dpcodec;base64," in page
    assert "const dpcodec = (() => {" in page
    assert len(row["dpc"]) < len(reference["flac"]) / 2


def test_programs_that_are_absent_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    systems, notes = choose(Choice(bitrates=(32,), codecs=("opus", "mp3")))
    assert [s.name for s in systems[-2:]] == ["least squares", "dpcodec"]
    assert [note.partition(":")[0] for note in notes] == ["opus", "mp3"]


def test_this_codec_keeps_to_the_bit_rate() -> None:
    systems, _ = choose(Choice(bitrates=(24,), codecs=()))
    row = measure(melody(16000, 1.0), systems[-1], ("snr",))
    assert row["kbps"] <= 24
    assert row["bytes"] == round(row["kbps"] * 125 * 1.0)


def test_names_tell_what_was_asked_for_only_where_they_must() -> None:
    systems, _ = choose(Choice(solvers=(), bitrates=(24, 32), codecs=()))
    assert [s.name for s in systems[-2:]] == ["dpcodec, 24 asked for", "dpcodec, 32 asked for"]


def test_kbit_a_second_are_those_of_the_bytes_on_disk(rows: list[Row]) -> None:
    row = {**rows[2], "kbps": 41.25}
    assert data([row], "")["clips"][0]["versions"][0]["facts"].startswith("41.2 kbit/s on disk")
    assert tables([row])[0].rows[0]["kbit/s on disk"] == "41.25"


def test_clips_by_formula_are_called_synthetic_and_files_are_not(tmp_path: Path) -> None:
    with create_audio(tmp_path / "a.wav", 16000, 1, SampleFormat("wav", "PCM_16")) as writer:
        writer.write(melody(16000, 0.3).samples)
    told = {}
    for folder in (None, tmp_path):
        keys = [task.key for task in experiment(folder, ONLY_OURS, 16000, 0.3, 1, ("snr",)).tasks]
        told[folder] = {key.get("synthetic", False) for key in keys}
    assert told == {None: {True}, tmp_path: {False}}


def test_the_page_says_what_is_synthetic_and_what_the_clips_are(rows: list[Row]) -> None:
    made = [{**row, "synthetic": True} for row in rows]
    text = build(made, note="Struck <wood>.")
    assert "All clips here are synthetic" in text
    assert "<p>Struck &lt;wood&gt;.</p>" in text
    assert data(made, "")["clips"][0]["synthetic"] is True
    assert {row["clip"] for row in tables(made)[1].rows} == {f"{HOSTILE} (synthetic)"}
    assert "All clips here are synthetic" not in build([*rows, *made])


def test_each_figure_of_merit_has_its_plot(rows: list[Row], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawn = plots(rows, tmp_path)
    assert [path.name for path in drawn] == ["report-snr.png", "report-snr.svg"]
    kbps = rows[3]["kbps"]
    told = description(drawn[1])
    assert told.startswith("SNR, dB; of one clip")
    assert f"least squares, {kbps:.0f}\u00a0kbit/s {rows[3]['snr']:.2f}" in told
    assert "original" not in told


def test_tables_leave_out_what_was_not_measured(rows: list[Row]) -> None:
    means, each = tables(rows)
    assert list(means.rows[0]) == ["system", "clips", "kbit/s on disk", "SNR, dB"]
    assert each.rows[0]["SNR, dB"] is None
    assert float(means.rows[2]["SNR, dB"]) == pytest.approx(rows[2]["snr"], abs=0.01)


def test_measurements_are_kept_and_taken_up_again(tmp_path: Path) -> None:
    work = experiment(None, ONLY_OURS, 16000, 0.3, 2, ("snr",))
    assert len(work.tasks) == 8
    assert len(run(work, Results(tmp_path, "report")).rows) == 8
    again = Results(tmp_path, "report")
    assert all(task.id in again.rows for task in work.tasks)


# The page


def test_the_page_holds_everything_and_reaches_for_nothing(rows: list[Row], tmp_path: Path) -> None:
    (tmp_path / "rate.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "rate.png").write_bytes(b"png")
    (tmp_path / "paper.png").write_bytes(b"png")
    (tmp_path / "report-snr.svg").write_text("<svg/>")
    assert [path.name for path in plots_in(tmp_path)] == ["report-snr.svg", "paper.png", "rate.svg"]
    text = build(rows, plots_in(tmp_path))
    assert not re.search(r"https?://|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|\beval\(", text)
    assert "$" not in re.sub(r"\$\{", "", re.sub(r"<script>.*?</script>", "", text, flags=re.S))
    for tag, attributes in Page(text).tags:
        assert tag not in ("iframe", "object", "embed", "base", "audio", "video")
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            address = attributes.get(name, "data:")
            assert address is not None
            assert address.startswith(("data:", "#")), (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    sources = [str(a["src"]) for tag, a in Page(text).tags if tag == "img"]
    assert [s.partition(";")[0] for s in sources] == [
        "data:image/svg+xml",
        "data:image/png",
        "data:image/svg+xml",
    ]


def test_the_policy_admits_only_what_stands_in_the_page(rows: list[Row]) -> None:
    text = build(rows)
    policy = next(a["content"] for tag, a in Page(text).tags if a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for element in ("script", "style"):
        inside = re.search(rf"<{element}>(.*?)</{element}>", text, re.S)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy


def test_names_are_escaped_everywhere(rows: list[Row]) -> None:
    text = build(rows, title=HOSTILE)
    page = Page(text)
    assert not any("onerror" in a for _, a in page.tags)
    assert HOSTILE in page.text_in("title")
    assert HOSTILE in page.text_in("td")
    kept = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert kept
    assert json.loads(kept[1])["clips"][0]["name"] == HOSTILE
    assert json.loads(kept[1])["title"] == HOSTILE


def test_the_data_are_the_rows_with_the_reference_first(rows: list[Row]) -> None:
    told = data([*rows[1:], rows[0]], "t")
    versions = told["clips"][0]["versions"]
    assert [v["system"] for v in versions] == ["original", "3.5 kHz anchor", "masked", "least squares"]
    kind, _, coded = versions[2]["audio"].partition(",")
    assert kind == "data:audio/flac;base64"
    assert base64.b64decode(coded) == base64.b64decode(rows[2]["flac"])


@pytest.mark.usefixtures("intervals_of_two")
def test_cells_say_what_to_sort_by(rows: list[Row]) -> None:
    exact = {**rows[3], "snr": "inf"}
    text = build([rows[0], rows[2], exact, {**rows[2], "clip": "other", "snr": -1.5}])
    assert 'data-value="Infinity">∞<' in text
    assert 'data-value="-1.5">−1.50<' in text
    assert re.search(r'data-value="[-0-9.]+">[−0-9.]+ ± [0-9.]+<', text)


# The command


def test_the_command_writes_the_page_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, results = tmp_path / "r.html", tmp_path / "results"
    given = [
        "bench",
        "report",
        "-o",
        str(page),
        "--results",
        str(results),
        "--seconds",
        "0.3",
        "--clips",
        "1",
    ]
    given += ["--metrics", "snr", "--solvers", "none", "--codecs", "flac", "-j", "1", "--title", "Ours"]
    assert dpcodec(given) == 0
    assert "Means over clips" in capsys.readouterr().out
    first = page.read_bytes()
    assert b"<h1>Ours</h1>" in first
    assert dpcodec(given) == 2
    assert "--force" in capsys.readouterr().err
    assert page.read_bytes() == first
    assert dpcodec([*given, "--force", "-q"]) == 0
    assert page.read_bytes() == first  # of the measurements that were kept, and the same to the byte


@pytest.mark.parametrize("name", ["-", "."])
def test_the_page_is_a_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dpcodec(["bench", "report", "-o", name]) == 2
    assert "--output" in capsys.readouterr().err


def test_a_folder_that_is_missing_shows_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, results = tmp_path / "no" / "r.html", tmp_path / "results"
    assert dpcodec(["bench", "report", "-o", str(page), "--results", str(results)]) == 1
    assert "make the folder" in capsys.readouterr().err
    assert not results.exists()
