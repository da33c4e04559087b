"""A peer: a codec that runs as programs of its own, on files, and whose file is weighed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dpcodec import Audio, FileAccessError, SampleFormat, create_audio
from dpcodec.audio.samples import to_integers
from dpcodec.bench.clips import load_clip
from dpcodec.metrics.align import find_delay

SOURCE, DECODED = "in.wav", "out.wav"
TIMEOUT_S = 300.0
MAX_DELAY_S = 0.1
"""What the programs leave of their delays is a few ms; a wider search finds wrong periods of a tone."""


@dataclass(frozen=True)
class Coded:
    """What a peer made of a clip.

    file     the coded file, as it lies on disk
    audio    decoded, [C, N] as the clip, at its rate and in step with it
    delay    samples by which the decoded file was late, beyond what the program itself had made up for
    command  what ran
    """

    file: bytes
    audio: Audio
    delay: int
    command: str

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return len(self.file)


@dataclass(frozen=True)
class Peer:
    """A codec of programs.

    name      as users give it
    programs  what must be on PATH, each with the Debian package it comes in
    version   the programs' version, in their own words
    coded     name of the coded file
    commands  kbit/s, rate in Hz, channels -> commands that read SOURCE, write `coded`, and then DECODED
    lossless  its bit rate is what it comes to: there is one row of it
    """

    name: str
    programs: Sequence[tuple[str, str]]
    version: Callable[[], str]
    coded: str
    commands: Callable[[float, int, int], list[list[str]]]
    lossless: bool = False

    def missing(self) -> str | None:
        """What is missing here, and what to do; None if it can run."""
        for program, package in self.programs:
            if shutil.which(program) is None:
                return f"{self.name}: {program} is not on PATH: apt install {package}"
        return None

    def encode_decode(self, audio: Audio, kbps: float, folder: Path) -> Coded:
        """Code a clip of one or two channels as 16-bit WAV, in a folder that is empty and will be thrown
        away.

        Raises `FileAccessError` if a program fails, hangs or is not there.
        """
        write_16_bit(folder / SOURCE, audio)
        commands = self.commands(kbps, audio.sample_rate, audio.samples.shape[0])
        for command in commands:
            run_program(command, folder)
        decoded = load_clip(
            folder / DECODED, audio.sample_rate, audio.duration + 1, mono=audio.samples.shape[0] == 1
        )
        delay = find_delay(audio.samples, decoded.samples, round(MAX_DELAY_S * audio.sample_rate))
        in_step = _in_step(decoded.samples, delay, audio.samples.shape[1])
        file = (folder / self.coded).read_bytes()
        return Coded(file, Audio(in_step, audio.sample_rate), delay, "; ".join(map(spell, commands)))


def spell(command: Sequence[str]) -> str:
    """As one would type it, without the place of this machine's Python."""
    return " ".join("python" if part == sys.executable else part for part in command)


def program_version(*command: str) -> str:
    """The first line that a program says of itself, without links and copyright."""
    said = run_program(command, Path.cwd()).strip().split("\n")[0]
    return said.split(" Copyright")[0].split(" (http")[0]


def run_program(command: Sequence[str], folder: Path, timeout_s: float = TIMEOUT_S) -> str:
    """Run in a folder and return its standard output; raises `FileAccessError`, one line, if it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, timeout=timeout_s, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FileAccessError(f"{command[0]} was not done after {timeout_s:g} s: stopped") from error
    except OSError as error:
        raise FileAccessError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1].strip() or "it says nothing"
        raise FileAccessError(f"{spell(command)} failed with code {done.returncode}: {said}")
    return done.stdout.decode("utf-8", "replace")


def quantised_16_bit(audio: Audio) -> Audio:
    """The clip as 16-bit samples hold it: what all codecs get, and are compared with. No dither."""
    integers, _ = to_integers(audio.samples, 16)
    return Audio(integers.T / 32768, audio.sample_rate, SampleFormat("wav", "PCM_16"))


def write_16_bit(path: Path, audio: Audio) -> None:
    """Write a 16-bit WAV."""
    channels = audio.samples.shape[0]
    with create_audio(path, audio.sample_rate, channels, SampleFormat("wav", "PCM_16")) as writer:
        writer.write(audio.samples)


def _in_step(late: np.ndarray, delay: int, samples: int) -> np.ndarray:
    """[C, N] moved to the front by a delay, to the back by a negative one, cut or filled to [C, samples]."""
    moved = np.pad(late[:, max(delay, 0) :], ((0, 0), (max(-delay, 0), samples)))
    return moved[:, :samples]
