"""The paper's experiment, sections III and IV: what solvers make of a masked spectrogram of 16 kHz music.

Both masks keep exact coefficients; the random one is one mask for all clips of a length, the energy mask goes
by column. Every estimate is measured twice: as it is, and with context, the kept coefficients put back. In
profile "stft" the same is asked of quantised coefficients in that profile's transform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import dpcodec
from dpcodec import PROFILES, Audio
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.contexts import solve_file
from dpcodec.bench.engine.experiment import Experiment, Row, Task, spell
from dpcodec.bench.evaluation import PAPER_METRICS, compare, metrics_s
from dpcodec.bench.experiments.paper.figure import files, plots, tables
from dpcodec.bench.fitting import Fitting, resolve_fitting
from dpcodec.bench.trial import encode_timed
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.transform.stft import frame_count

RATE = 16000
SECONDS = 5.0
FRAMES = frame_count(round(SECONDS * RATE), PROFILES["paper"].hop)
MASKS: tuple[str, ...] = ("random", "energy")
DROPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SOLVERS = ("none", "least-squares", "deep-prior")
ADVISED_S = 600.0


def experiment(
    folder: Path | None,
    seconds: float = SECONDS,
    masks: Sequence[str] = MASKS,
    drops: Sequence[float] = DROPS,
    solvers: Sequence[str] = SOLVERS,
    metrics: Sequence[str] = PAPER_METRICS,
    fitting: Fitting | None = None,
    profile: str = "paper",
) -> Experiment:
    """A task a clip, mask, drop and solver: quick solvers first, fits last, each in an order of which any
    beginning shows the whole range of drops on all clips."""
    clips = clips_of(folder, RATE, seconds)
    fitting = fitting or resolve_fitting()
    fits = "deep-prior" in solvers
    fit_s = fitting.fit_s(FRAMES) if fits else 0.0
    cases = [(name, mask, drop) for drop in spread(drops) for name in clips for mask in masks]

    def task(name: str, mask: str, drop: float, solver: str) -> Task:
        clip = clips[name]
        solve_s = fit_s if solver == "deep-prior" else quick_s(solver, mask, drop)
        outputs = 1 if solver == "none" else 2
        key = {
            "clip": name,
            "clip_digest": digest(clip),
            "mask": mask,
            "drop": drop,
            **({} if profile == "paper" else {"profile": profile}),
            "solver": solver,
            **fitting.key(solver),
            "metrics": list(metrics),
            "version": dpcodec.__version__,
        }
        arguments = {
            "clip": clip,
            "mask": mask,
            "drop": drop,
            "profile": profile,
            "solver": solver,
            "settings": fitting.settings(solver),
            "metrics": tuple(metrics),
        }
        cost_s = (0.2 + solve_s) * clip.duration / SECONDS + outputs * metrics_s(metrics, clip.duration)
        return Task(key, measure, arguments, cost_s, fitting.alone(solver))

    quick = [s for s in solvers if s != "deep-prior"]
    tasks = [task(*case, solver) for case in cases for solver in quick]
    notes = []
    if fits:
        slow = [task(*case, "deep-prior") for case in cases]
        notes = _on_cost(tasks, slow, fitting)
        tasks += slow
    return Experiment("paper", tasks, tables, plots, files, notes=notes)


def measure(
    clip: Audio,
    mask: str,
    drop: float,
    profile: str,
    solver: str,
    settings: SolverSettings,
    metrics: Sequence[str],
) -> Row:
    """The metrics with context, and, but for solver none, where both are one, `_without`."""
    encoding = PROFILES[profile]
    frames = frame_count(clip.samples.shape[1], encoding.hop)
    data, _ = encode_timed(clip, replace(encoding, mask=mask, drop=drop, segment_frames=frames))
    solved = solve_file(data, solver, settings)
    row = compare(clip, solved.with_context, metrics)
    if solver != "none":
        bare = compare(clip, solved.without, metrics)
        row |= {f"{name}_without": value for name, value in bare.items()}
    return row


def spread(drops: Sequence[float]) -> list[float]:
    """The drops, the middle one first, then always the one farthest from all before: any beginning covers
    the whole range. Of two as far the larger one.

    >>> spread([0.1, 0.2, 0.3, 0.4, 0.5])
    [0.3, 0.5, 0.1, 0.4, 0.2]
    """
    left = sorted(drops)
    order = [left.pop(len(left) // 2)]
    while left:
        farthest = max(left, key=lambda drop: (round(min(abs(drop - d) for d in order), 9), drop))
        left.remove(farthest)
        order.append(farthest)
    return order


def quick_s(solver: str, mask: str, drop: float) -> float:
    """Seconds that a solver other than the deep prior takes for 5 s of audio on one core, about."""
    if solver == "none":
        return 0.1
    if mask == "energy":
        return 1.0
    solve_s = 0.5 if drop <= 0.5 else 2.0 if drop < 0.65 else 7.0
    return 2 * solve_s if solver == "janssen" else solve_s


def _on_cost(quick: Sequence[Task], slow: Sequence[Task], fitting: Fitting) -> list[str]:
    """What the fits cost in all, and options with which they take ten minutes."""
    total_s = sum(task.cost_s for task in slow)
    if total_s <= ADVISED_S:
        return []
    first = slow[0].key
    where = {name: first[name] for name in ("mask", "drop")}

    def of_first(tasks: Sequence[Task]) -> list[Task]:
        return [task for task in tasks if where.items() <= task.key.items()]

    small = replace(fitting, network="multiresunet-small") if fitting.device == "cpu" else fitting
    clips_s = sum(task.arguments["clip"].duration for task in of_first(slow)) / SECONDS
    fits_s = clips_s * fitting.fit_s(FRAMES)
    left_s = ADVISED_S - sum(task.cost_s for task in of_first([*quick, *slow])) + fits_s
    steps = max(1, int((left_s / clips_s - small.start_s(FRAMES)) / small.step_s(FRAMES)))
    return [
        f"deep-prior: {len(slow)} fits of {fitting.network}, {fitting.iterations} steps each, take about "
        f"{spell(total_s)} of {'one core' if fitting.device == 'cpu' else fitting.device}; for ten minutes: "
        f"--masks {first['mask']} --drops {first['drop']:g} --network {small.network} --fit {small.fit} "
        f"--iterations {steps}"
    ]
