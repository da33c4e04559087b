"""`dpcodec eval`: what it prints, what it refuses, and the option that mends each refusal."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import MakeFile, Run

from dpcodec import metrics
from dpcodec.cli.commands.eval import SCHEMA

RATE = 8000
CHEAP = ("--metrics", "snr,si-snr,lsd")


@pytest.fixture
def write(tmp_path: Path) -> MakeFile:
    """Write samples [C, N] or [N] as floats; returns the path."""

    def call(name: str, samples: np.ndarray, rate: int = RATE) -> Path:
        soundfile.write(tmp_path / name, np.atleast_2d(samples).T, rate, subtype="FLOAT")
        return tmp_path / name

    return call


def noise(samples: int = RATE, channels: int = 1, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, samples))).astype(np.float32)


def test_json_holds_the_library_s_figures(cli: Run, write: MakeFile) -> None:
    x = noise(channels=2)
    y = x + 0.1 * noise(channels=2, seed=1)
    found = cli("eval", write("a.wav", x), write("b.wav", y), *CHEAP, "--json").succeeds().json
    assert found == {
        "schema": SCHEMA,
        "reference": found["reference"],
        "degraded": found["degraded"],
        "sample_rate": RATE,
        "channels": 2,
        "samples": RATE,
        "delay_samples": None,
        "metrics": metrics.evaluate(x, y, RATE, ["snr", "si-snr", "lsd"]),
        "undefined": {},
    }
    assert found["degraded"].endswith("b.wav")


def test_json_is_strict(cli: Run, write: MakeFile) -> None:
    x = noise()
    out = cli("eval", write("a.wav", x), write("b.wav", -x), *CHEAP, "--json").succeeds().out

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    figures = json.loads(out, parse_constant=refuse)["metrics"]
    assert figures["si_snr"] == "inf"
    assert figures["snr"] == pytest.approx(-6.0206, abs=1e-4)


def test_table(cli: Run, write: MakeFile) -> None:
    x = noise()
    lines = (
        cli("eval", write("a.wav", x), write("b.wav", 0.9 * x), *CHEAP).succeeds().out.decode().splitlines()
    )
    assert lines[0] == "compared 1.000 s (8000 samples), 1 channels, 8000 Hz"
    assert [line.split() for line in lines[1:]] == [
        ["snr", "20.000", "dB", "higher", "is", "better"],
        ["si_snr", "inf", "dB", "higher", "is", "better"],
        ["lsd", "0.915", "dB", "lower", "is", "better"],
    ]


def test_default_metrics(cli: Run, write: MakeFile) -> None:
    x = noise(2 * RATE)
    figures = cli("eval", write("a.wav", x), write("b.wav", 0.9 * x), "--json").succeeds().json["metrics"]
    expected = [key for name in metrics.DEFAULT_METRICS for key in metrics.METRICS[name].figures]
    assert list(figures) == expected


def test_help_names_every_metric(cli: Run) -> None:
    text = cli("eval", "--help").succeeds().out.decode()
    assert all(name in text for name in metrics.METRICS)


def test_names_are_checked_before_files_are_read(cli: Run) -> None:
    cli("eval", "a", "b", "--metrics", "snr,best").fails(2, "'best'", "choose from snr, ")
    cli("eval", "a", "b", "--metrics", "").fails(2, "choose from snr, ")
    cli("eval", "a", "b", "--max-delay", "-1").fails(2, "--max-delay", "-1")
    cli("eval", "a", "b", "--max-delay", "nan").fails(2, "--max-delay")
    cli("eval", "-", "-").fails(2, "standard input")
    cli("eval", "a").fails(2, "DEG")


def test_a_missing_package_is_said(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "visqol", None)
    cli("eval", "a", "b", "--metrics", "visqol").fails(2, "pip install 'dpcodec[visqol]'")
    cli("eval", "a", "b", "--metrics", "all,visqol").fails(2, "pip install 'dpcodec[visqol]'")


def test_all_leaves_out_what_is_not_installed_and_says_how_to_get_it(
    cli: Run, write: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "visqol", None)
    files = write("a.wav", noise(2 * RATE)), write("b.wav", noise(2 * RATE, seed=1))
    done = cli("eval", *files, "--metrics", "all", "--json").succeeds()
    (remark,) = done.err.splitlines()
    assert "left out: visqol" in remark
    assert "pip install 'dpcodec[visqol]'" in remark
    expected = [key for name in metrics.METRICS if name != "visqol" for key in metrics.METRICS[name].figures]
    assert list(done.json["metrics"]) == expected
    assert cli("eval", *files, "--metrics", "all", "-q").succeeds().err == ""


def test_no_metric_needs_torch(cli: Run, write: MakeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write("a.wav", noise(2 * RATE)), write("b.wav", noise(2 * RATE, seed=1))
    monkeypatch.setitem(sys.modules, "torch", None)
    cli("eval", *files).succeeds()


def test_files_that_cannot_be_read(cli: Run, write: MakeFile, tmp_path: Path, dpc: Path) -> None:
    good = write("a.wav", noise())
    text = tmp_path / "text.wav"
    text.write_text("this is no audio at all")
    for bad, code, word in [
        (tmp_path / "none.wav", 3, "no such file"),
        (tmp_path, 2, "folder"),
        (text, 3, "no WAV"),
        (dpc, 3, "decode it"),
    ]:
        cli("eval", good, bad).fails(code, str(bad), word)
        cli("eval", bad, good).fails(code, str(bad), word)


def test_empty_and_nonfinite_files(cli: Run, write: MakeFile) -> None:
    x, empty = write("a.wav", noise()), write("empty.wav", noise(0))
    broken = noise()
    broken[0, 9] = np.nan
    cli("eval", empty, empty, *CHEAP).fails(3, "no samples")
    cli("eval", empty, empty, *CHEAP, "--align").fails(3, "no samples")
    cli("eval", x, empty, *CHEAP, "--cut").fails(3, "no samples")
    cli("eval", x, write("nan.wav", broken), *CHEAP).fails(
        3, "nan.wav", "sample 9 of channel 0 of the estimate"
    )


def test_silent_files_have_a_stated_answer(cli: Run, write: MakeFile) -> None:
    x, silent = write("a.wav", noise()), write("silent.wav", np.zeros(RATE))
    names = ("--metrics", "snr,si-sdr,segsnr,peaq")
    done = cli("eval", silent, x, *names, "--json").succeeds()
    assert done.json["metrics"] == {
        "snr": "-inf",
        "si_sdr": "-inf",
        "segsnr": -10.0,
        "peaq_odg": None,
        "peaq_di": None,
    }
    assert "silent" in done.json["undefined"]["peaq"]
    (warning,) = done.err.splitlines()
    assert "warning: peaq is not defined here" in warning
    table = cli("eval", silent, x, *names, "-qq").succeeds()
    assert [line.split()[1] for line in table.out.decode().splitlines()[1:]] == [
        "-inf",
        "-inf",
        "-10.000",
        "-",
        "-",
    ]
    assert table.err == ""
    cli("eval", silent, x, "--metrics", "peaq,peaq-movs").fails(3, "silent")


def test_rates_must_agree_or_be_resampled(cli: Run, write: MakeFile) -> None:
    t = np.arange(2 * RATE) / (2 * RATE)
    x = 0.3 * np.sin(2 * np.pi * 700 * t) * np.hanning(t.size)
    files = write("a.wav", x, 2 * RATE), write("b.wav", x[::2], RATE)
    cli("eval", *files, *CHEAP).fails(3, "16000 Hz", "8000 Hz", "--resample")
    found = cli("eval", *files, *CHEAP, "--resample", "--json").succeeds().json
    assert (found["sample_rate"], found["samples"]) == (2 * RATE, 2 * RATE)
    assert found["metrics"]["snr"] > 80


def test_channels_must_agree_or_be_mixed(cli: Run, write: MakeFile) -> None:
    x = noise(channels=2)
    files = write("a.wav", x), write("b.wav", x.mean(axis=0))
    cli("eval", *files, *CHEAP).fails(3, "2 channels", "--mono")
    found = cli("eval", *files, *CHEAP, "--mono", "--json").succeeds().json
    assert (found["channels"], found["metrics"]["si_snr"]) == (1, "inf")


def test_lengths_must_agree_or_be_cut(cli: Run, write: MakeFile) -> None:
    x = noise()
    files = write("a.wav", x), write("b.wav", x[:, :-1])
    cli("eval", *files, *CHEAP).fails(3, "8000 samples", "7999", "--cut", "--align")
    found = cli("eval", *files, *CHEAP, "--cut", "--json").succeeds().json
    assert (found["samples"], found["delay_samples"], found["metrics"]["snr"]) == (7999, None, "inf")


def test_a_delay_is_taken_off_only_on_request(cli: Run, write: MakeFile) -> None:
    x = noise()
    late = write("b.wav", np.concatenate([np.zeros((1, 105), np.float32), x, x[:, :40]], axis=1))
    first = write("a.wav", x)
    assert cli("eval", first, late, *CHEAP, "--cut", "--json").succeeds().json["metrics"]["snr"] < 0
    found = cli("eval", first, late, *CHEAP, "--align", "--json").succeeds().json
    assert (found["samples"], found["delay_samples"], found["metrics"]["snr"]) == (RATE, 105, "inf")
    lines = cli("eval", late, first, *CHEAP, "--align").succeeds().out.decode().splitlines()
    assert lines[0].startswith("compared 1.000 s (8000 samples)")
    assert lines[1] == "after a delay of -105 samples (-13.125 ms)"


def test_a_delay_beyond_the_limit_is_warned_of(cli: Run, write: MakeFile) -> None:
    x = np.cumsum(noise(), axis=-1)  # its correlation grows until the true delay
    late = write("b.wav", np.concatenate([np.zeros((1, 160), np.float32), x], axis=1))
    first = write("a.wav", x)
    done = cli("eval", first, late, *CHEAP, "--align", "--max-delay", 10).succeeds()
    assert "the largest tried, 80 samples: raise --max-delay" in done.err
    done = cli("eval", first, late, *CHEAP, "--align", "--max-delay", 21, "--json").succeeds()
    assert (done.err, done.json["delay_samples"]) == ("", 160)
    cli("eval", first, late, *CHEAP, "--align", "--max-delay", 0).succeeds()


def test_either_file_may_be_a_pipe(command: Run, write: MakeFile) -> None:
    x = noise()
    first, second = write("a.wav", x), write("b.wav", 0.9 * x)
    one = command("eval", "-", second, *CHEAP, "--json", input=first.read_bytes()).succeeds().json
    two = command("eval", first, "-", *CHEAP, "--json", input=second.read_bytes()).succeeds().json
    assert one["metrics"] == two["metrics"]
    assert (one["reference"], two["degraded"]) == ("-", "-")


def test_a_decoded_file_through_a_pipe(command: Run, tone: MakeFile, dpc: Path, tmp_path: Path) -> None:
    decoded = command("decode", dpc, "-", "--solver", "none", "-q").succeeds().out
    found = command("eval", tmp_path / "in.wav", "-", *CHEAP, "--json", input=decoded).succeeds().json
    assert found["samples"] == 16000
    assert 5 < found["metrics"]["snr"] < 40


def test_long_input_ends(cli: Run, write: MakeFile) -> None:
    x = write("a.wav", noise())
    cli("eval", x, x, *CHEAP, "--max-duration", "0.9").fails(6, "0.9 s", "--max-duration")


def test_progress_in_json(cli: Run, write: MakeFile) -> None:
    x = noise()
    done = cli("eval", write("a.wav", x), write("b.wav", x), *CHEAP, "--progress", "json").succeeds()
    first = json.loads(done.err.splitlines()[0])
    assert (first["event"], first["done_s"], first["total_s"], first["detail"]) == ("progress", 0, 1, "snr")


def test_names_with_odd_bytes(command: Run, write: MakeFile, tmp_path: Path) -> None:
    odd = tmp_path / "b\udcff\n.wav"
    odd.write_bytes(write("b.wav", noise()).read_bytes())
    found = command("eval", odd, tmp_path / "b.wav", *CHEAP, "--json").succeeds().json
    assert found["reference"] == str(odd)
    assert math.isinf(float(found["metrics"]["snr"]))
    command("eval", odd, tmp_path / "none.wav").fails(3)
