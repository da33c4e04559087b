"""A page made of tones that tell which version sounds and where, and a browser that listens to it."""

from __future__ import annotations

import base64
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpcodec
from dpcodec import Audio
from dpcodec.bench.experiments.report.page import build
from dpcodec.bench.experiments.report.stored import flac

RATE, SECONDS, STEP_S = 16000, 2.0, 0.25
HOSTILE = '</script><b id="evil">Yak & "Co"</b>'
ROLES = {"Zebra": "reference", "Okapi low": "anchor", "Quagga 16": "system", "Ibex, 32": "system"}
"""Systems by role. Their names stand nowhere else on the page."""
CLIPS = ("first clip", HOSTILE, "a_name_without_any_place_to_break_" * 3)
FIRST_HZ, APART_HZ = 3000, 500
PLACE_HZ, PLACES_APART_HZ = 500, 100

# Whatever goes to the loudspeakers is also there to be read: heard() gives the last of it.
TAP = """
{
  const connect = AudioNode.prototype.connect;
  let tap = null;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      tap ??= new AnalyserNode(target.context, { fftSize: 32768 });
      connect.call(this, tap);
    }
    return connect.call(this, target, ...rest);
  };
  window.heard = () => {
    // Nothing sounds before the page has decoded its sounds, which may be after the click that asks for them.
    if (!tap) return { rate: 48000, clock: 0, samples: Array(32768).fill(0) };
    const samples = new Float32Array(tap.fftSize);
    tap.getFloatTimeDomainData(samples);
    const { sampleRate, currentTime } = tap.context;
    return { rate: sampleRate, clock: currentTime, samples: Array.from(samples) };
  };
}
"""


def sound_of(version: int) -> Audio:
    """A tone that tells the version, and a lower one that goes up every STEP_S: it tells the place."""
    t = np.arange(round(RATE * SECONDS)) / RATE
    place_hz = PLACE_HZ + PLACES_APART_HZ * np.floor(t / STEP_S)
    place = 0.3 * np.sin(2 * np.pi * np.cumsum(place_hz) / RATE)
    return Audio(place + 0.3 * np.sin(2 * np.pi * (FIRST_HZ + APART_HZ * version) * t), RATE)


def embedded(sound: Audio, version: int) -> dict[str, str]:
    """One of the systems is this codec, whose file the page decodes."""
    if version == 2:
        data = dpcodec.encode(sound, dpcodec.profile(bitrate=48.0))
        return {"dpc": base64.b64encode(data).decode()}
    return {"flac": base64.b64encode(flac(sound)).decode()}


def rows() -> list[dict[str, Any]]:
    """Three clips in four versions; the figures are made up."""
    made = []
    for c, clip in enumerate(CLIPS):
        for v, (system, role) in enumerate(ROLES.items()):
            sound = sound_of(v)
            figures = {"kbps": 12.5 * v, "snr": [9.5, "inf", -3.0][c] if v == 3 else 10.0 * v} if v else {}
            made.append(
                {
                    **{"clip": clip, "clip_digest": f"{c:08x}", "rate": RATE, "seconds": SECONDS},
                    **{"system": system, "role": role, "about": f"about {system}", "kbps": None},
                    **figures,
                    **embedded(sound, v),
                }
            )
    return made


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page, a file."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "plot.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"><path d="M0 0L900 300"/></svg>'
    )
    path = folder / "report.html"
    path.write_text(build(rows(), [folder / "plot.svg"], "Animals"), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the browser puts files."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def chromium(downloads: Path) -> Iterator[Any]:
    """One headless Chromium for all tests here."""
    webdriver = pytest.importorskip("selenium.webdriver")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    flags = ["headless=new", "disable-dev-shm-usage", "autoplay-policy=no-user-gesture-required"]
    if os.geteuid() == 0:
        flags.append("no-sandbox")
    for flag in flags:
        options.add_argument(f"--{flag}")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": TAP})
    yield browser
    browser.quit()


class Listener:
    """Somebody with eyes, ears and hands at the page."""

    systems, clips, seconds = tuple(ROLES), CLIPS, SECONDS
    roles = ROLES

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def one(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.browser.find_elements("css selector", selector)
        return found

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def click(self, text: str) -> None:
        """Press the button that says so."""
        next(button for button in self.all("button") if button.text == text).click()

    def keys(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def until(self, holds: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Wait until it holds."""
        end = time.monotonic() + seconds
        while not (result := holds()):
            assert time.monotonic() < end, "it never came to hold"
            time.sleep(0.02)
        return result

    def position(self) -> float:
        """Seconds, as the first position bar shows them."""
        return float(self.one(".position").get_property("value"))

    def settled(self) -> int | None:
        """The version that sounds once what was done before has come through: 0.3 s later."""

        def clock() -> float:
            return float(self.browser.execute_script("return heard().clock"))

        end = clock() + 0.3
        self.until(lambda: clock() > end)
        return self.hears()

    def samples(self) -> tuple[int, np.ndarray]:
        """The last 32768 samples that went to the loudspeakers, and their rate."""
        told = self.browser.execute_script("return heard()")
        return int(told["rate"]), np.array(told["samples"])

    def hears(self) -> int | None:
        """The version that sounded in the last tenth of a second; None: silence, or more than one."""
        return self.version_in(*self.samples())

    def version_in(self, rate: int, samples: np.ndarray) -> int | None:
        """The same of samples that were taken before."""
        last = samples[-rate // 10 :]
        loud = [v for v in range(len(ROLES)) if _level(last, rate, FIRST_HZ + APART_HZ * v) > 0.15]
        return loud[0] if len(loud) == 1 else None

    def hears_place(self) -> float:
        """The place in the clip that sounded last, in seconds, to a STEP_S."""
        rate, samples = self.samples()
        last = samples[-rate // 20 :]
        steps = range(round(SECONDS / STEP_S))
        levels = [_level(last, rate, PLACE_HZ + PLACES_APART_HZ * step) for step in steps]
        return float(np.argmax(levels)) * STEP_S

    def resize(self, width: int, height: int) -> None:
        """Have the page shown in a window of so many CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, scheme: str) -> None:
        """Prefer "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def _level(samples: np.ndarray, rate: int, hz: float) -> float:
    """Amplitude of a tone."""
    window = np.hanning(samples.size)
    turning = np.exp(-2j * np.pi * hz * np.arange(samples.size) / rate)
    return float(2 * np.abs(np.sum(samples * window * turning)) / window.sum())


@pytest.fixture
def listener(chromium: Any, page: str) -> Iterator[Listener]:
    """At the page, freshly loaded on a desk; what the console says against it fails the test."""
    with at(chromium, page) as listener:
        yield listener


@contextmanager
def at(chromium: Any, page: str) -> Iterator[Listener]:
    """A listener at a page, once it has unpacked itself."""
    listener = Listener(chromium)
    listener.prefer("light")
    listener.resize(1280, 900)
    chromium.get_log("performance")
    chromium.get(page)
    listener.until(lambda: listener.all(".clip"))
    yield listener
    said = chromium.get_log("browser")
    chromium.get("about:blank")
    assert not said
