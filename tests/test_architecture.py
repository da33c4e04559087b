"""The house as docs/architecture.md draws it: which way imports flow, who may use which package, what is
public."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dpcodec

ROOT = Path(dpcodec.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# Each room may import the rooms named here, and itself: the arrows of docs/architecture.md.
ROOT_ROOMS = {"compiled", "errors", "settings", "varint"}
STAGES = {"audio", "transform", "mask", "coding", "container"}
ARROWS = {
    "errors": set(),
    "plugins": {"errors"},
    "settings": {"errors", "plugins"},
    "varint": {"errors"},
    "profiles": {"errors", "settings"},
    "compiled": set(),
    **{stage: ROOT_ROOMS for stage in STAGES},
    "metrics": {
        "errors",
        "plugins",
        "settings",
        "audio",
        "transform",
    },  # some are defined at one sample rate: they resample
    "hearing": {
        "compiled",
        "transform",
        "mask",
        "coding",
    },  # bands; the noise's random numbers; units of the side information
    "inpainting": {"compiled", "errors", "plugins", "settings", "transform", "hearing"},
    "modes": {"errors", "settings", "hearing", "inpainting", *STAGES - {"audio"}},
    "codec": {"errors", "settings", "profiles", "inpainting", "modes", *STAGES},
    "batch": {"", "errors", "audio", "codec", "modes"},
    "web": {""},
    "bench": {
        "",
        "batch",
        "web",
        *ROOT_ROOMS,
        "profiles",
        "inpainting",
        "modes",
        "codec",
        "metrics",
        *STAGES,
    },
    "training": {"", "compiled", "errors", "settings", "hearing", "inpainting", "modes", *STAGES},
    "cli": {"", "batch", "bench", "metrics", "web"},
    "": {"errors", "settings", "profiles", "audio", "transform", "mask", "inpainting", "codec"},
    "__main__": {"cli"},
}
DOORS = {
    "soundfile": {"audio/sndfile.py"},
    "bitarray": {"coding/mask_bits.py"},
    "zstandard": {"container/packets.py"},
    "constriction": {"coding/entropy.py"},
    "torch": {"inpainting/deep_prior/", "inpainting/device.py", "inpainting/least_squares.py"},
    "visqol": {"metrics/visqol.py"},
    "matplotlib": {"bench/engine/canvas.py"},
    "click": {"cli/"},
    "rich": {"cli/"},
    "soxr": {"audio/resample.py"},
    "mutagen": {"audio/metadata/"},
    "av": {"audio/media.py"},
    "sounddevice": {"cli/play/"},
    "dask": {"batch/cluster.py"},
    "distributed": {"batch/cluster.py"},
    "fsspec": {"batch/urls.py"},
    "pyarrow": {"batch/parquet.py"},
}
NAME_TEST = re.compile(r"""(transform|mask|mode|profile)\)? *(==|!=|in|not in) *[("]""")
"""A test of a transform, mask, mode or profile by its name."""


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


def module_of(path: Path) -> str:
    return ".".join(["dpcodec", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")


def test_no_circles_inside_a_folder_either() -> None:
    """Imports of every kind count, those inside functions too."""
    known = {module_of(path): path for path in MODULES}
    arrows: dict[str, set[str]] = {}
    for module, path in known.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {name if name in known else node.module for name in names}
        arrows[module] = (found & known.keys()) - {module, "dpcodec"}
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> None:
        assert module not in way, " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for there in sorted(arrows[module]):
                visit(there, [*way, module])
            done.add(module)

    for module in arrows:
        visit(module, [])


def test_kinds_are_told_apart_by_name_in_their_own_rooms() -> None:
    """`pytest -s` prints the count."""
    lines = [
        f"{relative(path)}: {line.strip()}"
        for path in MODULES
        if room(path) not in ("modes", "settings", "profiles", "training")
        for line in path.read_text().splitlines()
        if NAME_TEST.search(line)
    ]
    sys.stdout.write(f"tests of a kind by name outside modes/ and settings.py: {len(lines)}\n")
    assert len(lines) <= 12, "\n".join(lines)


def test_public_names_are_listed_sorted_and_there() -> None:
    assert dpcodec.__all__ == sorted(dpcodec.__all__)
    for name in dpcodec.__all__:
        assert getattr(dpcodec, name) is not None


def test_names_are_loaded_from_where_type_checkers_see_them() -> None:
    """`dpcodec/__init__.py` says twice where each name is at home."""
    told: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse((ROOT / "__init__.py").read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dpcodec."):
            told[node.module or ""] = {alias.name for alias in node.names}
    assert {module: set(names) for module, names in dpcodec._HOMES.items()} == told
    assert {"__version__"}.union(*told.values()) == set(dpcodec.__all__)
    assert set(dpcodec.__all__) <= set(dir(dpcodec))
    with pytest.raises(AttributeError, match="nothing"):
        getattr(dpcodec, "nothing")  # noqa: B009 - mypy knows that there is none


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


def test_importing_the_package_loads_next_to_nothing() -> None:
    assert run_python("import dpcodec, sys; print('numpy' in sys.modules)").strip() == "False"
