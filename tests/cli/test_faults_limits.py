"""Faults 28, 30 to 37, 39 and 44: numbers, hostile text, devices, time, memory, many files, machines."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile
from command_line import MakeFile, Run, Spawn, piped

import dpcodec
from dpcodec.audio.streams import AudioReader
from dpcodec.inpainting.progress import Progress


@pytest.mark.parametrize("seed", ["-1", str(2**64), "abc", "1.5", "9" * 5000])
def test_fault_28_seeds_out_of_range(cli: Run, tone: MakeFile, dpc: Path, seed: str) -> None:
    cli("encode", tone("a.wav"), "--mask", "random", "--seed", seed).fails(2, "seed")
    cli("decode", dpc, "--seed", seed).fails(2, "seed")


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_fault_28_seeds_at_the_ends(cli: Run, tone: MakeFile, tmp_path: Path, seed: int) -> None:
    cli("encode", tone(), "--mask", "random", "--seed", seed, tmp_path / "a.dpc").succeeds()
    cli("encode", tone(), "--mask", "random", "--seed", seed, tmp_path / "b.dpc").succeeds()
    assert (tmp_path / "a.dpc").read_bytes() == (tmp_path / "b.dpc").read_bytes()
    assert cli("info", tmp_path / "a.dpc", "--json").json["seed"] == seed


@pytest.mark.parametrize("drop", ["-0.1", "1", "2", "nan", "inf", "x"])
def test_drops_out_of_range(cli: Run, tone: MakeFile, drop: str) -> None:
    cli("encode", tone(), f"--drop={drop}").fails(2, "drop")


NUMBERS = {
    "encode": "--max-duration --drop --snr --bitrate --quality",
    "decode": "--max-duration --time-limit --start --duration",
    "eval": "--max-duration --max-delay",
}
WHOLE = {
    "encode": "--rate --seed --n-fft --hop --parts --effort --max-block-split",
    "decode": "--iterations --seed --batch-segments --max-memory",
}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-21", "1e300", "1e999", "x", ""])
def test_fault_44_numbers_out_of_range(cli: Run, tmp_path: Path, value: str) -> None:
    """Refused before the file is looked for, which is not there."""
    missing = tmp_path / "no"
    for verb, options in [*NUMBERS.items(), *WHOLE.items()]:
        for option in options.split():
            files = (missing, missing) if verb == "eval" else (missing,)
            cli(verb, *files, f"{option}={value}").fails(2, option[2:].replace("-", "_").split("_")[-1])


BENCH = {
    "entropy": "--seconds",
    "report": "--seconds --drop --time-limit",
    "peers": "--seconds",
    "columns": "--seconds",
    "paper": "--seconds",
    "loss": "--seconds --bitrate",
}


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_fault_44_numbers_of_experiments(cli: Run, tmp_path: Path, value: str) -> None:
    for name, options in BENCH.items():
        for option in options.split():
            cli("bench", name, tmp_path / "no", f"{option}={value}").fails(2, option)


def test_fault_30_tags_reach_no_terminal_unescaped(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    hostile = "\x1b[2Jgone\r\n\x9b31m\u202e../../etc/passwd"
    cli("encode", tone(), "--tag", f"TITLE={hostile}", "--tag", "A=b=c").succeeds()
    done = cli("info", tmp_path / "in.dpc").succeeds()
    text = done.out.decode()
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "\\x1b[2Jgone\\r\\n\\x9b31m" in text
    assert cli("info", tmp_path / "in.dpc", "--json").json["tags"] == [["TITLE", hostile], ["A", "b=c"]]
    cli("decode", tmp_path / "in.dpc", tmp_path / "b.wav").succeeds()


def test_fault_30_tags_have_limits(cli: Run, tone: MakeFile) -> None:
    source = tone()
    for tag in ("novalue", "=x", b"A=\xff"):
        cli("encode", source, "-f", "--tag", os.fsdecode(tag)).fails(2, "tag")
    many = [f"--tag=K{i}=v" for i in range(2000)]
    assert cli("encode", source, "-f", *many).code in (2, 6)


def test_no_tags(cli: Run, tmp_path: Path, tone: MakeFile) -> None:
    with soundfile.SoundFile(tmp_path / "a.flac", "w", 8000, 1) as sound:
        sound.title = "A title"
        sound.write(np.zeros(1000))
    cli("encode", tmp_path / "a.flac").succeeds()
    found = cli("info", tmp_path / "a.dpc", "--json").json["tags"]
    assert ["TITLE", "A title"] in [[key.upper(), value] for key, value in found]
    cli("encode", tmp_path / "a.flac", "-f", "--no-tags").succeeds()
    assert cli("info", tmp_path / "a.dpc", "--json").json["tags"] == []


@pytest.mark.parametrize("device", ["cuda:97", "nonsense"])
def test_fault_31_device_that_is_not_there(cli: Run, dpc: Path, tmp_path: Path, device: str) -> None:
    """Before anything is read: the input is no .dpc file at all."""
    (tmp_path / "junk.dpc").write_bytes(b"junk")
    code = 2 if device == "nonsense" else 7
    cli("decode", tmp_path / "junk.dpc", "--device", device).fails(code, device)
    assert not (tmp_path / "junk.wav").exists()


@pytest.fixture
def broken_torch(tmp_path: Path) -> dict[str, str]:
    """An environment whose torch cannot be imported."""
    (tmp_path / "path" / "torch").mkdir(parents=True)
    (tmp_path / "path" / "torch" / "__init__.py").write_text("raise ImportError('libtorch is broken')\n")
    path = os.pathsep.join([str(tmp_path / "path"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)}


def test_fault_32_torch_is_broken(broken_torch: dict[str, str], tone: MakeFile, tmp_path: Path) -> None:
    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "dpcodec", *map(str, arguments)]
        return subprocess.run(line, env=broken_torch, capture_output=True, text=True, check=False)

    source, coded = tone(), tmp_path / "a.dpc"
    works = [
        ("encode", source, coded, "--mask", "random", "--drop", "0.3"),
        ("info", coded),
        ("test", coded),
        ("decode", coded, tmp_path / "none.wav", "--solver", "none"),
        ("decode", coded, tmp_path / "ls.wav", "--solver", "least-squares"),
        ("decode", coded, tmp_path / "auto.wav"),
    ]
    for arguments in works:
        done = call(*arguments)
        assert done.returncode == 0, done.stderr
    for options in (("--solver", "deep-prior"), ("--device", "cuda")):
        done = call("decode", coded, tmp_path / "deep.wav", *options)
        assert done.returncode == 7
        assert "pip install 'dpcodec[deep]'" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "deep.wav").exists()


def test_fault_33_a_fit_that_cannot_succeed_stays_finite(cli: Run, tmp_path: Path) -> None:
    """No file can bring a rate or a network along, so what is left is hostile data: 1e20 and silence."""
    samples = np.zeros(3000, np.float32)
    samples[::7] = 1e20
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    cli("encode", tmp_path / "a.wav", "--mask", "random", "--n-fft", 256, "--hop", 128).succeeds()
    for solver in ("none", "least-squares", "deep-prior"):
        target = tmp_path / f"{solver}.wav"
        options = ("--solver", solver, "--iterations", 3, "--device", "cpu")
        assert cli("decode", tmp_path / "a.dpc", target, *options).code == 0
        assert np.isfinite(soundfile.read(target)[0]).all()


def test_fault_34_iterations_are_bounded_and_time_is_kept(
    cli: Run, command: Run, tone: MakeFile, tmp_path: Path
) -> None:
    cli("encode", tone(seconds=3), tmp_path / "a.dpc", "--mask", "random", "--drop", "0.5").succeeds()
    cli("decode", tmp_path / "a.dpc", "--iterations", 10**9).fails(2, "iterations")
    options = ("--solver", "deep-prior", "--iterations", 10**6, "--time-limit", 5, "--device", "cpu", "-q")
    cli("decode", tmp_path / "a.dpc", *options).succeeds()  # a million steps would take days
    assert soundfile.info(tmp_path / "a.wav").frames == 24000


def peak_mib(arguments: list[str], feed: bytes, times: int) -> float:
    """Peak memory of a process that reads `feed` so many times, and throws its output away."""
    program = (
        "import resource, subprocess, sys;"
        "code = subprocess.call([sys.executable, '-m', 'dpcodec', *sys.argv[1:]]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )

    def write() -> None:
        for _ in range(times):
            piped(process.stdin).write(feed)
        piped(process.stdin).close()

    writer = threading.Thread(target=write)
    writer.start()
    while piped(process.stdout).read(1 << 20):
        pass
    writer.join()
    said = piped(process.stderr).read()
    assert process.wait() == 0, said
    piped(process.stdout).close()
    piped(process.stderr).close()
    return int(said.split()[-1]) / 1024


def test_fault_35_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """A stand-in for three hours of stereo: half a minute and four times that. 8 kHz, so that it is quick."""
    second = (np.random.default_rng(0).integers(-9000, 9000, 16000)).astype("<i2").tobytes()
    arguments = ["encode", "-", "-", "--raw", "s16le,8000,2", "-q", "--drop", "0.9"]
    short, long = (peak_mib(arguments, second, seconds) for seconds in (30, 120))
    assert long < 1.1 * short + 10
    assert long < 400
    coded = {}
    for seconds in (30, 120):
        target = tmp_path / f"{seconds}.dpc"
        line = [sys.executable, "-m", "dpcodec", "encode", "-", str(target), *arguments[3:]]
        subprocess.run(line, input=second * seconds, check=True)
        coded[seconds] = target.read_bytes()
    decode = ["decode", "-", "-", "--solver", "none", "-q"]
    short, long = (peak_mib(decode, coded[seconds], 1) for seconds in (30, 120))
    assert long < 1.1 * short + 10
    assert long < 400


def test_fault_36_nothing_and_everything_dropped(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone(seconds=2)
    for mask in ("energy", "random"):
        cli("encode", source, "-f", "--mask", mask, "--drop", 0, "--snr", 60).succeeds()
        done = cli("decode", tmp_path / "in.dpc", tmp_path / "b.wav", "-f", "--format", "float").succeeds()
        assert "nothing was dropped" in done.err
        before, _ = soundfile.read(source)
        after, _ = soundfile.read(tmp_path / "b.wav")
        error = np.mean((before - after) ** 2) / np.mean(before**2)
        assert 10 * np.log10(error) < -55
    cli("encode", source, "-f", "--drop", 1).fails(2, "drop")
    cli("encode", source, "-f", "--drop", "0.9999999999").succeeds()
    cli("decode", tmp_path / "in.dpc", tmp_path / "c.wav").succeeds()
    assert soundfile.info(tmp_path / "c.wav").frames == 16000


def test_fault_37_one_bad_file_of_many(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone("good.wav", 0.1)
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    names = [os.fsdecode(name) for name in (b"plain.wav", b"sub/deep.wav", b"caf\xe9.wav", b"new\nline.WAV")]
    for name in [*names, *(f"n{i}.wav" for i in range(10))]:
        (folder / name).write_bytes(source.read_bytes())
    (folder / "bad.wav").write_text("no audio")
    (folder / "notes.txt").write_text("not looked at")
    (folder / "sub" / "loop").symlink_to(folder)
    done = cli("encode", "-r", folder, "--output-dir", tmp_path / "out", "-q")
    assert done.code == 3
    assert [line for line in done.err.splitlines() if "bad.wav" not in line] == []
    found = {os.fsencode(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.dpc")}
    assert len(found) == 14
    assert {b"plain.dpc", b"sub/deep.dpc", b"caf\xe9.dpc", b"new\nline.dpc"} <= found

    done = cli("encode", "-r", folder, "--output-dir", tmp_path / "out", "-qq")
    assert done.code == 3, "the highest code: 2 for outputs that exist, 3 for the bad file"
    exists = [line for line in done.err.splitlines() if "exists" in line]
    assert len(exists) == 14
    assert any("new\\nline.WAV" in line for line in exists)
    assert any("caf\\xe9.wav" in line for line in exists)


def test_fault_37_names_that_collide(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    wav, flac = tone("a.wav", 0.1), tone("a.flac", 0.1)
    (tmp_path / "out").mkdir()
    cli("encode", wav, flac, "--output-dir", tmp_path / "out").fails(2, "a.wav", "a.flac")
    assert not list((tmp_path / "out").iterdir())


def test_files0_from_and_jobs(command: Run, tone: MakeFile, tmp_path: Path) -> None:
    names = [tone(name, 0.1) for name in ("a.wav", "b.wav", "new\nline.wav")]
    listed = b"\0".join(os.fsencode(name) for name in names)
    done = command("encode", "--files0-from", "-", "-j", 2, "--drop", 0.25, "-q", input=listed).succeeds()
    assert done.err == ""
    for name in names:
        data = name.with_suffix(".dpc").read_bytes()
        assert round(dpcodec.inspect(data).drop, 6) == 0.25
    names[1].write_text("no audio")
    (tmp_path / "list").write_bytes(listed + b"\0")
    done = command("encode", "--files0-from", tmp_path / "list", "-j", 3, "-f", "--mono", "--drop=0.5")
    assert done.code == 3
    assert round(dpcodec.inspect((tmp_path / "a.dpc").read_bytes()).drop, 6) == 0.5
    assert len([line for line in done.err.splitlines() if line.startswith("dpcodec: ")]) == 1


def test_interrupted_jobs_leave_nothing(spawn: Spawn, tmp_path: Path) -> None:
    """A batch blocked on pipes: the parent is told, the children clean up."""
    for name in ("a.wav", "b.wav"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "out").mkdir()
    arguments = (tmp_path / "a.wav", tmp_path / "b.wav", "--output-dir", tmp_path / "out", "-j", 2)
    process = spawn("encode", "--raw", "s16le,8000,1", *arguments)
    writers = [(tmp_path / name).open("wb") for name in ("a.wav", "b.wav")]
    until = time.monotonic() + 20
    while len(list((tmp_path / "out").iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=2) == 143
    until = time.monotonic() + 2
    while list((tmp_path / "out").iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not list((tmp_path / "out").iterdir())
    for writer in writers:
        writer.close()


ENVIRONMENTS = [
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "OMP_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "12345", "LC_ALL": "de_DE.UTF-8", "OMP_NUM_THREADS": "4"},
]


@pytest.mark.parametrize("mask", ["energy", "random"])
def test_fault_39_the_surroundings_do_not_matter(tone: MakeFile, tmp_path: Path, mask: str) -> None:
    source = tone(seconds=2)
    files = set()
    for i, environment in enumerate(ENVIRONMENTS):
        target = tmp_path / f"{i}.dpc"
        line = [
            sys.executable,
            "-m",
            "dpcodec",
            "encode",
            str(source),
            str(target),
            "--mask",
            mask,
            "--seed",
            "5",
        ]
        subprocess.run(line, env={**os.environ, **environment}, check=True, capture_output=True)
        files.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(files) == 1


def test_verify_reads_back_what_was_written(
    cli: Run, command: Run, tone: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("encode", tone(), "--verify").succeeds()
    done = command("encode", tone(), "-", "--verify").succeeds()
    assert done.out == (tmp_path / "in.dpc").read_bytes()

    real = dpcodec.encode_stream

    def faulty(
        reader: AudioReader, out: BinaryIO, settings: dpcodec.EncodeSettings, progress: Progress
    ) -> dpcodec.EncodeReport:
        report = real(reader, out, settings, progress)
        out.seek(report.bytes // 2)
        byte = out.read(1)
        out.seek(report.bytes // 2)
        out.write(bytes([byte[0] ^ 1]))
        return report

    monkeypatch.setattr(dpcodec, "encode_stream", faulty)
    cli("encode", tone(), tmp_path / "b.dpc", "--verify").fails(1, "does not read back")
    assert not (tmp_path / "b.dpc").exists()


def test_parts_of_a_file(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone(seconds=12)
    cli("encode", source, tmp_path / "a.dpc", "--drop", "0.2").succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "all.wav", "--solver", "none").succeeds()
    options = ("--solver", "none", "--start", "5.5", "--duration", "1.25")
    cli("decode", tmp_path / "a.dpc", tmp_path / "part.wav", *options).succeeds()
    whole, _ = soundfile.read(tmp_path / "all.wav", dtype="int16")
    part, _ = soundfile.read(tmp_path / "part.wav", dtype="int16")
    assert part.shape == (10000,)
    assert np.abs(part.astype(int) - whole[44000:54000]).max() <= 1
