"""Curves can be read and told apart, on light pages and on dark ones."""

from __future__ import annotations

import re

import pytest

from dpcodec.bench.engine.style import GROUND, INK, OTHERS, SOFT, STRONG, TONES, for_both_schemes, looks_of


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tone", [INK, SOFT, STRONG, *OTHERS], ids=lambda tone: tone.light)
def test_text_stands_out_in_both_schemes(tone: object) -> None:
    """WCAG 2, 1.4.3: a contrast of 4.5 : 1 or more."""
    for scheme in ("light", "dark"):
        bright, dim = sorted((luminance(getattr(t, scheme)) for t in (tone, GROUND)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, scheme


def test_no_two_curves_look_alike_and_ours_have_their_colour_alone() -> None:
    looks = looks_of({f"{i}": i % 4 == 0 for i in range(24)})
    own = {label for label in looks if int(label) % 4 == 0}
    assert {looks[label].tone for label in own} == {STRONG}
    assert STRONG not in {look.tone for label, look in looks.items() if label not in own}
    assert len({(look.tone, look.dash, look.width) for look in looks.values()}) == 24
    few = looks_of({name: False for name in "abcde"})
    assert len({look.tone for look in few.values()}) == len({look.dash for look in few.values()}) == 5


def test_a_dark_page_changes_every_tone_and_nothing_else() -> None:
    drawn = "".join(f'<path style="fill: {t.light}; stroke: {t.light}"/>' for t in TONES)
    svg = for_both_schemes(f'<?xml version="1.0"?><svg width="1">{drawn}</svg>')
    style = re.search(r"<style>@media \(prefers-color-scheme: dark\)\{(.*)\}</style>", svg)
    assert style
    rules = re.findall(r'\[style\*="(fill|stroke): (#\w+)"\]\{(fill|stroke):(#\w+) !important\}', style[1])
    expected = [(what, t.light, what, t.dark) for t in TONES for what in ("fill", "stroke")]
    assert rules == expected
    assert svg.replace(style[0], "").replace("\n ", "").endswith(f'<svg width="1">{drawn}</svg>')
    assert len({t.light for t in TONES}) == len(TONES)
