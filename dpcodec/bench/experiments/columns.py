"""Whole columns of the spectrogram missing: the task of DPAI (Miotello et al., IEEE/ACM TASLP 2023) and of
"Janssen 2.0: Audio Inpainting in the Time-frequency Domain", on their material or any other.

Five gaps a clip, in the paper's STFT, exact coefficients. SNR over the whole clip, as in the published
figures; their `zero_fill` silences every sample that a missing frame covers, where our solver none still adds
up what the frames around the gap say.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import dpcodec
from dpcodec import PROFILES, Audio, profile
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.contexts import solve_file
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import column, grouped, mean, rounded
from dpcodec.bench.evaluation import compare
from dpcodec.bench.fitting import MEASURED, Fitting, method, resolve_fitting
from dpcodec.bench.trial import encode_timed
from dpcodec.errors import FileAccessError
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.transform.stft import frame_count

RATE = 16000
SECONDS = 5.0
HOP = PROFILES["paper"].hop
FRAMES = frame_count(round(SECONDS * RATE), HOP)
GAPS = (1, 2, 3, 4, 5, 6)
GAPS_A_CLIP = 5
LONG = 4
SOLVERS = ("none", "least-squares")
ACTS = "auto"
"""What decodes where nothing else is asked for: its curve comes first."""
OF_OTHERS = ("none", "deep-prior")
"""Solvers that are no method of this project."""
LISTING = "missing_columns.json"
PUBLISHED = "published_snr.csv"

SAME = ("clip", "clip_digest", "gap", "solver", "network", "iterations", "fit")
"""A later row that agrees in these replaces an earlier one."""

Missing = dict[int, list[int]]
"""Frames that are missing, by length of the gaps."""


def experiment(
    folder: Path | None,
    seconds: float = SECONDS,
    gaps: Sequence[int] = GAPS,
    solvers: Sequence[str] = SOLVERS,
    fitting: Fitting | None = None,
) -> Experiment:
    """A task a clip, length of the gaps and solver, fits last; and the published figures of whole clips.

    Raises `FileAccessError` where the folder's listings cannot be read.
    """
    clips = clips_of(folder, RATE, seconds)
    fitting = fitting or resolve_fitting()
    listing = None if folder is None else _read_listing(folder / LISTING)
    fit_s = fitting.fit_s(FRAMES) if "deep-prior" in solvers else 0.0
    tasks = []
    if folder is not None and listing is not None and seconds >= SECONDS:
        tasks += _published(folder / PUBLISHED, clips, gaps)
    for solver in sorted(solvers, key=MEASURED.index):
        for gap in gaps:
            cost_s = fit_s if solver == "deep-prior" else 0.5 if solver == "none" or gap < 3 else 6.0
            for name, clip in clips.items():
                missing = spread_gaps(gap, clip) if listing is None else _listed(listing, gap, clip)
                key = {
                    "clip": name,
                    "clip_digest": digest(clip),
                    "gap": gap,
                    "columns_digest": hashlib.sha256(str(missing).encode()).hexdigest()[:8],
                    "solver": solver,
                    **fitting.key(solver),
                    "version": dpcodec.__version__,
                }
                arguments = {
                    "clip": clip,
                    "missing": missing,
                    "solver": solver,
                    "settings": fitting.settings(solver),
                }
                scaled_s = cost_s * clip.duration / SECONDS
                tasks.append(Task(key, measure, arguments, scaled_s, fitting.alone(solver)))
    notes = []
    if folder is not None and listing is None:
        notes = [f"no {LISTING} in {folder}: {GAPS_A_CLIP} gaps are spread over each clip"]
    return Experiment("columns", tasks, tables, plots, notes=notes)


def measure(clip: Audio, missing: Sequence[int], solver: str, settings: SolverSettings) -> Row:
    """SNR with context, and, but for solver none, where both are one, `_without`."""
    encoding = profile(
        "paper",
        mask="columns",
        columns=tuple((frame, frame) for frame in missing),
        segment_frames=frame_count(clip.samples.shape[1], HOP),
    )
    solved = solve_file(encode_timed(clip, encoding)[0], solver, settings)
    row = compare(clip, solved.with_context)
    if solver != "none":
        row["snr_without"] = compare(clip, solved.without)["snr"]
    return row


def given(snr: float) -> Row:
    """A published figure, a row as if we had measured it."""
    return {"snr": snr}


def spread_gaps(gap: int, clip: Audio) -> list[int]:
    """Frames of `GAPS_A_CLIP` gaps at even distances: each in the middle of a part of the clip.

    >>> import numpy as np
    >>> spread_gaps(2, Audio(np.zeros(16000), 16000))
    [2, 3, 9, 10, 16, 17, 22, 23, 29, 30]
    """
    frames = frame_count(clip.samples.shape[1], HOP)
    starts = [round((i + 0.5) * frames / GAPS_A_CLIP - gap / 2) for i in range(GAPS_A_CLIP)]
    return sorted({start + i for start in starts for i in range(gap) if 0 <= start + i < frames})


def tables(rows: Sequence[Row]) -> list[Table]:
    """A row a method, lengths of the gaps side by side: means over the clips that all methods of a length
    have, and clip by clip."""
    readings = read(rows)
    gaps = sorted({row["gap"] for row in readings})
    fair = _on_common_clips(readings)
    means = [
        {
            "method": name,
            "clips": len(grouped(group, "clip_digest")),
            **{str(gap): rounded(mean(_at(group, gap), "snr")) for gap in gaps},
        }
        for (name,), group in grouped(fair, "method").items()
    ]
    each = [
        {
            "clip": clip,
            "method": name,
            **{str(gap): rounded(mean(_at(group, gap), "snr")) for gap in gaps},
        }
        for (clip, name), group in grouped(
            sorted(readings, key=lambda row: row["clip"]), "clip", "method"
        ).items()
    ]
    about = "SNR over the whole clip, dB, by missing columns a gap"
    return [Table(f"{about}: mean over clips", means), Table(f"{about}: clip by clip", each)]


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """SNR over length of the gaps, with context; long gaps, far below short ones, once more."""
    fair = [row for row in _on_common_clips(read(rows)) if row["context"]]
    panels = []
    for title, name, group in (
        ("SNR, dB", "", fair),
        (f"SNR, dB: {LONG} columns and more", "long", [row for row in fair if row["gap"] >= LONG]),
    ):
        group = sorted(group, key=lambda row: not row["method"].startswith(ACTS))
        lines = {str(method): _line(rows) for (method,), rows in grouped(group, "method").items()}
        gaps = sorted({row["gap"] for row in group})
        panels.append(Panel(title, "missing columns a gap", lines, name, gaps))
    several = bool(panels[1].lines) and any(row["gap"] < LONG for row in fair)
    clips = len({row["clip_digest"] for row in fair})
    note = f"mean over {clips} clip{'s' * (clips != 1)}, five gaps each"
    return draw_panels(panels[: 1 + several], folder / "columns", note)


def _line(rows: Sequence[Row]) -> Line:
    at = grouped(sorted(rows, key=lambda row: int(row["gap"])), "gap")
    levels = [float(column(clips, "snr").mean()) for clips in at.values()]
    return Line([gap for (gap,) in at], levels, ours=rows[0]["ours"])


def read(rows: Sequence[Row]) -> list[Row]:
    """A row for each figure, the latest where it was measured twice, with a `method`."""
    latest = {tuple(row.get(name) for name in SAME): row for row in rows}
    readings = []
    for row in latest.values():
        common = {name: row[name] for name in ("clip", "clip_digest", "gap")}
        published = row.get("published", False)
        name = f"{row['solver']} (published)" if published else method(row)
        common |= {"published": published, "ours": not published and row["solver"] not in OF_OTHERS}
        readings.append({**common, "context": True, "method": name, "snr": row["snr"]})
        if "snr_without" in row:
            bare = f"{name}, without context"
            readings.append({**common, "context": False, "method": bare, "snr": row["snr_without"]})
    return sorted(readings, key=lambda row: bool(row["published"]))


def _on_common_clips(readings: Sequence[Row]) -> list[Row]:
    """Without clips that some method of the same length of gaps lacks; all of them if no clip is left."""
    kept = []
    for group in grouped(readings, "gap").values():
        have = [{row["clip_digest"] for row in rows} for rows in grouped(group, "method").values()]
        common = set.intersection(*have) or set.union(*have)
        kept += [row for row in group if row["clip_digest"] in common]
    return sorted(kept, key=lambda row: bool(row["published"]))


def _at(group: Sequence[Row], gap: int) -> list[Row]:
    return [row for row in group if row["gap"] == gap]


def _read_listing(path: Path) -> Missing | None:
    """The missing frames as the folder lists them, {"2": [22, 23, 44, ...]}; None if it does not."""
    if not path.exists():
        return None
    try:
        listing = json.loads(path.read_text(encoding="utf-8"))
        return {int(gap): [int(frame) for frame in frames] for gap, frames in listing.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise FileAccessError(f"{path}: must list missing frames by length of gap: {error}") from error


def _listed(listing: Missing, gap: int, clip: Audio) -> list[int]:
    """Those of the listed frames that the clip has."""
    if gap not in listing:
        known = ", ".join(map(str, listing))
        raise FileAccessError(f"{LISTING} has no gaps of {gap} columns: give --gaps of {known}")
    return [frame for frame in listing[gap] if frame < frame_count(clip.samples.shape[1], HOP)]


def _published(path: Path, clips: dict[str, Audio], gaps: Sequence[int]) -> list[Task]:
    """A task for each figure in the file: its columns are `example` (the N of a clip exampleN), `columns` a
    gap, and methods."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    tasks = []
    try:
        for line in csv.DictReader(text.splitlines()):
            name, gap = f"example{line.pop('example')}", int(line.pop("columns"))
            if name not in clips or gap not in gaps:
                continue
            for solver, snr in line.items():
                key = {
                    "clip": name,
                    "clip_digest": digest(clips[name]),
                    "gap": gap,
                    "solver": solver,
                    "published": True,
                    "source_digest": hashlib.sha256(text.encode()).hexdigest()[:8],
                }
                tasks.append(Task(key, given, {"snr": float(snr)}, cost_s=0.0))
    except (KeyError, ValueError, TypeError) as error:
        raise FileAccessError(f"{path}: no table of example, columns and SNRs: {error!r}") from error
    return tasks
