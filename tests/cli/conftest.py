"""What the tests of the command share: running it, in this process or as a real one, and audio to feed it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command_line import ENVIRONMENT, MakeFile, Outcome, Run, Spawn, command_line
from damaged_files import small_file

from dpcodec.cli.main import run


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command line in this process."""

    def call(*arguments: object) -> Outcome:
        capfdbinary.readouterr()
        code = run([str(a) for a in arguments])
        out, err = capfdbinary.readouterr()
        return Outcome(code, out, err.decode())

    return call


@pytest.fixture
def command() -> Run:
    """Run a command line as a process; keywords go to `subprocess.run`."""

    def call(*arguments: object, **options: Any) -> Outcome:
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        done = subprocess.run(
            command_line(*arguments),
            capture_output=True,
            env=ENVIRONMENT,
            timeout=100,
            check=False,
            **options,
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    return call


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start a command line as a process whose stderr is a pipe."""
    started: list[subprocess.Popen[bytes]] = []

    def call(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "env": ENVIRONMENT, **options}
        started.append(subprocess.Popen(command_line(*arguments), **options))
        return started[-1]

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def tone(tmp_path: Path) -> MakeFile:
    """Write a file of decaying partials and a little noise; returns its path."""

    def make(
        name: str = "in.wav",
        seconds: float = 0.5,
        rate: int = 8000,
        channels: int = 1,
        subtype: str | None = None,
        container: str | None = None,
    ) -> Path:
        path = tmp_path / name
        samples = signal(round(seconds * rate), rate, channels)
        soundfile.write(path, samples.T, rate, subtype=subtype, format=container)
        return path

    return make


@pytest.fixture
def dpc(tone: MakeFile, cli: Run, tmp_path: Path) -> Path:
    """A small file: 2 s, 8 kHz, several segments and parts."""
    target = tmp_path / "in.dpc"
    cli("encode", tone(seconds=2), target, "-q", "--profile", "stft").succeeds()
    return target


@pytest.fixture(scope="session")
def small() -> bytes:
    """Five segments of two parts, about 2 KB."""
    return small_file()


def signal(samples: int, rate: int, channels: int = 1) -> np.ndarray:
    """float32 [C, N], peak below 0.5."""
    t = np.arange(samples) / rate
    noise = np.random.default_rng(1).standard_normal((channels, samples))
    partials = sum(np.sin(2 * np.pi * 0.02 * k * rate * t + k) * np.exp(-t * k) / k for k in range(1, 6))
    x: np.ndarray = (0.15 * partials + 0.01 * noise).astype(np.float32)
    return x
