"""The documents against the code: programs and commands run, names and options exist and are told, links lead
somewhere."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest

import dpcodec
import dpcodec.metrics
from dpcodec.cli.commands.bench.group import EXPERIMENTS
from dpcodec.cli.main import COMMAND

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(p for p in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")))
API = (DOCS / "api.md").read_text(encoding="utf-8")
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")

NOT_IN_TESTS = {"make", "pip", "ffplay"}
"""What installs, or plays aloud."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fenced(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


def prose(path: Path) -> str:
    """The text without fenced blocks and code spans."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


# Programs


@pytest.mark.parametrize("path", [p for p in DOCS.rglob("*.md") if fenced(p, "python")], ids=name_of)
def test_programs_of_a_page_run_one_after_the_other(path: Path, tmp_path: Path) -> None:
    program = "\n".join(fenced(path, "python"))
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Commands


def commands(block: str) -> set[str]:
    """The programs that a block of shell calls."""
    lines = block.replace("\\\n", " ").splitlines()
    words = [re.split(r"\|+|&&|;", line.partition(" #")[0]) for line in lines]
    return {shlex.split(piece)[0] for line in words for piece in line if shlex.split(piece)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a reader of the documents stands: with a recording, and `dpcodec` installed."""
    rate = 16000
    t = np.arange(rate) / rate
    sound = (0.4 * np.sin(2 * np.pi * 300 * t) * np.exp(-t)).astype(np.float32)
    with dpcodec.create_audio(tmp_path / "in.wav", rate, 1, dpcodec.SampleFormat("wav", "PCM_16")) as writer:
        writer.write(sound[np.newaxis])
    if shutil.which("ffmpeg"):
        make = ["ffmpeg", "-v", "error", "-nostdin", "-i", "in.wav", "x.m4a"]
        subprocess.run(make, cwd=tmp_path, check=True)
    wrapper = tmp_path / "bin" / "dpcodec"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dpcodec "$@"\n')
    wrapper.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize("path", [p for p in PAGES if fenced(p, "sh")], ids=name_of)
def test_commands_of_a_page_run_one_after_the_other(path: Path, folder: Path) -> None:
    search = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    skipped = []
    for block in fenced(path, "sh"):
        called = commands(block)
        if called & NOT_IN_TESTS or not all(shutil.which(c, path=search) for c in called):
            skipped.append(block)
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env={**os.environ, "PATH": search},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr.decode()}"
    assert len(skipped) < len(fenced(path, "sh"))


# The command's options


def options(verb: click.Command = COMMAND, name: str = "") -> Iterator[tuple[str, str]]:
    """(verb, option) of everything that a verb and those below it take; `dpcodec` itself has the name ""."""
    context = click.Context(verb)
    for parameter in verb.get_params(context):
        if isinstance(parameter, click.Option):
            yield from ((name, text) for text in (*parameter.opts, *parameter.secondary_opts))
    if isinstance(verb, click.Group):
        for below in verb.list_commands(context):
            found = verb.get_command(context, below)
            assert found is not None
            yield from options(found, f"{name} {below}".strip())


@pytest.mark.parametrize("verb, option", sorted(set(options())))
def test_every_option_is_told(verb: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", CLI), (
        f"docs/cli.md leaves out {verb} {option}"
    )


def test_every_verb_is_told() -> None:
    for verb in COMMAND.list_commands(click.Context(COMMAND)):
        assert f"`{verb} " in CLI


def test_every_experiment_is_told() -> None:
    table = CLI.partition("| experiment | measures |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `(\w+)", table, re.M)
    assert told == list(EXPERIMENTS)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_option_is_made_up(path: Path) -> None:
    real = {option for _, option in options()}
    text = path.read_text(encoding="utf-8")
    spans = re.findall(r"`([^`\n]*)`", text) + [
        line for block in fenced(path, "sh") for line in block.splitlines() if "dpcodec" in line
    ]
    # A span that starts with another program's name has that program's options.
    ours = [s for s in spans if s.startswith("-") or "dpcodec" in s]
    told = {option for span in ours for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", span)}
    assert told <= real


# The library


def code_words(text: str) -> set[str]:
    """Names in code spans and fenced blocks."""
    blocks = re.findall(r"^```.*?^```|^ {4}.*?$|`[^`\n]*`", text, re.M | re.S)
    return set(re.findall(r"\w+", " ".join(blocks)))


@pytest.mark.parametrize("name", dpcodec.__all__)
def test_every_public_name_is_told(name: str) -> None:
    assert name in code_words(API)


@pytest.mark.parametrize("name", dpcodec.metrics.__all__)
def test_every_metric_is_told(name: str) -> None:
    assert name in code_words(API)


ENTRIES = "\n".join(re.findall(r"^- (`.*?`): ", API, re.M))
SIGNATURES = re.findall(r"`(\w+)\((.*?)\)(?: -> \w+)?`", ENTRIES)


@pytest.mark.parametrize("name, told", SIGNATURES)
def test_signatures_are_the_code_s(name: str, told: str) -> None:
    flat = re.sub(r"\w+\([^()]*\)|\(\)", "...", told)  # defaults that hold commas of their own
    said = [item.partition("=")[0].strip() for item in flat.split(",") if item.strip()]
    parameters = inspect.signature(getattr(dpcodec, name)).parameters.values()
    assert said == [str(p).partition(":")[0].partition("=")[0].strip() for p in parameters]


def test_every_public_function_has_its_signature_told() -> None:
    functions = {n for n in dpcodec.__all__ if inspect.isfunction(getattr(dpcodec, n))}
    assert functions <= {name for name, _ in SIGNATURES}


@pytest.mark.parametrize("settings", [dpcodec.EncodeSettings(), dpcodec.DecodeSettings()], ids=["in", "out"])
def test_every_setting_is_told(settings: object) -> None:
    for field in vars(settings):
        assert field in code_words(API)


@pytest.mark.parametrize("report", ["StreamInfo", "EncodeReport", "DecodeReport", "RepairReport"])
def test_every_field_of_a_report_is_told(report: str) -> None:
    section = re.search(rf"^- `{report}`.*?(?=^- |^```|^#)", API, re.M | re.S)
    assert section
    for field in inspect.signature(getattr(dpcodec, report)).parameters:
        assert f"`{field}`" in section[0]


# Links


def anchors(path: Path) -> set[str]:
    """The anchors that hosts of Markdown make of a page's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*?) *$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"\w+:", target):
            continue
        place, _, anchor = target.partition("#")
        there = (path.parent / place).resolve() if place else path
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target
