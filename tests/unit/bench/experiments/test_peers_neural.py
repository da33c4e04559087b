"""The peers that are networks, with stand-ins for their packages: commands, files, and what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dpcodec.bench.clips import formula_clips
from dpcodec.bench.experiments.peers import available_peers, neural, peer, quantised_16_bit

NAMES = ("encodec-24k", "encodec-48k", "dac-8", "dac-16")
ENCODEC = """
import shutil, sys
*options, source, target = sys.argv[1:]
if source.endswith(".wav"):
    assert options in (["--force", "-b", "24"], ["--force", "--hq", "-b", "24"]), options
    assert target == "coded.ecdc"
else:
    assert (options, source, target) == (["--force"], "coded.ecdc", "out.wav")
shutil.copy(source, target)
"""
DAC = """
import shutil, sys
from pathlib import Path
stage, source, output, folder, *model = sys.argv[1:]
assert output == "--output"
assert model in [["--model_bitrate", f"{n}kbps", "--device", "cpu"] for n in (8, 16)], model
Path(folder).mkdir(exist_ok=True)
suffix = {"encode": ".dac", "decode": ".wav"}[stage]
shutil.copy(source, Path(folder) / Path(source).with_suffix(suffix).name)
"""


def put_package(folder: Path, module: str, name: str, version: str, code: str) -> None:
    (folder / module).mkdir()
    (folder / module / "__init__.py").touch()
    (folder / module / "__main__.py").write_text(code)
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that store a WAV file as it is, and no weights; the home folder."""
    packages, home = tmp_path / "packages", tmp_path / "home"
    packages.mkdir()
    put_package(packages, "encodec", "encodec", "0.1.1", ENCODEC)
    put_package(packages, "dac", "descript-audio-codec", "1.0.0", DAC)
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return home


def put_weights(home: Path) -> None:
    torch, dac = home / ".cache/torch/hub/checkpoints", home / ".cache/descript/dac"
    for folder, names in (
        (torch, ("encodec_24khz-d7cc33bc.th", "encodec_48khz-7e698e3e.th")),
        (dac, ("weights_44khz_8kbps_0.0.1.pth", "weights_44khz_16kbps_1.0.0.pth")),
    ):
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).touch()


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neural, "find_spec", lambda name: None)
    assert available_peers(NAMES) == (
        [],
        [
            "encodec-24k: the package is not installed: pip install encodec",
            "encodec-48k: the package is not installed: pip install encodec",
            "dac-8: the package is not installed: pip install descript-audio-codec",
            "dac-16: the package is not installed: pip install descript-audio-codec",
        ],
    )


def test_weights_that_are_missing_are_named_and_not_fetched(installed: Path) -> None:
    found, notes = available_peers(NAMES)
    assert found == []
    assert str(installed / ".cache/torch/hub/checkpoints/encodec_24khz-d7cc33bc.th") in notes[0]
    assert str(installed / ".cache/descript/dac/weights_44khz_16kbps_1.0.0.pth") in notes[3]
    assert not installed.exists()


def test_torch_may_keep_its_weights_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    assert neural.torch_checkpoints() == tmp_path / "cache/torch/hub/checkpoints"
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert neural.torch_checkpoints() == tmp_path / "torch/hub/checkpoints"


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_run(name: str, installed: Path, tmp_path: Path) -> None:
    put_weights(installed)
    one = peer(name)
    assert one.missing() is None
    assert one.version() == ("encodec 0.1.1" if name.startswith("encodec") else "descript-audio-codec 1.0.0")
    clip = quantised_16_bit(formula_clips(16000, 0.5)["castanets"])
    folder = tmp_path / "work"
    folder.mkdir()
    coded = one.encode_decode(clip, one.rates[-1], folder)
    assert coded.bytes == (folder / one.coded).stat().st_size == (folder / "in.wav").stat().st_size
    np.testing.assert_array_equal(coded.audio.samples, clip.samples)
    assert coded.command.startswith(f"python -m {name.partition('-')[0]} ")
