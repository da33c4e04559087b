"""What makes a site of the pages: `make docs` builds it, here are its parts by themselves."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"


def part(name: str, *needs: str) -> Any:
    """A module of docs/site, which is no package; skips without the extra `docs`."""
    for package in needs:
        pytest.importorskip(package)
    spec = importlib.util.spec_from_file_location(name, DOCS / "site" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_columns_become_lists_and_examples_code() -> None:
    with_lists = part("docstrings", "griffe").with_lists
    told = """Do it.

a     the first
      and more of it
b, c  the rest

It says so.  Twice.

>>> 1 + 1
2"""
    assert (
        with_lists(told)
        == """Do it.

- `a`: the first and more of it
- `b, c`: the rest

It says so.  Twice.

```pycon
>>> 1 + 1
2
```"""
    )


def test_lists_are_indented_by_four() -> None:
    indented = part("hooks", "mkdocs", "nbclient")._indented
    given = """- one
  goes on

  and on
  - below

1. first
   goes on

```
- no list
  here
```

text
  as it is"""
    assert (
        indented(given)
        == """- one
    goes on

    and on
    - below

1. first
    goes on

```
- no list
  here
```

text
  as it is"""
    )


@pytest.mark.parametrize(
    "tag, refused",
    [
        ('<script src="https://a.example/b.js">', True),
        ("<link rel=stylesheet href=//a.example/b.css>", True),
        ('<script src="assets/b.js">', False),
        ('<a href="https://a.example/">', False),
        ('<img src="data:image/png;base64,//8=">', False),
    ],
)
def test_what_is_loaded_from_elsewhere_is_seen(tag: str, refused: bool) -> None:
    assert bool(part("hooks", "mkdocs", "nbclient").ELSEWHERE.search(tag)) == refused


def test_the_notebook_is_kept_without_what_its_cells_gave() -> None:
    notebook = json.loads((DOCS / "tutorial" / "figure.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 3
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
