"""The page to listen, in Chromium: tables, pictures, small windows, colours, and no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys

# Tables and pictures


def column(listener: Any, table: int, name: str) -> list[str]:
    heads = [text.rstrip("↕↑↓ ") for text in listener.texts(f".scroll:nth-of-type({table}) th")]
    rows = listener.all(f".scroll:nth-of-type({table}) tbody tr")
    return [row.find_elements("css selector", "td")[heads.index(name)].text for row in rows]


def test_tables_sort_by_a_click_and_back(listener: Any) -> None:
    heading = next(b for b in listener.all(".scroll:nth-of-type(2) th button") if b.text.startswith("SNR"))
    heading.click()
    falling = column(listener, 2, "SNR, dB")
    assert falling == ["∞", "20.00", "20.00", "20.00", "10.00", "10.00", "10.00", "9.50", "−3.00", "", "", ""]
    heading.click()
    assert column(listener, 2, "SNR, dB") == [*reversed(falling[:9]), "", "", ""]
    parent = heading.find_element("xpath", "..")
    assert parent.get_attribute("aria-sort") == "ascending"
    assert len(listener.all(".scroll:nth-of-type(2) [aria-sort=none]")) == 3


def test_tables_sort_words_by_the_keyboard(listener: Any) -> None:
    heading = next(b for b in listener.all(".scroll:nth-of-type(2) th button") if b.text.startswith("clip"))
    heading.send_keys(Keys.ENTER)
    clips = column(listener, 2, "clip")
    assert clips == sorted(clips)
    heading.send_keys(Keys.ENTER)
    assert column(listener, 2, "clip") == clips[::-1]


def test_pictures_and_hostile_names_are_shown(listener: Any) -> None:
    for image in listener.all("img"):
        listener.until(lambda image=image: image.get_property("naturalWidth") > 100)
    assert len(listener.all("canvas")) == len(listener.clips) * len(listener.systems)
    for canvas in listener.all("canvas"):
        listener.browser.execute_script("arguments[0].scrollIntoView()", canvas)
        listener.until(lambda canvas=canvas: canvas.get_property("width") == 480)
    assert listener.texts("h3") == list(listener.clips)
    assert not listener.all("#evil")


def test_nothing_is_asked_of_the_network(listener: Any) -> None:
    listener.click("Play")
    listener.until(lambda: listener.hears() == 0)
    entries = [json.loads(e["message"])["message"] for e in listener.browser.get_log("performance")]
    sent = [e["params"]["request"]["url"] for e in entries if e["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") for url in sent)
    assert {url.partition(":")[0] for url in sent} <= {"file", "data", "blob", "about"}
    assert len([url for url in sent if url.startswith("file:")]) == 1


# On a phone, at night


def views(listener: Any) -> Iterator[str]:
    """The page in each of its states."""
    yield "open"
    listener.click("Grade blind")
    yield "setup"
    listener.click("Begin")
    yield "grading"
    for text in ("Next clip", "Next clip", "Finish"):
        listener.click(text)
    yield "grades"
    listener.click("Back to the open page")
    listener.click("Compare two blind")
    yield "setup of a comparison"
    listener.click("Begin")
    yield "comparing"
    listener.click("End here")
    yield "compared"


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_runs_out_of_the_window(listener: Any, width: int) -> None:
    listener.resize(width, 700)
    wide = """return [...document.querySelectorAll("body *")].filter(e => {
        const box = e.getBoundingClientRect();
        const out = box.right > innerWidth + 1 || box.left < -1;
        return out && box.width && !e.closest(".scroll table, .skip");
    }).map(e => e.outerHTML.slice(0, 80))"""
    for view in views(listener):
        document = listener.browser.execute_script("return document.documentElement.scrollWidth")
        assert document <= width, view
        assert listener.browser.execute_script(wide) == [], view


@pytest.mark.parametrize("count", range(3, 14))
def test_nothing_stands_alone_in_the_last_row(listener: Any, count: int) -> None:
    """Wherever there is more than one column, for any number of cards."""
    fill = """
    const grids = [document.querySelector(".tiles"), document.querySelector(".figures")];
    for (const grid of grids) {
        const first = grid.firstElementChild;
        grid.replaceChildren(...Array.from({length: arguments[0]}, () => first.cloneNode(true)));
    }"""
    rows = """
    return [".tiles", ".figures"].map(name => {
        const cards = [...document.querySelector(name).children];
        const tops = cards.map(e => Math.round(e.getBoundingClientRect().top));
        return [...new Set(tops)].map(top => tops.filter(t => t === top).length);
    })"""
    listener.browser.execute_script(fill, count)
    for width in (360, 600, 760, 900, 1050, 1150, 1280):
        listener.resize(width, 800)
        for in_a_row in listener.browser.execute_script(rows):
            assert sum(in_a_row) == count
            assert max(in_a_row) == 1 or min(in_a_row) > 1, (width, in_a_row)


def test_a_table_shows_that_it_goes_on_and_keeps_its_names(listener: Any) -> None:
    listener.resize(360, 700)
    table = listener.all(".scroll")[1]
    assert table.get_property("scrollWidth") > table.get_property("clientWidth")
    assert table.value_of_css_property("background-attachment").startswith("local, scroll")
    listener.browser.execute_script("arguments[0].scrollLeft = 500", table)
    left = "return arguments[0].getBoundingClientRect().left"
    cell = table.find_element("css selector", "tbody td")
    inside = listener.browser.execute_script(left, cell) - listener.browser.execute_script(left, table)
    assert 0 <= inside < 3


def test_fingers_hit_what_they_aim_at(listener: Any) -> None:
    listener.resize(360, 700)
    for view in views(listener):
        for element in listener.all("button, select, input:not([type=checkbox], [type=radio])"):
            assert element.size["height"] >= 40, (view, element.get_attribute("outerHTML")[:80])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(listener: Any, scheme: str) -> None:
    """WCAG 2, 1.4.3: a contrast of 4.5 : 1 or more."""
    listener.prefer(scheme)
    pairs = """
    const ground = e => {
        const colour = e ? getComputedStyle(e).backgroundColor : "rgb(255, 255, 255)";
        return colour === "rgba(0, 0, 0, 0)" ? ground(e.parentElement) : colour;
    };
    const holdsText = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    return [...document.querySelectorAll("body *")]
        .filter(e => !e.disabled && e.checkVisibility() && holdsText(e))
        .map(e => [getComputedStyle(e).color, ground(e), e.outerHTML.slice(0, 80)])"""
    backgrounds = set()
    for view in views(listener):
        for colour, ground, element in listener.browser.execute_script(pairs):
            light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (view, colour, ground, element)
            backgrounds.add(luminance(ground))
    assert (np.median(list(backgrounds)) > 0.5) == (scheme == "light")


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, as WCAG defines it."""
    parts = np.array([float(n) for n in re.findall(r"[\d.]+", colour)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
