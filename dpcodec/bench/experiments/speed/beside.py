"""The command beside compiled codecs in one run, by CPU seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import dpcodec
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.statistics import rounded
from dpcodec.errors import DpcodecError

RATE = 44100
TILE_S = 10.0
REPEATED_S = 60.0
"""What lasts no longer is timed REPEATS times, of which the least counts: others only add to it."""
REPEATS = 3
DPCODEC = (sys.executable, "-m", "dpcodec")
COMMANDS = {
    "opusenc": ("opusenc", "--quiet", "in.wav", "peer.opus"),
    "lame": ("lame", "--quiet", "in.wav", "peer.mp3"),
    "opusdec": ("opusdec", "--quiet", "peer.opus", "peer.wav"),
    "encode": (*DPCODEC, "encode", "-qfj1", "in.wav", "own.dpc"),
    "encode at 64 kbit/s": (*DPCODEC, "encode", "-qfj1", "--bitrate", "64", "in.wav", "rate.dpc"),
    "decode noise": (*DPCODEC, "decode", "-qf", "--solver", "noise", "own.dpc", "own.wav"),
}
"""In the order in which they run: some need what another made."""
RATIOS = (
    ("encode", "opusenc", "<= 3"),
    ("encode", "lame", ""),
    ("encode at 64 kbit/s", "opusenc", "<= 4"),
    ("decode noise", "opusdec", "<= 3.5"),
)


def measure_beside(seconds: float, clip: str | None = None) -> Row:
    """CPU seconds of each command on so much stereo, of a file repeated or of music made by
    formula; None of those that are not on PATH."""
    row: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        write_stereo(Path(folder) / "in.wav", seconds, clip)
        for name, command in COMMANDS.items():
            found = shutil.which(command[0]) is not None
            done = [run(command, folder) for _ in range(REPEATS if seconds <= REPEATED_S else 1) if found]
            row[f"{name}, CPU s"] = round(min(cpu for cpu, _ in done), 3) if done else None
    return row


def run(command: Sequence[str], folder: str) -> tuple[float, float]:
    """CPU seconds and seconds of a command. Raises `DpcodecError` where it fails."""
    start = time.perf_counter()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, **quiet)  # type: ignore[call-overload]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise DpcodecError(f"{' '.join(command[:4])} ended with code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start


def write_stereo(path: Path, seconds: float, clip: str | None = None) -> None:
    """A file over and over, or a melody whose second channel is later and in noise: 16-bit WAV."""
    if clip is None:
        one = melody(RATE, min(TILE_S, seconds)).samples[0]
        noise = np.random.default_rng(1).standard_normal(len(one)).astype(np.float32)
        tile, rate = np.stack([one, 0.7 * np.roll(one, 400) + 0.01 * noise]), RATE
    else:
        audio = dpcodec.read(clip)
        tile, rate = audio.samples[[0, -1]], audio.sample_rate
    left = round(seconds * rate)
    with dpcodec.create_audio(path, rate, 2, dpcodec.SampleFormat("wav", "PCM_16"), left) as writer:
        while left:
            writer.write(tile[:, :left])
            left -= min(left, tile.shape[1])


def tables_beside(rows: Sequence[Row]) -> list[Row]:
    """A row a ratio and a length."""
    shown = []
    for own, peer, bar in RATIOS:
        for row in sorted(rows, key=lambda row: row["seconds"]):
            mine, other = row[f"{own}, CPU s"], row[f"{peer}, CPU s"]
            shown.append(
                {
                    "what": f"{own} / {peer}",
                    "audio, s": row["seconds"],
                    "CPU s": mine,
                    "of the other": other,
                    "ratio": None if other is None else rounded(mine / other, 2),
                    "bar at 60 s": bar,
                }
            )
    return shown
