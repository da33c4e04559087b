"""Rates at equal score against examples worked out by hand, and what is read from foreign files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dpcodec import FileAccessError, encode, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.experiment import Row, Task
from dpcodec.bench.experiments import peers
from dpcodec.bench.experiments.peers.adapter import write_16_bit
from dpcodec.bench.experiments.peers.comparison import payload_bytes
from dpcodec.bench.experiments.peers.foreign import read_classes, read_foreign
from dpcodec.bench.experiments.peers.ratios import rate_ratio, ratio_tables, sign_test
from dpcodec.container.constants import OVERHEAD_BYTES

HEAD = "clip,channels,codec,setting,bytes,stream_bytes,kbps,peaq_odg,zimtohrli\n"


def test_a_ratio_worked_out_by_hand() -> None:
    """Ours: 100 bytes at 0, 400 at 2, so 100 * 4^(s/2). Theirs: 100 at 1, 800 at 3, so 100 * 8^((s-1)/2).
    Both reach 1 to 2: ours over theirs is 2 at 1 and sqrt(2) at 2, straight in logarithms: 2^0.75."""
    ours, theirs = [(100.0, 0.0), (400.0, 2.0)], [(100.0, 1.0), (800.0, 3.0)]
    assert rate_ratio(ours, theirs) == pytest.approx(2**0.75)
    assert rate_ratio(theirs, ours) == pytest.approx(2**-0.75)
    assert rate_ratio(ours, ours) == 1


def test_a_score_counts_from_the_first_rate_that_reaches_it() -> None:
    """Between 100 and 200 bytes ours falls: score 1 is had at 100 already, any more only from 283 on."""
    ours = [(100.0, 1.0), (200.0, 0.0), (400.0, 2.0), (800.0, 4.0)]
    straight = [(100.0 * 2**k, 1.0 + k) for k in range(4)]
    ratio = rate_ratio(ours, straight)
    s = np.linspace(1, 4, 41)
    reached = np.where(s == 1, 100, np.where(s <= 2, 200 * 2 ** (s / 2), 400 * 2 ** ((s - 2) / 2)))
    assert ratio == pytest.approx(np.exp(np.mean(np.log(reached / (100 * 2 ** (s - 1))))))


def test_curves_that_share_no_score_have_no_ratio() -> None:
    assert rate_ratio([(100.0, 0.0), (200.0, 1.0)], [(100.0, 2.0), (200.0, 3.0)]) is None
    assert rate_ratio([(100.0, 0.0), (200.0, 1.0)], []) is None
    assert rate_ratio([(100.0, 0.0)], [(100.0, 0.0)]) is None


def test_signs_are_tested_on_both_sides() -> None:
    assert sign_test([0.9] * 6) == (6, 6, 2 / 2**6)
    assert sign_test([1.1] * 6) == (0, 6, 2 / 2**6)
    assert sign_test([0.9, 1.1]) == (1, 2, 1.0)
    assert sign_test([1.0]) == (0, 0, 1.0)


def row(clip: str, size: int, odg: float, **more: Any) -> Row:
    ours = {"codec": "dpcodec", "profile": "perceptual", "solver": "auto", "kbps": size / 100}
    place = {"clip": clip, "clip_digest": clip, "rate": 48000, "seconds": 5.0}
    return {**place, **ours, "bytes": size + 99, "stream_bytes": size, "peaq_odg": odg, **more}


def given(clip: str, size: float, odg: float, channels: str = "mono", codec: str = "opus 1.6.1") -> Row:
    return {"clip": clip, "channels": channels, "codec": codec, "setting": "", "bytes": size, "peaq_odg": odg}


def test_tables_by_measure_class_and_clip() -> None:
    """Half of the bytes on a, twice on b in stereo; of c only mono is given."""
    ours = [row(clip, 100 * (s + 4), s) for clip in "a" for s in (-3, -1)]
    ours += [row(clip, 100 * (s + 4), s, channels=2) for clip in "bc" for s in (-3, -1)]
    theirs = [given("a", 200 * (s + 4), s) for s in (-3, -1)]
    theirs += [given("b", 50 * (s + 4), s, "stereo") for s in (-3, -1)]
    theirs += [given("c", 50, -3.0), given("c", 60, -1.0), given("a", 9, -4.0, codec="lone")]
    means, by_class, by_clip = ratio_tables(ours, theirs, {"a": "speech"})
    assert means.title.startswith("Bytes of dpcodec perceptual over those of others at equal score")
    assert means.rows == [{"against": "opus 1.6.1 (given)", "PEAQ": "1.000 (1 of 2; p 1)"}]
    assert [(r["class"], r["PEAQ"]) for r in by_class.rows] == [
        ("speech", "0.500 (1 of 1; p 1)"),
        ("other", "2.000 (0 of 1; p 1)"),
    ]
    assert [(r["clip"], r["PEAQ"]) for r in by_clip.rows] == [("a, mono", "0.500"), ("b, stereo", "2.000")]
    assert len(ratio_tables(ours, theirs, {})) == 2
    assert ratio_tables(ours, [], {}) == []


def test_measures_of_which_less_is_better_are_turned_round() -> None:
    ours = [row("a", 100, -3, lsd=4.0), row("a", 400, -1, lsd=2.0)]
    theirs = [{**given("a", 200, -3), "lsd": 4.0}, {**given("a", 800, -1), "lsd": 2.0}]
    means, _ = ratio_tables(ours, theirs, {})
    assert means.rows[0]["Log-spectral distance"] == "0.500 (1 of 1; p 1)"


def test_foreign_scores_are_read_as_they_are_published(tmp_path: Path) -> None:
    path = tmp_path / "peers.csv"
    path.write_text(HEAD + "castanets,stereo,lame,24,15002,14797,24.003,-3.591,\n")
    assert read_foreign(path) == [
        {"clip": "castanets", "channels": "stereo", "codec": "lame", "setting": "24", "bytes": 15002.0}
        | {"stream_bytes": 14797.0, "kbps": 24.003, "peaq_odg": -3.591}
    ]
    path.write_text("clip,class\na,speech\n")
    assert read_classes(path) == {"a": "speech"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "No such file"),
        ("clip,codec\n", "no column 'channels'"),
        (HEAD + "a,mono,b,c,many,1,2,3,4\n", "bytes is 'many'"),
        ("\x00\xff", "no column|no CSV"),
    ],
)
def test_foreign_files_that_cannot_be_read_are_refused(text: str | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "peers.csv"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FileAccessError, match=told):
        read_foreign(path)


def test_header_and_end_are_no_payload() -> None:
    sizes = {}
    for seconds in (0.5, 2.0):
        data = encode(melody(16000, seconds), profile("perceptual", bitrate=24.0))
        sizes[seconds] = len(data) - payload_bytes(data)
    assert sizes[0.5] == sizes[2.0] > 2 * OVERHEAD_BYTES


def test_stereo_is_kept_and_a_part_of_a_clip_has_a_key_of_its_own(tmp_path: Path) -> None:
    write_16_bit(tmp_path / "a.wav", melody(16000, 2.0, 2))

    def task(**options: Any) -> Task:
        return peers.experiment(tmp_path, (24,), ("dpcodec",), seconds=1.0, **options).tasks[0]

    assert task().key["channels"] == 2
    assert task().arguments["clip"].samples.shape == (2, 16000)
    assert "channels" not in task(mono=True).key
    assert task(start=0.5).key["start"] == 0.5
    assert len({task().id, task(mono=True).id, task(start=0.5).id}) == 3
