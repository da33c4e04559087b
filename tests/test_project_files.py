"""The files about the project agree with it: one version, one set of checks, figures that are there."""

from __future__ import annotations

import re
from pathlib import Path

import dpcodec

ROOT = Path(__file__).parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_one_version_everywhere() -> None:
    release = re.search(r"^## \[(\d[^\]]*)\] - (\d{4}-\d\d-\d\d)$", text("CHANGELOG.md"), re.M)
    assert release
    assert release[1] == dpcodec.__version__
    assert f"\nversion: {release[1]}\n" in text("CITATION.cff")
    assert f'\ndate-released: "{release[2]}"\n' in text("CITATION.cff")
    assert f"`v{release[1]}`" in text("CONTRIBUTING.md")


def test_every_release_tells_the_version_of_the_file_format() -> None:
    releases = [f"{release}\n\n" for release in text("CHANGELOG.md").split("\n## ")[1:]]
    told = [re.search(r"^File format: .*?\n\n", release, re.M | re.S) for release in releases]
    assert all(told)
    assert told[0]
    assert ".".join(map(str, dpcodec.FORMAT_VERSION)) in told[0][0]


def test_commits_are_checked_by_what_ci_runs() -> None:
    hooks = re.findall(r"entry: make (\w+)", text(".pre-commit-config.yaml"))
    assert hooks
    assert {f"make {hook}" for hook in hooks} <= set(text(".ci/run").splitlines())
    assert set(hooks) <= set(re.findall(r"^(\w+):", text("Makefile"), re.M))


def test_targets_of_make_that_contributing_names_exist() -> None:
    named = re.findall(r"`make (\w+)`", text("CONTRIBUTING.md"))
    assert set(named) <= set(re.findall(r"^(\w+):", text("Makefile"), re.M))
