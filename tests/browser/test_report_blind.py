"""The page to listen, in Chromium: grading blind hides, shuffles, grades and exports."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from blind_page import draws, saved, shuffled

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys


def begin(listener: Any, seed: int = 12345) -> None:
    listener.click("Grade blind")
    box = listener.one("[type=number]")
    box.clear()
    box.send_keys(str(seed))
    listener.one("[type=text]").send_keys('Ann "A", B')
    listener.click("Begin")


def test_nothing_on_the_page_tells_the_names(listener: Any) -> None:
    assert all(system in listener.browser.page_source for system in listener.systems)
    listener.keys("2")  # a name is told to those who do not see the page
    begin(listener)
    for _ in listener.clips:
        document = listener.browser.execute_script("return document.documentElement.outerHTML")
        document = re.sub(r"<(script|style)>.*?</\1>", "", document, flags=re.S)
        for word in (*listener.systems, "about", "kbit/s", "ODG", "image/png", "audio/flac", "x-dpcodec"):
            assert word not in document
        names = [e.accessible_name for e in listener.all("button, input") if e.is_displayed()]
        assert not any(system in name for system in listener.systems for name in names)
        listener.keys("n")


def test_sounds_are_those_of_the_export(listener: Any, downloads: Path) -> None:
    begin(listener)
    told = json.loads(saved(listener, downloads, "json"))
    for trial in told["trials"]:
        listener.click("Play")
        listener.until(lambda: listener.hears() == 0)
        for condition in trial["conditions"]:
            listener.keys(condition["label"])
            assert listener.systems[listener.settled()] == condition["system"]
        listener.keys("0")
        assert listener.settled() == 0
        listener.keys("n")


def test_the_order_comes_from_the_seed(listener: Any, downloads: Path) -> None:
    begin(listener, 987654321)
    told = json.loads(saved(listener, downloads, "json"))
    random = draws(987654321)
    trials = shuffled(list(listener.clips), random)
    assert [trial["clip"] for trial in told["trials"]] == trials
    orders = [[c["system"] for c in trial["conditions"]] for trial in told["trials"]]
    assert orders == [shuffled(list(listener.systems), random) for _ in trials]
    assert len({tuple(order) for order in orders}) > 1
    assert told["seed"] == 987654321


def test_a_new_visit_has_a_new_seed(listener: Any) -> None:
    seeds = set()
    for _ in range(3):
        listener.click("Grade blind")
        seeds.add(listener.one("[type=number]").get_property("value"))
        listener.click("Back")
    assert len(seeds) == 3


def test_grades_are_exported_as_json_and_csv(listener: Any, downloads: Path) -> None:
    begin(listener)
    assert listener.one(".missing").text == "4 not graded yet"
    listener.keys("1", Keys.END, "3", Keys.HOME, *[Keys.ARROW_UP] * 7)
    assert listener.texts("output") == ["100 Excellent", "–", "7 Bad", "–"]
    assert listener.one(".missing").text == "2 not graded yet"
    listener.click("Next clip")
    listener.keys("2", Keys.ARROW_DOWN)  # 0 is where the slider stands, and a grade
    listener.click("Next clip")
    listener.click("Previous clip")
    assert listener.texts("output") == ["–", "0 Bad", "–", "–"]
    told = json.loads(saved(listener, downloads, "json"))
    assert told["schema"] == "dpcodec-listening/1"
    assert told["listener"] == 'Ann "A", B'
    grades = [[c["grade"] for c in trial["conditions"]] for trial in told["trials"]]
    assert grades == [[100, None, 7, None], [None, 0, None, None], [None] * 4]
    for trial in told["trials"]:
        assert [c["label"] for c in trial["conditions"]] == ["1", "2", "3", "4"]
        roles = {c["system"]: c["role"].removeprefix("hidden ") for c in trial["conditions"]}
        assert roles == listener.roles
    lines = list(csv.DictReader(saved(listener, downloads, "csv").splitlines()))
    flat = [(t, c) for t in told["trials"] for c in t["conditions"]]
    assert len(lines) == 12
    for line, (trial, condition) in zip(lines, flat, strict=True):
        assert line["listener"] == 'Ann "A", B'
        assert (line["clip"], line["system"], line["label"]) == (
            trial["clip"],
            condition["system"],
            condition["label"],
        )
        assert line["grade"] == ("" if condition["grade"] is None else str(condition["grade"]))


def test_a_session_ends_with_the_grades_by_name(listener: Any, downloads: Path) -> None:
    begin(listener, 7)
    told = json.loads(saved(listener, downloads, "json"))
    for trial in told["trials"]:
        for condition in trial["conditions"]:
            grade = {"reference": 100, "anchor": 20}.get(listener.roles[condition["system"]], 60)
            listener.keys(condition["label"], Keys.HOME, *[Keys.PAGE_UP] * (grade // 10))
        assert listener.one(".missing").text == "All graded"
        listener.all(".actions .strong")[0].click()
    assert listener.one("h2").text == "Your grades"
    rows = [row.text.split() for row in listener.all("tbody tr")]
    assert [row[-1] for row in rows] == ["100", "20", "60", "60"]
    assert rows[0][-4:] == ["100"] * 4
    saved(listener, downloads, "csv")
    listener.click("Back to the open page")
    assert listener.texts("h3") == list(listener.clips)


def test_systems_can_be_left_out_but_not_reference_and_anchor(listener: Any, downloads: Path) -> None:
    listener.click("Grade blind")
    boxes = listener.all("fieldset input")
    assert [box.is_enabled() for box in boxes] == [False, False, True, True]
    boxes[2].click()
    listener.click("Begin")
    assert len(listener.all(".grade")) == 3
    told = json.loads(saved(listener, downloads, "json"))
    assert {c["system"] for c in told["trials"][0]["conditions"]} == set(listener.systems) - {"Quagga 16"}


def test_leaving_keeps_the_grades(listener: Any, downloads: Path) -> None:
    begin(listener)
    listener.keys("1", Keys.END)
    listener.click("Leave")
    assert listener.texts("h3") == list(listener.clips)
    listener.click("Grade blind")
    assert listener.texts("output")[0] == "100 Excellent"
    saved(listener, downloads, "json")
