"""The page to listen, in Chromium: two systems compared blind (ABX), its answers, its p and its files."""

from __future__ import annotations

import csv
import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blind_page import draws, saved, shuffled
from scipy.stats import binomtest

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys

A, B = "Zebra", "Quagga 16"


def begin(listener: Any, trials: int, seed: int = 12345) -> None:
    listener.click("Compare two blind")
    for box, system in zip(listener.all("select"), (A, B), strict=True):
        box.find_element("css selector", f'option[value="{system}"]').click()
    for box, number in zip(listener.all("[type=number]"), (trials, seed), strict=True):
        box.clear()
        box.send_keys(str(number))
    listener.one("[type=text]").send_keys("Ann")
    listener.click("Begin")


def session(clips: list[str], trials: int, seed: int) -> tuple[list[str], list[str]]:
    """Clips and X of each trial, as docs/listening.md tells them: shuffled turns, then a coin a trial."""
    random = draws(seed)
    order: list[str] = []
    while len(order) < trials:
        order += shuffled(clips, random)
    return order[:trials], ["A" if next(random) < 0.5 else "B" for _ in range(trials)]


def answer(listener: Any, letter: str) -> None:
    listener.one(f"[type=radio][value={letter}]").click()
    listener.click("Answer")


def test_p_is_that_of_the_exact_binomial_test(listener: Any) -> None:
    web = resources.files("dpcodec.bench.experiments.report").joinpath("web", "abx.js").read_text("utf-8")
    cases = [(k, n) for n in (1, 2, 7, 16, 25, 100, 200) for k in range(0, n + 1, max(1, n // 13))]
    told = listener.browser.execute_script(
        f"{web}; return arguments[0].map(([k, n]) => guessing(k, n))", [list(case) for case in cases]
    )
    expected = [binomtest(k, n, 0.5, alternative="greater").pvalue for k, n in cases]
    np.testing.assert_allclose(told, expected, rtol=1e-12)


def test_x_is_a_or_b_as_the_seed_says_and_sounds_so(listener: Any, downloads: Path) -> None:
    begin(listener, 8, 987654321)
    clips, xs = session(list(listener.clips), 8, 987654321)
    assert len(set(xs)) == 2
    listener.click("Play")
    for letter in xs:
        if listener.one(".play").text == "Play":
            listener.keys(" ")
        listener.keys("x")
        x = listener.settled()
        listener.keys("b")
        assert listener.settled() == listener.systems.index(B)
        listener.keys("a")
        assert listener.settled() == listener.systems.index(A)
        assert x == listener.systems.index(A if letter == "A" else B)
        answer(listener, letter)
    told = json.loads(saved(listener, downloads, "json", "abx-"))
    assert [trial["clip"] for trial in told["trials"]] == clips
    assert [trial["x"] for trial in told["trials"]] == xs
    assert (told["correct"], told["answered"], told["planned"], told["p"]) == (8, 8, 8, 2**-8)
    assert "8 of 8 right: p = 0.004" in listener.one(".result").text


def test_nothing_on_the_page_tells_what_x_is(listener: Any) -> None:
    _, xs = session(list(listener.clips), 6, 12345)
    begin(listener, 6)
    assert len(set(xs)) == 2
    seen = set()
    for i in range(6):
        document = listener.browser.execute_script("return document.getElementById('blind-view').innerHTML")
        seen.add(document.replace(f"Trial {i + 1} of", "Trial of"))
        answer(listener, "A")
    assert len(seen) == 1, "the same whatever X is, and whatever was answered before"


def test_a_comparison_needs_no_mouse(listener: Any, downloads: Path) -> None:
    begin(listener, 2)
    for key in (Keys.ARROW_DOWN, " "):
        listener.keys("x")
        assert listener.all(".pair .choice")[2].get_attribute("aria-pressed") == "true"
        assert listener.browser.execute_script("return document.getElementById('status').textContent") == "X"
        listener.one("[type=radio]").send_keys(key, Keys.ENTER)
    told = json.loads(saved(listener, downloads, "json", "abx-"))
    assert [trial["answer"] for trial in told["trials"]] == ["B", "A"]


def test_answers_are_exported_as_csv_and_what_is_missing_is_empty(listener: Any, downloads: Path) -> None:
    _, xs = session(list(listener.clips), 3, 12345)
    begin(listener, 3)
    answer(listener, "B")
    listener.click("Leave")
    assert listener.texts("h3") == list(listener.clips)
    listener.click("Compare two blind")
    assert listener.one("h2").text == "Trial 2 of 3"
    listener.click("End here")
    assert "Of 3 planned" in listener.one(".result").text
    lines = list(csv.DictReader(saved(listener, downloads, "csv", "abx-").splitlines()))
    assert [line["answer"] for line in lines] == ["B", "", ""]
    assert [line["correct"] for line in lines] == [str(int(xs[0] == "B")), "", ""]
    assert [line["x"] for line in lines] == xs
    assert {(line["listener"], line["a"], line["b"], line["seed"]) for line in lines} == {
        ("Ann", A, B, "12345")
    }


def test_two_of_one_system_are_refused(listener: Any) -> None:
    listener.click("Compare two blind")
    for box in listener.all("select"):
        box.find_element("css selector", f'option[value="{A}"]').click()
    listener.click("Begin")
    assert listener.one("h2").text == "Compare two blind"
    assert not listener.browser.execute_script("return document.querySelector('form').checkValidity()")


def test_a_change_goes_through_silence(listener: Any) -> None:
    """So that the change itself does not tell whether two sounds are the same. Each sound has a tone of its
    own here, and one that both share: a cross-fade would never be silent."""
    begin(listener, 1)
    listener.click("Play")
    listener.until(lambda: listener.hears() == listener.systems.index(A) and 0.6 < listener.position() < 1.2)
    listener.keys("b")
    # Of the look that has B first, 0.6 s of sound: later than the silence before the beginning.
    other = listener.systems.index(B)
    rate, samples = listener.until(
        lambda: listener.version_in(*(look := listener.samples())) == other and look
    )
    recent = samples[-rate * 3 // 5 :]
    length = rate // 500
    blocks = recent[: recent.size // length * length].reshape(-1, length)
    assert np.sqrt(np.mean(blocks**2, axis=1)).min() < 0.05
