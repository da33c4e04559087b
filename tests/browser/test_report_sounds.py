"""The page to listen, in Chromium: each version is the sound that was measured, in step, with its picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dpcodec import Audio
from dpcodec.bench.experiments.peers import available_peers, quantised_16_bit
from dpcodec.bench.experiments.report.measurement import measure
from dpcodec.bench.experiments.report.page import build
from dpcodec.bench.experiments.report.stored import MARGIN_DB
from dpcodec.bench.experiments.report.systems import Choice, System, choose
from dpcodec.metrics.snr import snr

from .conftest import Listener, at

RATE = 16000
CODECS = ("opus", "mp3", "vorbis", "aac")
LEAST_DB = {"original": 200, "3.5 kHz anchor": 60, "masked": 60, "dpcodec": 60}
"""SNR of what the page plays, the sound that was measured being the signal; 30 for other codecs, of which the
browser has decoders of its own. A sample out of step would leave some 6 dB."""

# What goes to the loudspeakers is WAV of floats before the browser resamples it: kept in base 64.
CATCH = """
window.waves = [];
const decode = BaseAudioContext.prototype.decodeAudioData;
BaseAudioContext.prototype.decodeAudioData = function (buffer, ...rest) {
  const bytes = new Uint8Array(buffer);
  const text = () => bytes.subarray(44).reduce((all, byte) => all + String.fromCharCode(byte), "");
  if (bytes[0] === 0x52) waves.push(btoa(text()));
  return decode.call(this, buffer, ...rest);
};
"""
# Whether each picture is drawn, and the mean red of its upper and lower half.
PICTURES = """
return [...document.querySelectorAll(".picture canvas")].map((canvas) => {
  if (canvas.width !== 480) return null;
  const copy = new OffscreenCanvas(480, 128).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, 480, 128);
  return [0, 1].map((half) => {
    const part = data.subarray((half * data.length) / 2, ((half + 1) * data.length) / 2);
    return part.reduce((sum, value, i) => sum + (i % 4 ? 0 : value), 0) / (part.length / 4);
  });
});
"""


def sound() -> Audio:
    """Bursts of noise over a gliding tone, of a second and a half: nothing in it repeats."""
    random = np.random.Generator(np.random.Philox(11))
    n = np.arange(24000)
    bursts = random.standard_normal(n.size) * np.exp(-(n % 5000) / 900)
    tone = np.sin(2 * np.pi * (300 + n / 60) * n / RATE)
    return quantised_16_bit(Audio((0.1 * bursts + 0.3 * tone)[None], RATE))


@pytest.fixture(scope="module")
def systems() -> list[System]:
    there = tuple(peer.name for peer in available_peers(CODECS)[0])
    return choose(Choice(bitrates=(48,), codecs=there))[0]


@pytest.fixture
def visitor(chromium: Any, tmp_path: Path, systems: list[System]) -> Iterator[Listener]:
    """At a page of one clip through all systems that can be made here."""
    rows = [
        {
            **{"clip": "bursts", "clip_digest": "0", "rate": RATE, "seconds": 1.5},
            **{"system": system.name, "role": system.role, "about": system.about},
            **measure(sound(), system, ("snr",)),
        }
        for system in systems
    ]
    (tmp_path / "report.html").write_text(build(rows), encoding="utf-8")
    added = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": CATCH})
    with at(chromium, (tmp_path / "report.html").as_uri()) as listener:
        yield listener
    chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_every_version_is_the_sound_that_was_measured(visitor: Any, systems: list[System]) -> None:
    visitor.until(lambda: None not in visitor.browser.execute_script(PICTURES))
    visitor.click("Play")
    waves = visitor.until(
        lambda: (w := visitor.browser.execute_script("return waves")) and len(w) == len(systems) and w
    )
    clip = sound().samples[0]
    for system, wave in zip(systems, waves, strict=True):
        played = np.frombuffer(base64.b64decode(wave), "<f4")
        measured = system.make(sound()).audio.samples[0, : clip.size]
        assert played.shape == clip.shape
        least: float = LEAST_DB.get(system.name, 30)
        if system.name == "least squares":
            least = snr(clip, measured) + MARGIN_DB - 1  # of the two, one is the signal
        assert snr(measured, played) >= least, system.name


def test_pictures_show_what_is_heard(visitor: Any, systems: list[System]) -> None:
    """Of the anchor the upper half is empty, of the original it is not."""
    drawn = visitor.until(lambda: (p := visitor.browser.execute_script(PICTURES)) and None not in p and p)
    assert len(drawn) == len(systems)
    by_name = {system.name: halves for system, halves in zip(systems, drawn, strict=True)}
    assert by_name["original"][0] > 30
    assert by_name["3.5 kHz anchor"][0] < 5  # the filter falls up to 4 kHz, which is half-way up
    assert by_name["3.5 kHz anchor"][1] == pytest.approx(by_name["original"][1], rel=0.2)


def test_a_sound_that_the_browser_cannot_decode_leaves_the_others(
    chromium: Any, tmp_path: Path, systems: list[System]
) -> None:
    names = ("original", "3.5 kHz anchor", "dpcodec")
    rows = [
        {
            **{"clip": "bursts", "clip_digest": "0", "rate": RATE, "seconds": 1.5},
            **{"system": system.name, "role": system.role, "about": system.about},
            **measure(sound(), system, ()),
        }
        for system in systems
        if system.name in names
    ]
    del rows[1]["filter"]
    rows[1]["m4a"] = base64.b64encode(b"no audio").decode()
    (tmp_path / "report.html").write_text(build(rows), encoding="utf-8")
    with at(chromium, (tmp_path / "report.html").as_uri()) as listener:
        listener.until(lambda: "this browser does not decode m4a" in listener.texts(".tile")[1])
        assert [("not decode" in text) for text in listener.texts(".tile")] == [False, True, False]
        listener.click("Play")
        listener.until(lambda: np.abs(listener.samples()[1]).max() > 0.1)
        listener.click("Pause")
        listener.click("Compare two blind")
        selects = listener.all("select")
        selects[0].send_keys("3.5")
        listener.click("Begin")
        listener.click("Play")
        listener.until(lambda: "cannot be decoded" in listener.one("#blind-view").text)
