"""`dpcodec serve` in Chromium: it plays, jumps and pauses; keys and screen readers find their way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpcodec
from dpcodec.web.server import FolderServer

from .conftest import SECONDS, Listener, sound_of

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys

OUTER = "return document.querySelectorAll('dpc-audio')[arguments[0]]"
INNER = f"{OUTER}.shadowRoot.querySelector(arguments[1])"


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files that sound, one that is none, one in a folder."""
    folder = tmp_path_factory.mktemp("shelf")
    for version in (0, 1):
        (folder / f"tone {version}.dpc").write_bytes(dpcodec.encode(sound_of(version)))
    (folder / "x.dpc").write_text("no .dpc file")
    (folder / "more").mkdir()
    (folder / "more" / "<b>&.dpc").write_bytes(dpcodec.encode(sound_of(2)))
    return folder


@pytest.fixture(scope="session")
def address(shelf: Path) -> Iterator[str]:
    with FolderServer(shelf, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


class Visitor(Listener):
    """Somebody at the page of a folder."""

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def inner(self, number: int, selector: str) -> Any:
        """What stands inside player `number`."""
        return self.run(INNER, number, selector)

    def press(self, number: int = 0) -> None:
        self.inner(number, "button").click()

    def now(self, number: int = 0) -> float:
        return float(self.run(f"{OUTER}.player?.currentTime ?? 0", number))

    def known(self, number: int = 0) -> bool:
        return bool(self.run(f"{OUTER}.player?.info !== null", number))


@pytest.fixture
def visitor(chromium: Any, address: str) -> Iterator[Visitor]:
    visitor = Visitor(chromium)
    visitor.prefer("light")
    visitor.resize(1280, 900)
    chromium.get(address)
    yield visitor
    said = [entry for entry in chromium.get_log("browser") if "favicon" not in entry["message"]]
    chromium.get("about:blank")
    assert not said


def test_it_plays_from_the_beginning_to_the_end(visitor: Visitor) -> None:
    visitor.until(visitor.known)
    assert visitor.inner(0, ".time").text == "0:00 / 0:02"
    visitor.press()
    visitor.until(lambda: visitor.hears() == 0)
    assert visitor.inner(0, "button").text == "Pause"
    visitor.until(lambda: visitor.inner(0, "button").text == "Play")
    assert visitor.now() == SECONDS
    visitor.press()
    visitor.until(lambda: visitor.hears() == 0 and visitor.now() < SECONDS)


def test_another_one_begins_and_the_first_one_pauses(visitor: Visitor) -> None:
    visitor.press(0)
    visitor.until(lambda: visitor.hears() == 0)
    visitor.press(1)
    visitor.until(lambda: visitor.inner(1, "button").text == "Pause" and visitor.now(1) > 0.1)
    assert visitor.inner(0, "button").text == "Play"


def test_pause_is_silent_and_keeps_the_place(visitor: Visitor) -> None:
    visitor.press()
    visitor.until(lambda: visitor.now() > 0.4)
    visitor.press()
    visitor.until(lambda: np.abs(visitor.samples()[1][-2000:]).max() == 0)
    at = visitor.now()
    assert 0.4 < at < SECONDS
    visitor.press()
    visitor.until(lambda: visitor.hears() == 0)
    assert visitor.now() >= at


def test_it_jumps_to_where_the_bar_says(visitor: Visitor) -> None:
    visitor.until(visitor.known)
    visitor.press()
    visitor.until(lambda: visitor.hears() == 0)
    script = "bar.value = 12; bar.dispatchEvent(new Event('input'))"
    visitor.run(f"const bar = {INNER.removeprefix('return ')}; {script}", 0, "input")
    visitor.until(lambda: visitor.now() >= 1.2)
    visitor.until(lambda: visitor.hears() == 0 and visitor.hears_place() in (1.25, 1.5))


def test_the_policy_lets_the_decoder_use_vectors(visitor: Visitor) -> None:
    module = "/.dpcodec/web/coding/mdct_contexts_vector.js"
    script = f"import('{module}').then((found) => arguments[0](found.startedEngine() !== null))"
    assert visitor.browser.execute_async_script(script) is True


def test_keys_do_what_hands_do(visitor: Visitor) -> None:
    visitor.until(visitor.known)
    visitor.inner(0, "input").send_keys(" ")
    visitor.until(lambda: visitor.hears() == 0)
    visitor.inner(0, "input").send_keys("k")
    visitor.until(lambda: visitor.inner(0, "button").text == "Play")
    visitor.inner(0, "input").send_keys(Keys.ARROW_RIGHT)
    visitor.until(lambda: visitor.now() == SECONDS)
    visitor.inner(0, "input").send_keys(Keys.HOME)
    visitor.until(lambda: visitor.now() == 0)


def test_a_screen_reader_hears_names_times_and_errors(visitor: Visitor) -> None:
    visitor.until(visitor.known)
    group, bar = visitor.inner(0, ".player"), visitor.inner(0, "input")
    assert (group.get_attribute("role"), group.get_attribute("aria-label")) == ("group", "tone 0")
    assert bar.get_attribute("aria-label") == "Position"
    assert bar.get_attribute("aria-valuetext") == "0 s of 2 s"
    status = visitor.inner(2, ".message")
    assert status.get_attribute("role") == "status"
    visitor.until(lambda: status.text == "Cannot be played: not a .dpc file")
    assert not visitor.inner(2, "button").is_enabled()
    assert visitor.inner(0, "button").is_enabled()


def test_folders_and_strange_names(visitor: Visitor) -> None:
    visitor.one("ul a").click()
    assert visitor.texts("h1") == ["more"]
    assert visitor.inner(0, ".title").text == "<b>&"
    visitor.press()
    visitor.until(lambda: visitor.hears() == 2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_a_phone_and_can_be_read_in_the_dark(visitor: Visitor, width: int, scheme: str) -> None:
    visitor.prefer(scheme)
    visitor.resize(width, 700)
    assert visitor.run("return document.documentElement.scrollWidth") <= width
    button = visitor.inner(0, "button").rect
    assert button["height"] >= 44
    assert button["x"] + button["width"] <= width
    colours = visitor.run(
        f"const inner = {INNER.removeprefix('return ')}; const style = getComputedStyle(inner);"
        "const numbers = (text) => text.match(/\\d+/g).slice(0, 3).map(Number);"
        "return [style.color, style.backgroundColor].map(numbers)",
        0,
        ".player",
    )
    text, back = (sum(colour) for colour in colours)
    assert (text < 150 < 600 < back) if scheme == "light" else (back < 150 < 600 < text)
