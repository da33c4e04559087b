"""The page of figures: what stands in it is what stands in the results."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from dpcodec import FileAccessError
from dpcodec.bench.engine.page import SECTIONS, draw_plots, tables_of, write_page
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import rate

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a small experiment."""
    folder = tmp_path_factory.mktemp("results")
    run(rate.experiment(None, 8000), Results(folder, "rate", "dpcodec bench rate"))
    return folder


def test_every_number_of_the_tables_stands_in_the_page(folder: Path) -> None:
    page = write_page(folder, PurePosixPath("results"))
    cells = set(re.findall(r"(?<=\| )[^|\n]+(?= \|)", page))
    tables = rate.tables(list(Results(folder, "rate").rows.values()))
    for table in tables:
        assert f"**{table.title}**" in page
        for row in table.rows:
            numbers = (value for value in row.values() if isinstance(value, int | float))
            assert {f"{value:g}" for value in numbers} <= cells


def test_the_page_tells_the_command_and_links_the_plots(folder: Path) -> None:
    (folder / "rate.svg").write_text("<svg><dc:title>SNR [dB] &gt; rate</dc:title></svg>")
    page = write_page(folder, PurePosixPath("a/b"))
    assert "- `dpcodec bench rate`: 20" in page
    assert "![SNR (dB) > rate](a/b/rate.svg)" in page
    assert "](a/b)" in page


def test_plots_are_drawn_of_all_results(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    written = draw_plots(folder)
    assert [path.name for path in written] == ["rate.png", "rate.svg"]
    for preset in rate.PROFILES:
        assert preset in written[1].read_text()


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no results"):
        write_page(tmp_path, PurePosixPath("."))


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_has_its_tables(name: str) -> None:
    assert callable(tables_of(name))


def test_the_page_in_docs_is_the_one_its_results_give() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert page == write_page(ROOT / "docs" / "benchmarks", PurePosixPath("benchmarks"))
