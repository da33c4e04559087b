"""One HTML file out of rows, plots, and the parts that lie in `web/`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

import dpcodec
from dpcodec.bench.engine.canvas import description
from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.statistics import grouped
from dpcodec.bench.experiments.report.measurement import tables
from dpcodec.bench.experiments.report.packing import Store, as_text, deflated
from dpcodec.bench.experiments.report.stored import KINDS
from dpcodec.web import bundle

SCRIPTS = (
    "dom.js",
    "sound.js",
    "masked.js",
    "picture.js",
    "engine.js",
    "deck.js",
    "clips.js",
    "table.js",
    "view.js",
    "trial.js",
    "export.js",
    "sheets.js",
    "blind.js",
    "abx.js",
    "abxfiles.js",
    "abxview.js",
    "keys.js",
    "main.js",
)
"""In the order in which they are joined."""
STYLES = ("style.css", "blind.css")
WORDS = ("clip", "system")
"""Columns that are no figures."""
NUMBERS = ' class="number"'
FACTS = {"kbps": "{:.1f} kbit/s on disk", "snr": "SNR {:.1f} dB", "peaq_odg": "ODG {:.1f}"}
"""What stands below a picture, where a row has it."""
PLOTS = '<div class="figures" id="figures"></div>'
NO_PLOTS = "<p>None: matplotlib draws them, which <code>pip install dpcodec[bench]</code> installs.</p>"


def build(rows: Sequence[Row], plots: Iterable[Path] = (), title: str = "Listen", note: str = "") -> str:
    """The page for rows of `measurement.measure`.

    plots   pictures, PNG or SVG, to stand below the tables
    title   of the page; like all other text here it is escaped
    note    where the clips are from, say: a paragraph at the top

    Everything is inside the page: its policy lets a browser load and run nothing else. Script, data and plots
    are deflated; they and the sounds stand in it as `packing.as_text` writes them.
    """
    store, plots = Store(), list(plots)
    style, loader, script = "\n".join(map(_part, STYLES)), _part("loader.js"), _joined_scripts()
    packed = {
        "script": script,
        "report": {**data(rows, title, store), "plots": [_plot(p, store) for p in plots]},
    }
    policy = (
        "default-src 'none'; img-src data: blob:; "
        f"style-src '{_hash(style)}'; script-src '{_hash(loader)}' '{_hash(script)}' 'wasm-unsafe-eval'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_part("page.html")).substitute(
        policy=escape(policy),
        version=escape(dpcodec.__version__),
        title=escape(title),
        notes="\n".join(f"<p>{escape(text)}</p>" for text in _notes(rows, note)),
        systems="\n".join(_descriptions(rows)),
        tables="\n".join(_table(table) for table in tables(rows)),
        plots=PLOTS if plots else NO_PLOTS,
        style=style,
        packed=as_text(deflated(json.dumps(packed))),
        sounds=as_text(store.content),
        loader=loader,
    )


def plots_in(folder: Path) -> list[Path]:
    """The plots that experiments drew into a folder, the report's own first: SVG, or PNG where there is no
    SVG of that name."""
    found = {path.stem: path for kind in (".png", ".svg") for path in sorted(folder.glob(f"*{kind}"))}
    return [found[name] for name in sorted(found, key=lambda name: (not name.startswith("report"), name))]


def data(rows: Sequence[Row], title: str, store: Store) -> Row:
    """What the script works on: clips, and in each the versions to hear, the reference first. Their sounds go
    into the store."""
    clips = []
    for (name, code), group in grouped(rows, "clip", "clip_digest").items():
        ranked = sorted(group, key=lambda row: row["role"] != "reference")
        first = ranked[0]
        clips.append(
            {
                "name": name,
                "synthetic": bool(first.get("synthetic")),
                "digest": code,
                "rate": first["rate"],
                "seconds": first["seconds"],
                "versions": [_version(row, store) for row in ranked],
            }
        )
    return {"title": title, "dpcodec": dpcodec.__version__, "clips": clips}


def _version(row: Row, store: Store) -> Row:
    told = {name: round(float(row[name]), 1) + 0.0 for name in FACTS if row.get(name) is not None}
    facts = [FACTS[name].format(value) for name, value in told.items()]
    kind = next(kind for kind in KINDS if kind in row)
    return {
        "system": row["system"],
        "role": row["role"],
        "about": row["about"],
        "facts": _typeset(" · ".join(facts)),
        "sound": (kind, *store.put(base64.b64decode(row[kind]))),
    }


def _notes(rows: Sequence[Row], note: str) -> list[str]:
    synthetic = "All clips here are synthetic: made by formula, not recorded."
    told = [note, synthetic] if all(row.get("synthetic") for row in rows) else [note]
    return [text for text in told if text]


def _descriptions(rows: Sequence[Row]) -> list[str]:
    about = {row["system"]: row["about"] for row in rows}
    return [f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in about.items()]


def _table(table: Table) -> str:
    header = list(table.rows[0])
    heads = "".join(
        f'<th scope="col" aria-sort="none"{"" if name in WORDS else NUMBERS}>'
        f'<button type="button">{escape(name)}</button></th>'
        for name in header
    )
    lines = "\n".join(
        "<tr>" + "".join(_cell(name, row.get(name)) for name in header) + "</tr>" for row in table.rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f"<table><caption>{escape(table.title)}</caption>"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )


def _cell(column: str, value: object) -> str:
    """A cell; a figure with the number to sort by, which of `12.3 ± 0.4` is 12.3."""
    if value is None or value == "":
        return "<td></td>"
    if column in WORDS:
        return f"<td>{escape(str(value))}</td>"
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    number = str(float(text.partition(" ")[0])).replace("inf", "Infinity")
    return f'<td data-value="{number}">{escape(_typeset(text))}</td>'


def _typeset(figures: str) -> str:
    return figures.replace("inf", "∞").replace("-", "−")


def _plot(path: Path, store: Store) -> Row:
    """SVG in words, which are deflated, or where in the store a PNG lies; and what is told instead of it."""
    if path.suffix == ".svg":
        return {"svg": path.read_text(encoding="utf-8"), "alt": f"Plot: {description(path)}"}
    return {"png": store.put(path.read_bytes()), "alt": f"Plot: {description(path)}"}


def _joined_scripts() -> str:
    decoder = bundle.script(Path(__file__).parent / "web" / "core.js")
    parts = decoder + "\n".join(bundle.without_comments(_part(name)) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _part(name: str) -> str:
    return resources.files(__package__).joinpath("web", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
