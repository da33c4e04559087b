"""The data files of the format: their bytes and sizes are those that docs/format.md tells."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from .slow_mdct import TABLES, TEXT, data_file

NAMES = ("stft", "mdct", "scale_factors", "perceptual", "frames")


def told_sizes() -> dict[tuple[str, str], list[int]]:
    """(file, name) -> sizes of the nested lists, from the table under "Data files"."""
    section = TEXT.partition("### Data files")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (?:`(\w+)\.json`)? ?\| `(\w+)` \| ([\d, ]+)", section, re.M)
    found, file = {}, ""
    for here, name, sizes in rows:
        file = here or file
        found[file, name] = [int(size) for size in re.findall(r"\d+", sizes)]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_bytes_are_those_that_the_document_names(name: str) -> None:
    told = re.search(rf"^\| `{name}\.json` \| `([^`]*)` \|$", TEXT, re.M)
    assert told
    assert told[1] == hashlib.sha256((TABLES / f"{name}.json").read_bytes()).hexdigest()


def test_there_are_no_other_data_files() -> None:
    assert sorted(path.stem for path in TABLES.glob("*.json")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_those_of_the_document(name: str) -> None:
    sizes = {key: told for (file, key), told in told_sizes().items() if file == name}
    data = data_file(name)
    for key in data:
        if key != "networks":
            assert list(np.array(data[key]).shape) == sizes.pop(key)
    inputs = (9, 11, 13, 29, 33)
    networks = data.get("networks", [])
    assert [len(numbers["weights"][0]) for numbers in networks] == list(inputs)[: len(networks)]
    for network in networks:
        for key in network:
            told = [48, len(network["weights"][0])] if key == "weights" else sizes[key]
            assert list(np.array(network[key]).shape) == told
    rest = {"networks", "weights", "bias", "outputs", "output_bias"} if networks else set()
    assert set(sizes) == rest


def test_no_symbol_is_impossible() -> None:
    stft, mdct, *both = (data_file(name) for name in ("stft", "mdct", "perceptual", "frames"))
    for rows in (
        *(stft["real"], stft["imag"], mdct["magnitudes"], data_file("scale_factors")["differences"]),
        *(one[name] for one in both for name in ("magnitudes", "differences", "paired")),
    ):
        assert min(min(row) for row in rows) >= 1
    assert {sum(row) for row in mdct["magnitudes"]} == {4096}
    nonzero = [np.ravel(data["nonzero"]).tolist() for data in (mdct, *both)]
    for counts in (stft["zeros"], *nonzero):
        assert all(0 < count < 4096 for count in counts)


def test_integers_only() -> None:
    for name in NAMES:
        text = (TABLES / f"{name}.json").read_text(encoding="ascii")
        assert not re.search(r"\d[.eE]|true|false|null", text)
