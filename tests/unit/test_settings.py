"""Every number of the settings is checked, each where it is stored."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import dpcodec

KINDS = {"encode": dpcodec.EncodeSettings, "decode": dpcodec.DecodeSettings}
NUMBERS = [
    (kind, field.name)
    for kind, settings in KINDS.items()
    for field in dataclasses.fields(settings)
    if field.type in ("int", "float", "int | None", "float | None")
]
UNFIT = [math.nan, math.inf, -math.inf, -21, -21.5, 1e300, 10**400, -(10**400), "5", True, 1j, np.arange(2)]


def test_there_are_numbers() -> None:
    assert {("encode", "drop"), ("decode", "max_duration"), ("decode", "seed")} <= set(NUMBERS)
    assert len(NUMBERS) >= 20


@pytest.mark.parametrize("kind, name", NUMBERS)
@pytest.mark.parametrize("value", UNFIT, ids=repr)
def test_numbers_out_of_range(kind: str, name: str, value: Any) -> None:
    with pytest.raises(dpcodec.SettingsError, match=f"^{name} is "):
        KINDS[kind](**{name: value})


@pytest.mark.parametrize("kind, name", NUMBERS)
def test_none_is_a_number_only_where_it_is_the_default(kind: str, name: str) -> None:
    settings = KINDS[kind]
    if getattr(settings, name) is None:
        settings(**{name: None})
    else:
        with pytest.raises(dpcodec.SettingsError, match=f"^{name} is None"):
            settings(**{name: None})


@pytest.mark.parametrize("value", [math.nan, "x", None, 10**400])
def test_a_profile_checks_before_it_counts(value: Any) -> None:
    """The hop of an MDCT is half of this."""
    with pytest.raises(dpcodec.SettingsError, match="n_fft is "):
        dpcodec.profile("perceptual", n_fft=value)
