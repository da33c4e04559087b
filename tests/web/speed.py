"""`make web-speed [FILE]`: the decoder in JavaScript beside Python's, in seconds of the processor.

Without a file it is ten seconds of stereo by formula at 44.1 kHz. Where Chromium and selenium are there, also
how long a listener waits for the first sound and after a jump, from a server on this machine.
"""

from __future__ import annotations

import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

import dpcodec
from dpcodec.web.server import FolderServer

RATE, SECONDS = 44100, 10
TRIES = 5
DECODE = """
const done = arguments[0];
(async () => {
  const { decode, loadTables } = await import("/.dpcodec/web/index.js");
  await loadTables();
  const bytes = new Uint8Array(await (await fetch("/x.dpc")).arrayBuffer());
  const seconds = [];
  for (let run = 0; run < 4; run++) {
    const start = performance.now();
    decode(bytes);
    seconds.push((performance.now() - start) / 1000);
  }
  done([seconds[0], Math.min(...seconds)]);
})();
"""
WAIT = """
const [what, done] = arguments;
const { player } = window;
const start = performance.now();
const heard = () => {
  if (player.given === 0) return;
  player.removeEventListener("timeupdate", heard);
  done(performance.now() - start);
};
player.addEventListener("timeupdate", heard);
if (what === "play") document.querySelector("dpc-audio").play();
else player.currentTime = Number(what);
"""


def music() -> dpcodec.Audio:
    """Chords that change, each with an attack, in two channels that differ."""
    t = np.arange(RATE * SECONDS) / RATE
    rng = np.random.default_rng(1)
    beat = t % 0.25
    chords = np.array([[220, 277, 330], [196, 247, 294], [175, 220, 262], [165, 208, 247]])
    chord = chords[(t / 0.5).astype(int) % 4]
    tones = sum(np.sin(2 * np.pi * chord[:, n] * h * t) / h for n in range(3) for h in (1, 2, 3, 5))
    snare = rng.normal(0, 0.2, t.size) * np.exp(-beat * 30)
    left = 0.1 * tones * np.exp(-(t % 0.5) * 3) + snare
    right = 0.08 * tones * np.exp(-(t % 0.5) * 2) + np.roll(snare, 40) + rng.normal(0, 0.01, t.size)
    return dpcodec.Audio(np.stack([left, right]), RATE)


def python_seconds(data: bytes, solver: str) -> float:
    """The best of some decodings."""
    times = []
    for _ in range(3):
        start = time.process_time()
        dpcodec.decode(data, dpcodec.DecodeSettings(solver=solver, device="cpu"))
        times.append(time.process_time() - start)
    return min(times)


def in_chromium(folder: Path, seconds: float) -> list[str]:
    """Lines: how fast it decodes there, by the clock, and milliseconds until sound comes out of a page,
    medians; none without a browser."""
    try:
        from selenium import webdriver
    except ImportError:
        return []
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        return []
    options = webdriver.ChromeOptions()
    options.binary_location = program
    flags = (
        "headless=new",
        "no-sandbox",
        "disable-dev-shm-usage",
        "autoplay-policy=no-user-gesture-required",
    )
    for flag in flags:
        options.add_argument(f"--{flag}")
    with FolderServer(folder, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            browser.get(f"{server.url}none")  # a page without players
            first, best = browser.execute_async_script(DECODE)
            speeds = [("Chromium, the first time", seconds / first), ("Chromium", seconds / best)]
            waits = _waits_in(browser, server.url, seconds)
            told = [f"{name:28} {speed:6.1f} times real time" for name, speed in speeds]
            return told + [f"{name:28} {milliseconds:6.0f} ms" for name, milliseconds in waits]
        finally:
            browser.quit()
            server.shutdown()


def _waits_in(browser: Any, url: str, seconds: float) -> list[tuple[str, float]]:
    first, jumps = [], []
    for _ in range(TRIES):
        browser.get(url)
        browser.execute_script("window.player = document.querySelector('dpc-audio').made()")
        end = time.monotonic() + 20
        while not browser.execute_script("return player.info !== null") and time.monotonic() < end:
            time.sleep(0.05)
        first.append(browser.execute_async_script(WAIT, "play"))
        for n in range(4):
            jumps.append(browser.execute_async_script(WAIT, str(seconds * (n * 5 % 9 + 0.5) / 10)))
    return [
        ("first sound after a click", statistics.median(first)),
        ("after a jump", statistics.median(jumps)),
    ]


def main() -> None:
    """Print a table."""
    given = [Path(name) for name in sys.argv[1:]]
    data = given[0].read_bytes() if given else dpcodec.encode(music())
    with dpcodec.open(io.BytesIO(data)) as file:
        seconds = file.frames / file.samplerate
        sys.stdout.write(
            f"{file.channels} channels at {file.samplerate} Hz, {len(data) * 8e-3 / seconds:.0f} kbit/s\n"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.dpc"
        path.write_bytes(data)
        command = ["node", str(Path(__file__).with_name("speed.js")), str(path)]
        node = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        rows = [
            ("node, the first time", node["first"]),
            ("node", node["best"]),
            ("Python, solver noise", python_seconds(data, "noise")),
            ("Python, solver auto", python_seconds(data, "auto")),
        ]
        for name, spent in rows:
            sys.stdout.write(f"{name:28} {seconds / spent:6.1f} times real time\n")
        for line in in_chromium(Path(folder), seconds):
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
