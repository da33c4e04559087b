"""examples/plugin, installed: the command knows its mask, its solver and its metric."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import ENVIRONMENT, MakeFile, Outcome, Run, command_line

import dpcodec

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"
SMALL = ("--n-fft", "256", "--hop", "128", "--profile", "stft", "-q")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plug-in in it, as pip puts it there."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("plugin")
    source, target = folder / "source", folder / "site"
    shutil.copytree(EXAMPLE, source)
    how = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(target))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *how, str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def plugged(site: Path, tmp_path: Path) -> Run:
    """Run a command line as a process that has the plug-in."""
    path = os.pathsep.join([str(site), str(Path(dpcodec.__file__).parents[1])])

    def call(*arguments: object, **options: Any) -> Outcome:
        environment = {**ENVIRONMENT, "PYTHONPATH": path}
        done = subprocess.run(
            command_line(*arguments), capture_output=True, env=environment, check=False, cwd=tmp_path
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    return call


def test_mask_solver_and_metric_are_known(plugged: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone("in.wav")
    plugged("encode", source, "x.dpc", "--mask", "checker", *SMALL).succeeds()
    plugged("decode", "x.dpc", "back.wav", "--solver", "repeat", "-q").succeeds()
    said = plugged("eval", source, "back.wav", "--metrics", "snr,peak-error", "--json").succeeds().json
    error = dpcodec.read(source).samples - dpcodec.read(tmp_path / "back.wav").samples
    assert said["metrics"]["peak_error"] == pytest.approx(np.abs(error).max(), abs=1e-6)
    table = plugged("eval", source, "back.wav", "--metrics", "all").succeeds().out.decode()
    assert "peak_error" in table
    info = dpcodec.inspect((tmp_path / "x.dpc").read_bytes())
    assert info.mask == "custom"
    assert 0.3 < info.kept / info.cells < 0.7
    plugged("encode", source, "y.dpc", "--mask", "checker", *SMALL, "-j", "2").succeeds()
    assert (tmp_path / "y.dpc").read_bytes() == (tmp_path / "x.dpc").read_bytes()


def test_the_library_knows_them_too(site: Path) -> None:
    code = (
        "import numpy as np, dpcodec\n"
        "from dpcodec import metrics\n"
        "stft = dpcodec.Stft(256, 64, 'hann')\n"
        "x = np.sin(np.arange(4000) / 9)\n"
        "X = stft.forward(x)\n"
        "mask = dpcodec.make_mask('checker', X)\n"
        "assert mask[:8, :4].all() and not mask[8:16, :4].any()\n"
        "Y = dpcodec.inpaint(X, mask, stft, solver='repeat', samples=4000)\n"
        "assert np.array_equal(Y[mask], X[mask]) and np.abs(Y[~mask]).max() > 0\n"
        "y = stft.inverse(Y, 4000)\n"
        "found = metrics.evaluate(x, y, 8000, ['peak-error'])\n"
        "assert found == {'peak_error': np.abs(x - y).max()}\n"
        "assert dpcodec.SOLVERS.names()[-1] == 'repeat'\n"
        "assert dpcodec.profile(mask='checker').mask == 'custom'\n"
    )
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(site), str(EXAMPLE.parents[1])])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_without_the_plug_in_its_files_decode_and_its_names_are_unknown(
    plugged: Run, cli: Run, tone: MakeFile, tmp_path: Path
) -> None:
    plugged("encode", tone("in.wav"), "x.dpc", "--mask", "checker", *SMALL).succeeds()
    cli("decode", tmp_path / "x.dpc", tmp_path / "a.wav", "-q").succeeds()
    cli("decode", tmp_path / "x.dpc", tmp_path / "b.wav", "--solver", "repeat").fails(
        2, "solver is 'repeat': use"
    )
    cli("encode", tone("in.wav"), tmp_path / "z.dpc", "--mask", "checker").fails(
        2, "mask 'checker' is unknown"
    )
    cli("eval", tone("in.wav"), tmp_path / "a.wav", "--metrics", "peak-error").fails(
        2, "'peak-error' is unknown"
    )
    assert not (tmp_path / "b.wav").exists()


def test_names_are_listed(plugged: Run, tone: MakeFile) -> None:
    plugged("decode", "none.dpc", "b.wav", "--solver", "nearest").fails(2, "deep-prior, repeat")
    plugged("encode", tone("in.wav"), "--mask", "chess").fails(2, "significance", "checker")
    plugged("bench", "paper", "--solvers", "nearest").fails(2, "auto, repeat")


def test_the_figure_takes_them(plugged: Run, tmp_path: Path) -> None:
    options = ("--masks", "checker", "--drops", "0.5", "--seconds", "1", "--solvers", "none,repeat")
    plugged(
        "bench", "paper", *options, "--metrics", "snr,peak-error", "-j", "1", "--out", tmp_path / "r"
    ).succeeds()
    lines = (tmp_path / "r" / "paper.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if "id" in row]
    assert {row["solver"] for row in rows} == {"none", "repeat"}
    assert {row["mask"] for row in rows} == {"checker"}
    assert all(row["peak_error"] > 0 for row in rows)


def test_a_plug_in_that_fails_is_named_in_a_line(
    plugged: Run, site: Path, tone: MakeFile, tmp_path: Path
) -> None:
    copy = tmp_path / "broken"
    shutil.copytree(site, copy)
    (copy / "dpcodec_example.py").write_text("def checker(*_): return 1 / 0\nrepeat = peak_error = checker\n")
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(copy), str(EXAMPLE.parents[1])])}

    def call(*arguments: object) -> Outcome:
        done = subprocess.run(
            command_line(*arguments), capture_output=True, env=environment, check=False, cwd=tmp_path
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    source, masked = tone("in.wav"), ("--mask", "checker", *SMALL)
    plugged("encode", source, "x.dpc", *masked).succeeds()
    told = "failed: ZeroDivisionError: division by zero"
    call("encode", source, "y.dpc", *masked).fails(1, f"mask checker {told}")
    call("decode", "x.dpc", "y.wav", "--solver", "repeat", "-q").fails(1, f"solver repeat {told}")
    call("eval", source, source, "--metrics", "peak-error").fails(1, f"metric peak-error {told}")
    assert not (tmp_path / "y.dpc").exists()
    assert not (tmp_path / "y.wav").exists()
