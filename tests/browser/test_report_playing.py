"""The page to listen, in Chromium: it plays, switches in place, and keys do what buttons do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys

# Playing


def test_it_plays_the_original_from_the_beginning(listener: Any) -> None:
    assert listener.position() == 0
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)
    assert 0 < listener.position() < listener.seconds
    before = listener.hears_place()
    listener.until(lambda: listener.hears_place() == (before + 0.5) % listener.seconds)


def test_the_bar_shows_the_place_that_sounds(listener: Any) -> None:
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)
    for _ in range(5):
        low, place, high = listener.position(), listener.hears_place(), listener.position()
        high += listener.seconds * (high < low)  # the loop began anew in between
        # The place is told to 0.25 s, from the last 0.05 s.
        turns = (-listener.seconds, 0, listener.seconds)
        assert any(low - 0.35 <= place + turn <= high + 0.1 for turn in turns), (low, place, high)


def test_pause_is_silent_and_keeps_the_place(listener: Any) -> None:
    listener.click("Play")
    listener.until(lambda: listener.position() > 0.5)
    listener.click("Pause")
    at = listener.position()
    listener.until(lambda: np.abs(listener.samples()[1][-2000:]).max() == 0)
    assert listener.position() == at
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)
    assert listener.position() >= at or listener.position() < at - 0.5  # on from there, or round


def test_every_version_can_be_heard(listener: Any) -> None:
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)
    for version in (2, 1, 3, 0):
        listener.all(".clip:first-child .tile")[version].click()
        assert listener.settled() == version
        pressed = [t.get_attribute("aria-pressed") for t in listener.all(".clip:first-child .tile")]
        assert pressed == ["true" if v == version else "false" for v in range(4)]


def test_switching_leaves_no_gap_and_keeps_the_place(listener: Any) -> None:
    listener.click("Play")
    # Later than the half second looked at below: silence before the beginning is no gap.
    listener.until(lambda: listener.hears() == 0 and 0.6 < listener.position() < 1.2)
    listener.keys("2")
    listener.until(lambda: listener.hears() == 2)
    rate, samples = listener.samples()
    loudness = np.sqrt(np.mean(samples[-rate // 2 :][: rate // 2 // 100 * 100].reshape(-1, 100) ** 2, axis=1))
    blocks = len(loudness) // 10
    loudness = loudness[: blocks * 10].reshape(blocks, 10).mean(axis=1)
    # Both versions are two tones of 0.3; half-way through the fade the changing two have 0.15 each.
    assert loudness.min() > np.sqrt(0.3**2 / 2 + 2 * 0.15**2 / 2) * 0.9
    assert loudness.max() < 0.3 * 1.1
    listener.until(lambda: abs(listener.hears_place() - listener.position()) < 0.5)


def test_without_loop_it_ends(listener: Any) -> None:
    listener.one(".transport [type=checkbox]").click()
    listener.click("Play")
    listener.until(lambda: "Pause" in listener.texts(".play"))
    listener.until(lambda: "Pause" not in listener.texts(".play"))
    assert listener.position() == 0
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)


def test_loop_can_change_while_it_plays(listener: Any) -> None:
    listener.click("Play")
    listener.until(lambda: listener.position() > 1.5)
    listener.until(lambda: listener.position() < 0.5)
    listener.until(lambda: listener.position() > 1)
    listener.one(".transport [type=checkbox]").click()
    assert listener.position() > 1
    listener.until(lambda: "Pause" not in listener.texts(".play"))
    assert listener.position() == 0


def test_one_clip_plays_at_a_time(listener: Any) -> None:
    listener.all(".play")[0].click()
    listener.until(lambda: listener.position() > 0.4)
    listener.all(".clip")[1].find_elements("css selector", ".tile")[3].click()
    listener.all(".play")[1].click()
    listener.until(lambda: listener.hears() == 3)
    assert listener.texts(".play") == ["Play", "Pause", "Play"]
    at = listener.position()
    assert at > 0.4
    listener.all(".play")[0].click()
    listener.until(lambda: listener.hears() == 0)
    assert listener.texts(".play") == ["Pause", "Play", "Play"]


def test_the_bar_seeks_also_before_playing(listener: Any) -> None:
    bar = listener.one(".position")
    listener.browser.execute_script(
        "arguments[0].value = 1.6; arguments[0].dispatchEvent(new Event('input'))", bar
    )
    assert listener.position() == pytest.approx(1.6)
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)
    assert listener.hears_place() in (1.5, 1.75, 0)


def test_the_bar_speaks_its_time(listener: Any) -> None:
    bar = listener.one(".position")
    assert bar.get_attribute("aria-valuetext") == "0.0 s of 2.0 s"
    listener.keys(Keys.ARROW_RIGHT)
    assert bar.get_attribute("aria-valuetext") == "1.0 s of 2.0 s"
    bar.send_keys(Keys.ARROW_LEFT)
    assert bar.get_attribute("aria-valuetext") == "0.5 s of 2.0 s"
    listener.click("Play")
    listener.until(lambda: bar.get_attribute("aria-valuetext") == "1 s of 2.0 s")


# The keyboard


def test_keys_play_switch_seek_and_change_the_clip(listener: Any) -> None:
    listener.keys(" ")
    listener.until(lambda: listener.hears() == 0)
    listener.keys("3")
    listener.until(lambda: listener.hears() == 3)
    listener.keys(" ")
    assert listener.texts(".play") == ["Play"] * 3
    at = listener.position()
    listener.keys(Keys.ARROW_RIGHT if at < 1 else Keys.ARROW_LEFT)
    assert abs(listener.position() - at) == pytest.approx(1, abs=0.02)
    listener.keys("n", " ")
    listener.until(lambda: listener.texts(".play") == ["Play", "Pause", "Play"])
    listener.keys("p", " ")
    listener.until(lambda: listener.texts(".play") == ["Pause", "Play", "Play"])


def test_space_plays_also_from_a_version_in_focus(listener: Any) -> None:
    listener.browser.execute_script("arguments[0].focus()", listener.all(".tile")[2])
    listener.keys(" ")
    listener.until(lambda: listener.hears() == 0)
    listener.keys(Keys.ENTER)
    assert listener.settled() == 2
    listener.one(".play").send_keys(" ")
    assert listener.texts(".play") == ["Play"] * 3


def test_keys_can_be_turned_off(listener: Any) -> None:
    listener.one("summary").send_keys(Keys.ENTER)
    listener.one("#shortcuts").send_keys(" ")
    listener.keys("3", "n", Keys.ARROW_RIGHT)
    assert listener.one(".tile").get_attribute("aria-pressed") == "true"
    assert listener.position() == 0


def test_the_tab_key_reaches_everything_visibly(listener: Any) -> None:
    reached: list[Any] = []
    ring = "const s = getComputedStyle(arguments[0]); return s.outlineStyle + s.outlineWidth"
    while (focused := listener.browser.switch_to.active_element).tag_name != "body" or not reached:
        if reached:
            assert listener.browser.execute_script(ring, focused) == "solid3px", focused.get_attribute(
                "outerHTML"
            )
        focused.send_keys(Keys.TAB)
        reached.append(focused)
        assert len(reached) < 100
    usable = [e for e in listener.all("a, button, input, summary, [tabindex='0']") if e.is_displayed()]
    assert {e.id for e in usable} <= {e.id for e in reached}
    assert all(e.accessible_name for e in usable if e.tag_name != "summary")
