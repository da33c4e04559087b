"""What the tests of the command share: running it, in this process or as a real one, and audio to feed it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from dpcodec.cli.main import run

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@dataclass
class Outcome:
    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def fails(self, code: int, *words: str) -> None:
        """It ended with this code and one line on stderr that holds these words."""
        assert self.code == code, self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("dpcodec: ")
        assert lines[0].count(": ") >= 2, f"what, and what to do: {lines[0]}"
        for word in words:
            assert word in lines[0], f"{word!r} is not in {lines[0]!r}"

    def succeeds(self) -> Outcome:
        assert self.code == 0, self.err
        assert "Traceback" not in self.err
        return self


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Outcome]:
    """Run a command line in this process."""

    def call(*arguments: object) -> Outcome:
        capfdbinary.readouterr()
        code = run([str(a) for a in arguments])
        out, err = capfdbinary.readouterr()
        return Outcome(code, out, err.decode())

    return call


@pytest.fixture
def command() -> Callable[..., Outcome]:
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
def spawn() -> Callable[..., subprocess.Popen[bytes]]:
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


def command_line(*arguments: object) -> list[str]:
    return [
        sys.executable,
        "-m",
        "dpcodec",
        *[os.fsdecode(a) if isinstance(a, bytes) else str(a) for a in arguments],
    ]


@pytest.fixture
def tone(tmp_path: Path) -> Callable[..., Path]:
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
def dpc(tone: Callable[..., Path], cli: Callable[..., Outcome], tmp_path: Path) -> Path:
    """A small file: 2 s, 8 kHz, several segments and parts."""
    target = tmp_path / "in.dpc"
    cli("encode", tone(seconds=2), target, "-q", "--profile", "stft").succeeds()
    return target


def signal(samples: int, rate: int, channels: int = 1) -> np.ndarray:
    """float32 [C, N], peak below 0.5."""
    t = np.arange(samples) / rate
    noise = np.random.default_rng(1).standard_normal((channels, samples))
    partials = sum(np.sin(2 * np.pi * 0.02 * k * rate * t + k) * np.exp(-t * k) / k for k in range(1, 6))
    return (0.15 * partials + 0.01 * noise).astype(np.float32)


def samples_of(path: Path, dtype: str = "float32") -> np.ndarray:
    """[C, N]"""
    return soundfile.read(path, dtype=dtype, always_2d=True)[0].T
