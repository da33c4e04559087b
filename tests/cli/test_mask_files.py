"""`--mask FILE.npy`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from command_line import MakeFile, Run

import dpcodec

SMALL = ("--profile", "stft", "--n-fft", "256", "--hop", "128")


def test_a_mask_in_a_file_is_coded(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone("in.wav")
    samples = dpcodec.read(source).samples.shape[1]
    mask = np.random.default_rng(0).random((129, -(-samples // 128) + 1)) < 0.25
    np.save(tmp_path / "m.npy", mask)
    cli("encode", source, tmp_path / "x.dpc", *SMALL, "--mask", tmp_path / "m.npy").succeeds()
    wanted = dpcodec.encode(dpcodec.read(source), dpcodec.profile("stft", n_fft=256, hop=128), mask=mask)
    assert (tmp_path / "x.dpc").read_bytes() == wanted
    said = cli("info", tmp_path / "x.dpc").succeeds().out.decode()
    assert "mask:         custom" in said
    cli("decode", tmp_path / "x.dpc", tmp_path / "back.wav").succeeds()
    assert dpcodec.read(tmp_path / "back.wav").samples.shape[1] == samples


def test_what_is_wrong_is_said_before_anything_is_written(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source, out = tone("in.wav"), tmp_path / "x.dpc"
    np.save(tmp_path / "small.npy", np.ones((129, 3), bool))
    (tmp_path / "text.npy").write_text("no array")
    for options, told in (
        (("--mask", tmp_path / "small.npy"), "mask has shape (129, 3): this audio has"),
        (("--mask", tmp_path / "text.npy"), "this is no array of numpy's"),
        (("--mask", tmp_path / "small.npy", "--drop", "0.5"), "leave out --drop"),
        (("--mask", "custom"), "mask 'custom' is unknown"),
    ):
        cli("encode", source, out, *SMALL, *options).fails(2, told)
        assert not out.exists()
    cli("encode", source, out, *SMALL, "--mask", tmp_path / "none.npy").fails(1, "No such file")
