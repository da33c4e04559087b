"""What the JavaScript decoder is compared with is what this decoder gives.

Its own tests run in node: `make web`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dpcodec.web.bundle import TABLES, WEB, top_level_names, write_package

from .make_references import CONFORMANCE, FOLDERS, REFERENCES, lost_cells, reference, samples_in

REFERENCE: dict[str, dict[str, Any]] = json.loads(REFERENCES.read_text(encoding="ascii"))


def test_every_conformance_file_has_a_reference() -> None:
    for folder in FOLDERS:
        assert REFERENCE[folder].keys() == {path.stem for path in (CONFORMANCE / folder).glob("*.dpc")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_references_are_what_python_gives(folder: str) -> None:
    for name in list(REFERENCE[folder])[::9]:
        found = json.loads(json.dumps(reference((CONFORMANCE / folder / f"{name}.dpc").read_bytes())))
        frozen = dict(REFERENCE[folder][name])
        for solver in ("none", "noise"):
            if solver in frozen:
                one, other = samples_in(found.pop(solver)), samples_in(frozen.pop(solver))
                np.testing.assert_allclose(
                    one, other, rtol=1e-6, atol=1e-6 * max(1, np.abs(other).max(initial=0))
                )
        assert found == frozen, name


def test_references_of_holes_are_what_python_gives() -> None:
    for found, frozen in zip(lost_cells(), REFERENCE["lost"], strict=True):
        assert found == pytest.approx(frozen, abs=1e-4)


def test_no_two_modules_use_one_name() -> None:
    """They are joined into one function."""
    names = [name for path in sorted(WEB.rglob("*.js")) for name in top_level_names(path)]
    assert len(names) > 100
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_modules_stay_small_and_say_what_they_are() -> None:
    for path in WEB.rglob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 400, path
        assert lines[0].startswith("/**"), path
        assert max(map(len, lines)) <= 140, path


def test_the_bundle_holds_the_tables_and_no_imports(tmp_path: Path) -> None:
    write_package(tmp_path, "1.2.3")
    text = (tmp_path / "dpcodec.js").read_text(encoding="utf-8")
    assert not re.search(r"^(import|export) ", text, re.M)
    assert json.loads((tmp_path / "package.json").read_text())["version"] == "1.2.3"
    for table in TABLES.glob("*.json"):
        assert (tmp_path / "coding" / "tables" / table.name).read_bytes() == table.read_bytes()
        assert json.dumps(json.loads(table.read_text()), separators=(",", ":")) in text
