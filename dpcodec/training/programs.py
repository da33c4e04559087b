"""Programs that make sound: fluidsynth, espeak-ng and sox."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dpcodec import Audio, open_audio
from dpcodec.errors import FileAccessError

PROGRAMS = ("fluidsynth", "espeak-ng", "sox")
"""Each is the name of its Debian package too."""

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Where Debian's package fluid-soundfont-gm puts it."""


def missing() -> list[str]:
    """Debian packages of what is not installed."""
    packages = [name for name in PROGRAMS if not shutil.which(name)]
    return packages if SOUND_FONT.exists() else [*packages, "fluid-soundfont-gm"]


def check_installed() -> None:
    """Raise `FileAccessError` unless all is there."""
    if packages := missing():
        raise FileAccessError(
            f"training makes sounds with programs that are not here: apt-get install {' '.join(packages)}"
        )


def made_by(command: Sequence[str], files: Mapping[str, bytes] | None = None) -> Audio:
    """What a command leaves in `out.wav`, run in a folder of its own that holds these files by name. Raises
    `FileAccessError` where it fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (files or {}).items():
            (folder / file).write_bytes(content)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not (folder / "out.wav").exists():
            raise FileAccessError(f"{command[0]} made no sound: {done.stderr.strip()[-200:]}")
        return read(folder / "out.wav")


def read(path: Path) -> Audio:
    """All samples of an audio file, float32 [C, N]."""
    with open_audio(path) as reader:
        blocks = [np.zeros((reader.channels, 0), np.float32)]
        while (block := reader.read(1 << 16)).shape[1]:
            blocks.append(block)
        return Audio(np.concatenate(blocks, axis=1), reader.sample_rate)
