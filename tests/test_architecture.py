"""The house as docs/method.md draws it: which way imports flow, who may use which package, what is public."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dpcodec

ROOT = Path(dpcodec.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# Each room may import the rooms named here, and itself.
STAGES = {"signal", "mask", "coding", "container"}
ARROWS = {
    "errors": set(),
    "settings": {"errors"},
    "varint": {"errors"},
    "bands": set(),
    **{stage: {"errors", "settings", "varint", "bands"} for stage in STAGES},
    "inpaint": {"errors", "settings", "signal"},
    "metrics": {"errors", "settings", "signal"},  # some are defined at one sample rate: they resample
    "codec": {"errors", "settings", "bands", "inpaint", *STAGES},
    "bench": {"errors", "settings", "inpaint", "codec", "metrics", "", *STAGES},
    "cli": {"", "bench", "metrics"},
    "": {"errors", "settings", "signal", "codec"},
    "__main__": {"cli"},
}
DOORS = {
    "soundfile": {"signal/sndfile.py"},
    "bitarray": {"coding/mask_bits.py"},
    "zstandard": {"container/packets.py"},
    "constriction": {"coding/entropy.py"},
    "torch": {"inpaint/", "metrics/sdr.py"},
    "torchmetrics": {"metrics/sdr.py"},
    "visqol": {"metrics/visqol.py"},
    "matplotlib": {"bench/engine/plots.py"},
    "click": {"cli/"},
    "rich": {"cli/"},
    "soxr": {"signal/"},
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    first = relative(path).split("/")[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(path: Path) -> list[str]:
    """Full names of modules imported anywhere in a file."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}: relative import"
            names.append(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_flow_one_way(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        if name == "dpcodec" or name.startswith("dpcodec."):
            there = [*name.split("."), ""][1]
            assert there == here or there in ARROWS[here], f"{relative(path)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_one_door_per_package(path: Path) -> None:
    for name in imports(path):
        doors = DOORS.get(name.split(".")[0])
        assert doors is None or any(relative(path).startswith(d) for d in doors), f"{relative(path)}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_public_names_are_listed_sorted_and_there() -> None:
    assert dpcodec.__all__ == sorted(dpcodec.__all__)
    for name in dpcodec.__all__:
        assert getattr(dpcodec, name) is not None


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "code",
    [
        "import dpcodec",
        "import dpcodec, numpy; dpcodec.encode(dpcodec.Audio(numpy.ones(5000), 8000))",
        "import dpcodec, numpy; s = dpcodec.DecodeSettings(solver='least-squares', device='cpu');"
        "dpcodec.decode(dpcodec.encode(dpcodec.Audio(numpy.ones(5000), 8000)), s)",
        "import dpcodec.cli.main",
    ],
)
def test_torch_stays_away_unless_a_network_runs(code: str) -> None:
    assert run_python(code + "\nimport sys; print('torch' in sys.modules)").strip() == "False"
