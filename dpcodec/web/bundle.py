"""The modules of the decoder as one script, for pages that are a single file; and as a package.

Modules are joined, imports first, into one function; so no two of them may use one name at the top level.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

WEB = Path(__file__).parent
TABLES = WEB.parent / "coding" / "tables"
CORE = WEB / "core.js"
_IMPORT = re.compile(r'^(?:import|export) (?:\{([^}]*)\} )?(?:from )?"(\.[^"]+)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.M)
_TOP_LEVEL = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\{[^}]*\}|\w+)", re.M)
_COMMENT = re.compile(r"^ *(?:/\*\*.*?\*/|//[^\n]*)\n", re.M | re.S)


def modules_of(entry: Path) -> list[Path]:
    """The modules that one needs, itself last, each after those that it imports."""
    found: dict[Path, None] = {}

    def visit(path: Path) -> None:
        if path not in found:
            for _, name in _IMPORT.findall(path.read_text(encoding="utf-8")):
                visit((path.parent / name).resolve())
            found[path] = None

    visit(entry.resolve())
    return list(found)


def top_level_names(path: Path) -> list[str]:
    """The names that a module declares for itself, imports left out."""
    names = _TOP_LEVEL.findall(path.read_text(encoding="utf-8"))
    return [word for name in names for word in re.findall(r"\w+(?=\s*[,}])|^\w+", name)]


def tables() -> str:
    """The coding tables by name, as JSON."""
    return json.dumps(
        {path.stem: json.loads(path.read_text(encoding="ascii")) for path in sorted(TABLES.glob("*.json"))},
        separators=(",", ":"),
    )


def without_comments(text: str) -> str:
    """JavaScript without the comments that have lines to themselves."""
    return _COMMENT.sub("", text)


def script(entry: Path = CORE, name: str = "dpcodec") -> str:
    """JavaScript that sets `name` to an object of what `entry` exports, the tables given."""
    paths = modules_of(entry)
    text = "".join(_EXPORT.sub("", _IMPORT.sub("", without_comments(p.read_text("utf-8")))) for p in paths)
    exported = [n.strip() for names, _ in _IMPORT.findall(_exports(entry)) for n in names.split(",")]
    exported += re.findall(
        r"^export (?:async )?(?:function|class|const) (\w+)", entry.read_text("utf-8"), re.M
    )
    names = ", ".join(filter(None, exported))
    body = f'"use strict";\n{text}\nsetTables({tables()});\nreturn {{ {names} }};'
    return f"const {name} = (() => {{\n{body}\n}})();\n"


def _exports(entry: Path) -> str:
    """The lines that hand on what other modules export."""
    return "".join(m[0] for m in _IMPORT.finditer(entry.read_text("utf-8")) if m[0].startswith("export"))


def write_package(folder: Path, version: str) -> None:
    """The decoder as npm lays packages out: modules, tables, and the one script."""
    for path in sorted(WEB.rglob("*")):
        target = folder / "web" / path.relative_to(WEB)
        if path.suffix in (".js", ".css"):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (folder / "coding" / "tables").mkdir(parents=True, exist_ok=True)
    for path in TABLES.glob("*.json"):
        shutil.copyfile(path, folder / "coding" / "tables" / path.name)
    package = json.loads((WEB / "package.json").read_text(encoding="ascii"))
    package |= {"version": version, "main": "web/index.js", "exports": {".": "./web/index.js", "./*": "./*"}}
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n", encoding="ascii")
    (folder / "dpcodec.js").write_text(script(), encoding="utf-8")
