"""What the command loads before it works: each module here would cost every call of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import MakeFile

import dpcodec

SLOW = {"asyncio", "bz2", "concurrent", "difflib", "email", "http", "logging", "lzma", "multiprocessing"}
SLOW |= {"random", "shutil", "socket", "ssl", "subprocess", "tempfile", "traceback", "unittest", "xml"}
"""Of the standard library, each a millisecond and more."""


def loaded(*arguments: str) -> list[str]:
    """The modules there are when the command has done its work, in the order in which they came."""
    program = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    program += "from dpcodec.cli.entry import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return done.stderr.splitlines()[-1].split()


def others(modules: list[str]) -> set[str]:
    """The packages that are neither Python's nor ours, but for what an environment loads for itself."""
    first = {name.partition(".")[0] for name in modules}
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    environment = {name.partition(".")[0] for name in bare.stdout.split()}
    return first - set(sys.stdlib_module_names) - environment - {"dpcodec", "_distutils_hack"}


def test_help_loads_neither_numpy_nor_a_verb() -> None:
    modules = loaded("--help")
    assert others(modules) == {"click"}
    assert not (SLOW - {"bz2", "lzma", "shutil"}).intersection(modules)  # click asks shutil for the width
    assert not [name for name in modules if name.startswith("dpcodec.cli.commands.")]
    assert not {"json", "hashlib", "dpcodec.settings"}.intersection(modules)


def test_encoding_loads_numpy_and_what_encodes(tone: MakeFile, tmp_path: Path) -> None:
    modules = loaded("encode", "--quiet", str(tone(seconds=1)), str(tmp_path / "a.dpc"))
    assert others(modules) == {"click", "numpy"}
    assert not SLOW.intersection(modules)
    assert not {"_hashlib", "encodings.ascii", "glob", "locale"}.intersection(modules)
    for name in ("codec.decode_report", "codec.decode_settings", "coding.bounds", "coding.stft_contexts"):
        assert f"dpcodec.{name}" not in modules, name
    for name in ("inpainting.problem", "mask.table", "transform.single_fft"):
        assert f"dpcodec.{name}" not in modules, name
    for name in ("audio.metadata.id3", "audio.spool", "audio.wav_writer", "batch.engines", "cli.worker"):
        assert f"dpcodec.{name}" not in modules, name
    for name in ("codec.decoder", "codec.effort", "container.parity", "container.reader"):
        assert f"dpcodec.{name}" not in modules, name
    for name in ("inpainting.solvers", "modes.mdct", "modes.stft", "transform.operator"):
        assert f"dpcodec.{name}" not in modules, name


def test_reading_loads_numpy_and_what_reads(tone: MakeFile, tmp_path: Path) -> None:
    coded = tmp_path / "a.dpc"
    loaded("encode", "--quiet", str(tone(seconds=1)), str(coded))
    ways = (
        ["info"],
        ["test"],
        ["decode", "--quiet", "--solver", "none", "--output", str(tmp_path / "b.wav")],
        ["decode", "--quiet", "--output", str(tmp_path / "c.wav")],
    )
    for way in ways:
        modules = loaded(*way, str(coded))
        assert others(modules) == {"click", "numpy"}, way
        assert not SLOW.intersection(modules), way
        for name in ("codec.encoder", "codec.effort", "inpainting.least_squares", "inpainting.network_size"):
            assert f"dpcodec.{name}" not in modules, (way, name)


OWN_DATACLASSES = {"Observation", "StftOperator", "MdctOperator"}
"""Frozen and without checks: with cached properties, or with a base class."""
OWN_DATACLASSES |= {"Parity", "SegmentData", "StoredSegment", "_LostParity"}
"""With a field named like a method of tuples."""


@pytest.mark.parametrize("verb", ["encode", "decode"])
def test_records_without_checks_are_named_tuples(verb: str, tone: MakeFile, tmp_path: Path) -> None:
    """The standard library compiles seven methods for each frozen dataclass, five times the cost."""
    source = tone(seconds=1)
    if verb == "decode":
        loaded("encode", "--quiet", str(source), "-o", str(tmp_path / "a.dpc"))
        source = tmp_path / "a.dpc"
    program = (
        "import atexit, sys\n"
        "def show():\n"
        "    ours = [module for name, module in sys.modules.items() if name.startswith('dpcodec')]\n"
        "    found = {one for module in ours for one in vars(module).values() if isinstance(one, type)}\n"
        "    found = {one for one in found if '__dataclass_params__' in vars(one)}\n"
        "    found = {one for one in found if one.__dataclass_params__.frozen}\n"
        "    print(*{one.__name__ for one in found if not hasattr(one, '__post_init__')}, file=sys.stderr)\n"
        "atexit.register(show)\n"
        "from dpcodec.cli.entry import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, verb, "--quiet", str(source), "-o", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
    )
    found = set(done.stderr.split())
    assert found - OWN_DATACLASSES <= set(dpcodec.__all__) | {"Damage"}  # parts of public records
    assert found & set(dpcodec.__all__)


@pytest.mark.parametrize("verb", ["encode", "--help"])
def test_numpy_comes_before_click(verb: str, tone: MakeFile, tmp_path: Path) -> None:
    """At the bottom of the stack, see `cli.entry`."""
    rest = [] if verb == "--help" else ["--quiet", str(tone(seconds=1)), str(tmp_path / "a.dpc")]
    modules = loaded(verb, *rest)
    assert ("numpy" in modules) == (verb == "encode")
    if verb == "encode":
        assert modules.index("numpy") < modules.index("click")


@pytest.mark.parametrize("collects", [True, False])
def test_garbage_is_collected_once_a_verb_runs(collects: bool, tmp_path: Path) -> None:
    program = (
        "import atexit, gc, os\n"
        "from dpcodec.cli.entry import main\n"
        "atexit.register(lambda: print(gc.isenabled(), os.environ['OPENBLAS_THREAD_TIMEOUT']))\n"
        "main()"
    )
    arguments = ["tag", str(tmp_path / "none.dpc")] if collects else ["--version"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[-2:] == [str(collects), "16"]


def test_threads_that_still_run_are_waited_for() -> None:
    program = (
        "import sys, threading\n"
        "from dpcodec.cli.entry import main\n"
        "told = threading.Event()\n"
        "def wait():\n"
        "    told.wait()\n"
        "    print('the thread has ended', flush=True)\n"
        "threading.Thread(target=wait).start()\n"
        "threading.Timer(0.2, told.set).start()\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"dpcodec {dpcodec.__version__}", "the thread has ended"]


def test_what_is_printed_comes_out_whole(tmp_path: Path) -> None:
    """The process ends without taking its modules apart."""
    program = "from dpcodec.cli.entry import main\nprint('x' * 100_000, end='')\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "x" * 100_000 + f"dpcodec {dpcodec.__version__}\n"
