"""`python -m web.make_references`: what the JavaScript decoder must come to, for every conformance file.

Of each file that decodes: samples at 31 places or more, with solvers "none" and "noise", and the kinds of
damage that the reader notes. Of each that is refused: the exit code. And
frames of zstandard, each with what it holds.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import zstandard

import dpcodec
from dpcodec.cli import exits
from dpcodec.container.stream import Reader
from dpcodec.inpainting.concealment import envelope, prior
from dpcodec.modes import mode_of_file
from dpcodec.modes.frames import segments_and_frames
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator
from dpcodec.transform.stft import Stft, block_span

CONFORMANCE = Path(__file__).parents[1] / "conformance"
REFERENCES = Path(__file__).with_name("references.json")
PLACES = 31
FOLDERS = ("good", "bad", "unsupported")


def reference(data: bytes) -> dict[str, Any]:
    """Of one file."""
    try:
        reader = Reader(io.BytesIO(data))
        mode = mode_of_file(reader.header)
        problems = sum(len(mode.read(*each)[1]) for each in segments_and_frames(reader))
        found = {"damage": sorted({d.kind for d in reader.damage}), "problems": problems}
        none = _samples(data, "none")
    except dpcodec.DpcodecError as error:
        return {"code": exits.code_of(error)}
    damaged = bool(found["damage"] or problems)
    found |= {"code": exits.DAMAGED if damaged else exits.OK, "shape": none.shape, "none": _some(none)}
    if not damaged and reader.header.perceptual:
        found["noise"] = _some(_samples(data, "noise"))
    return found


def references() -> dict[str, dict[str, Any]]:
    """Folder -> file -> what it must come to."""
    return {
        folder: {
            path.stem: reference(path.read_bytes()) for path in sorted((CONFORMANCE / folder).glob("*.dpc"))
        }
        for folder in FOLDERS
    }


def zstandard_frames() -> list[dict[str, Any]]:
    """Of contents that make the compressor use all that a frame may hold."""
    n = np.arange(4000)
    lines = "".join(f"{i % 97} is {i * i % 1009}, said line {i}\n" for i in range(150)).encode()
    contents = [b"", b"abc" * 500, bytes(200_000), lines, (np.sin(n * n) * 9).astype(np.int8).tobytes()]
    frames = []
    for content in contents:
        for level, checksum in ((-5, False), (3, True), (19, False)):
            packed = zstandard.ZstdCompressor(level=level, write_checksum=checksum).compress(content)
            frames.append(
                {
                    "frame": base64.b64encode(packed).decode("ascii"),
                    "size": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            )
    return frames


def band_levels() -> list[dict[str, Any]]:
    """How loud noise may be in some frames of a hole, by the envelope that Python's concealment has."""
    n = np.arange(2 * 128 * 60).reshape(2, 128, 60)
    X = ((n * 7919 % 1009) / 1009 - 0.5) * 2.0 ** (-(n // 60 % 128) / 16) * (1 + n % 60 % 7)
    arrived = np.ones((128, 60), bool)
    arrived[:, 20:45] = False
    arrived[::3, 12] = False
    around = envelope.envelope_of(0, X.astype(np.float32), arrived, 16000)
    found = []
    for frame in (12, 20, 21, 30, 44):
        power, alike = envelope.levels(around, frame, 40)
        found.append({"frame": frame, "power": power.ravel().tolist(), "alike": alike.ravel().tolist()})
    return found


def lost_cells() -> list[dict[str, Any]]:
    """What Python's search makes of holes in two tones with the browser's window, rounds and steps: values in
    some places, of what arrived and of what was lost."""
    mdct, rate, L = Mdct(128, "kbd", 4), 16000, 40
    splits = np.zeros(L, np.int64)
    splits[11:13] = 2, 3
    operator = MdctOperator(mdct, block_span(mdct, 1, L, None), splits, (0, 0))
    n = np.arange(operator.span.samples)
    X = operator.forward(np.sin(0.31 * n) + 0.5 * np.sin(1.1 * n + 1))
    lost = np.zeros(X.shape, bool)
    lost[:, 1::3] = True
    lost[::4, 20] = True
    window = (Stft(512, 256, "sine"),)
    with (
        patch.object(prior, "windows", lambda n_fft, sample_rate: window),
        patch.multiple(prior, ROUNDS=4, STEPS=3),
    ):
        found = prior.estimate(X, lost, operator, rate, lambda: False)
    return [
        {"row": row, "frame": frame, "value": float(X[row, frame]), "found": float(found[row, frame])}
        for row in (0, 6, 7, 13, 22, 23, 40)
        for frame in (4, 10, 13, 20, 25, 31)
    ]


def _samples(data: bytes, solver: str) -> np.ndarray:
    return dpcodec.decode(data, dpcodec.DecodeSettings(solver=solver, device="cpu")).samples


def _some(samples: np.ndarray) -> str:
    """Every n-th of all samples, channel after channel, as float32 in base64."""
    flat = samples.ravel()[:: max(1, samples.size // PLACES)]
    return base64.b64encode(flat.astype("<f4").tobytes()).decode("ascii")


def samples_in(text: str) -> np.ndarray:
    """The samples that a reference holds."""
    return np.frombuffer(base64.b64decode(text), "<f4")


def main() -> None:
    """Write them all, a file a line."""
    sections = [
        f'"{folder}": {{\n'
        + ",\n".join(f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in files.items())
        + "\n}"
        for folder, files in references().items()
    ]
    frames = ",\n".join(map(json.dumps, zstandard_frames()))
    levels, cells = (",\n".join(map(json.dumps, found)) for found in (band_levels(), lost_cells()))
    lists = {"zstandard": frames, "levels": levels, "lost": cells}
    text = ",\n".join([*sections, *(f'"{name}": [\n{rows}\n]' for name, rows in lists.items())])
    REFERENCES.write_text(f"{{\n{text}\n}}\n", encoding="ascii")


if __name__ == "__main__":
    main()
