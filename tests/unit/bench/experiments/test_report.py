"""The page to listen: what is in the file. How it behaves is tested in a browser, tests/browser."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_page import unpacked

from dpcodec import Audio, SampleFormat, create_audio
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.canvas import description
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments.peers import quantised_16_bit
from dpcodec.bench.experiments.report.measurement import experiment, measure, plots, tables
from dpcodec.bench.experiments.report.packing import Store
from dpcodec.bench.experiments.report.page import build, data, plots_in
from dpcodec.bench.experiments.report.systems import Choice, choose
from dpcodec.cli.main import run as dpcodec

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


# Systems and rows


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
    assert data([row], "", Store())["clips"][0]["versions"][0]["facts"].startswith("41.2 kbit/s on disk")
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
    assert data(made, "", Store())["clips"][0]["synthetic"] is True
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
    script, told, _ = unpacked(text)
    for code in (text, script):
        assert not re.search(r"https?://|@import|url\(|XMLHttpRequest|WebSocket|\beval\(", code)
    assert "$" not in re.sub(r"<script\b.*?</script>", "", text, flags=re.S)
    for tag, attributes in Page(text).tags:
        assert tag not in ("iframe", "object", "embed", "base", "audio", "video")
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            address = attributes.get(name, "data:")
            assert address is not None
            assert address.startswith(("data:", "#")), (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert [plot["alt"] for plot in told["plots"]] == ["Plot: report-snr", "Plot: paper", "Plot: rate"]
    assert ["svg" in plot for plot in told["plots"]] == [True, False, True]
    assert told["plots"][0]["svg"] == "<svg/>"


def test_the_policy_admits_only_what_stands_in_the_page(rows: list[Row]) -> None:
    text = build(rows)
    policy = next(a["content"] for tag, a in Page(text).tags if a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    policy = policy.replace(" 'wasm-unsafe-eval'", "")  # the decoder assembles one program
    assert "unsafe" not in policy
    inside = {name: re.findall(rf"<{name}>(.*?)</{name}>", text, re.S) for name in ("script", "style")}
    inside["script"].append(unpacked(text)[0])
    for name, parts in inside.items():
        hashes = [hashlib.sha256(part.encode()).digest() for part in parts]
        told = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
        assert f"{name}-src {told};" in policy


def test_names_are_escaped_everywhere(rows: list[Row]) -> None:
    text = build(rows, title=HOSTILE)
    page = Page(text)
    assert not any("onerror" in a for _, a in page.tags)
    assert HOSTILE in page.text_in("title")
    assert HOSTILE in page.text_in("td")
    _, told, _ = unpacked(text)
    assert told["clips"][0]["name"] == told["title"] == HOSTILE


def test_the_data_are_the_rows_with_the_reference_first(rows: list[Row]) -> None:
    _, told, stored = unpacked(build([*rows[1:], rows[0]]))
    versions = told["clips"][0]["versions"]
    assert [v["system"] for v in versions] == ["original", "3.5 kHz anchor", "masked", "least squares"]
    assert [v["sound"][0] for v in versions] == ["flac", "filter", "masked", "dpc"]
    for row, version in zip(rows, versions, strict=True):
        kind, offset, length = version["sound"]
        assert stored[offset : offset + length] == base64.b64decode(row[kind])


def test_rows_of_older_versions_are_played_too(rows: list[Row]) -> None:
    """They had FLAC for all, and a picture."""
    old = {**rows[1], "flac": rows[0]["flac"], "picture": "AAAA"}
    del old["filter"]
    versions = data([rows[0], old], "", Store())["clips"][0]["versions"]
    assert versions[0]["sound"] == versions[1]["sound"]  # equal files stand there once


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
