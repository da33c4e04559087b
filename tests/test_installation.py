"""What pyproject.toml asks for, and the files that pin versions."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def requirements(text: str) -> dict[str, str]:
    """Package -> what follows its name, of every quoted requirement with a lower bound."""
    return dict(re.findall(r'"([\w-]+)(?:\[\w+\])?(>=[^"]+)"', text))


def pinned(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)==([^;\s]+)", (ROOT / name).read_text(encoding="utf-8"), re.M))


def base() -> dict[str, str]:
    return requirements(PYPROJECT.partition("\ndependencies = [")[2].partition("\n]")[0])


def extra(name: str) -> dict[str, str]:
    found = re.search(rf"^{name} = (\[.*?\])\n", PYPROJECT, re.M | re.S)
    assert found, name
    return requirements(found[1])


def test_a_base_install_brings_no_network() -> None:
    assert not {"torch", "torchmetrics", "matplotlib"} & set(base())
    assert list(extra("deep")) == ["torch"]


def test_the_oldest_versions_are_the_lower_bounds() -> None:
    bounds = {
        name: text.partition(",")[0].removeprefix(">=") for name, text in (base() | extra("test")).items()
    }
    oldest = pinned("constraints-oldest.txt")
    assert set(oldest) == set(bounds)
    for name, version in oldest.items():
        assert re.fullmatch(rf"{re.escape(bounds[name])}(\.0)*", version), name


def test_what_make_installs_is_pinned_and_allowed() -> None:
    pins = pinned("constraints.txt")
    for name in base() | extra("deep") | extra("test") | extra("bench") | extra("dev") | extra("docs"):
        assert name in pins, name
    # Arithmetic of constriction is part of the format: the pinned version is below the upper bound.
    upper = base()["constriction"].partition("<")[2]
    assert [int(n) for n in pins["constriction"].split(".")[:2]] < [int(n) for n in upper.split(".")]
