"""Names from installed packages: when they are looked for, and what is said where they cannot be used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dpcodec.errors import PluginError
from dpcodec.plugins import Table

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package on the path that brings solvers: name = value lines, and the source of its module."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(package: str, entries: str, source: str = "") -> None:
        folder = tmp_path / f"{package}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (folder / "entry_points.txt").write_text(f"[dpcodec.solvers]\n{entries}\n")
        (tmp_path / f"{package}.py").write_text(source)

    return put


def table() -> Table[object]:
    def take(name: str, found: object) -> object:
        if not callable(found):
            raise PluginError("it is no function")
        return name, found

    return Table("solver", {"ours": "own"}, take, taken=("auto",))


def test_a_name_from_outside_is_loaded_when_it_is_used(install: Install) -> None:
    install("plug_a", "mine = plug_a:solve", "raise_here = 1\ndef solve(): return 7\n")
    found = table()
    assert list(found) == ["ours"]
    assert found.names() == ["ours", "mine"]
    assert "mine" in found
    assert "other" not in found
    assert "plug_a" not in sys.modules
    made: Any = found["mine"]
    assert (made[0], made[1]()) == ("mine", 7)
    assert found["mine"] is found["mine"]
    with pytest.raises(KeyError):
        found["other"]
    del sys.modules["plug_a"]


def test_what_cannot_be_loaded_says_so_in_a_line(install: Install) -> None:
    install(
        "plug_b",
        "broken = plug_b:solve\nabsent = plug_b:nothing\nnumber = plug_b:x",
        "x = 3\nimport no_such\n",
    )
    for name in ("broken", "absent", "number"):
        with pytest.raises(PluginError, match=f"^solver '{name}' of plug_b cannot be loaded: ModuleNotFound"):
            table()[name]


def test_what_is_none_says_so(install: Install) -> None:
    install("plug_c", "number = plug_c:x\ngone = plug_c:y", "x = 3\n")
    with pytest.raises(PluginError, match=r"^solver 'number' of plug_c cannot be used: it is no function$"):
        table()["number"]
    with pytest.raises(PluginError, match=r"^solver 'gone' of plug_c cannot be loaded: AttributeError: "):
        table()["gone"]
    del sys.modules["plug_c"]


def test_two_packages_with_one_name_are_both_named(install: Install) -> None:
    install("plug_d", "twice = plug_d:solve", "def solve(): ...\n")
    install("plug_e", "twice = plug_e:solve", "def solve(): ...\n")
    with pytest.raises(PluginError, match=r"^solver 'twice' comes from plug_[de] and plug_[de]: uninstall"):
        table()["twice"]
    assert "; solver 'twice' comes from" in table().told()


def test_our_names_stay_ours(install: Install) -> None:
    install("plug_f", "ours = plug_f:solve\nauto = plug_f:solve\nfree = plug_f:solve", "def solve(): ...\n")
    found = table()
    assert found["ours"] == "own"
    assert "auto" not in found
    assert found.names() == ["ours", "free"]
    assert found.told(("auto",)) == (
        "auto, ours, free; solver 'auto' of plug_f is left out: that name is dpcodec's; "
        "solver 'ours' of plug_f is left out: that name is dpcodec's"
    )


def test_nobody_looks_while_names_are_ours() -> None:
    code = (
        "import importlib.metadata as m, dpcodec\n"
        "def never(**_): raise AssertionError\n"
        "m.entry_points = never\n"
        "import numpy as np\n"
        "data = dpcodec.encode(dpcodec.Audio(np.ones(4000), 8000), dpcodec.profile(drop=0.5))\n"
        "dpcodec.decode(data, dpcodec.DecodeSettings(solver='least-squares', device='cpu'))\n"
        "from dpcodec import metrics\n"
        "metrics.evaluate(np.ones(9), np.ones(9), 8000, ['snr'])\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
