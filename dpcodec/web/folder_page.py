"""The page of a folder: its folders as links, its `.dpc` files each with a player."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --page: #f5f6f8; --text: #1c2127; --soft: #565f6b; --strong: #0b57d0; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #14171b; --text: #e7eaee; --soft: #a9b2bd; --strong: #8ab4f8; }}
}}
body {{ margin: 0 auto; max-width: 48rem; padding: 0 1rem 2rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }}
h1 {{ margin: 1.5rem 0 0.5rem; font-size: 1.75rem; line-height: 1.2; }}
ul {{ margin: 0; padding: 0; list-style: none; }}
li {{ margin: 0.75rem 0; }}
a {{ color: var(--strong); }}
:focus-visible {{ outline: 3px solid var(--strong); outline-offset: 2px; }}
p {{ color: var(--soft); }}
</style>
<script type="module" src="{assets}web/element.js"></script>
<main>
<h1>{title}</h1>
{way}{folders}{files}
</main>
</html>
"""


def folder_page(folder: Path, names: Sequence[str], assets: str) -> str:
    """HTML of a folder that lies under `names` below the one that is served; what cannot be read is left
    out."""
    entries = sorted(_entries(folder), key=lambda path: path.name.casefold())
    folders = [path.name for path in entries if path.is_dir()]
    files = [path.name for path in entries if path.suffix.lower() == ".dpc" and path.is_file()]
    way = '<p><a href="../">The folder above</a></p>\n' if names else ""
    links = [f'<li><a href="{_address(name)}/">{_text(name)}</a></li>' for name in folders]
    players = [
        f'<li><dpc-audio src="{_address(name)}" title="{_text(name[:-4])}"></dpc-audio></li>'
        for name in files
    ]
    return _PAGE.format(
        title=_text("/".join(names)) or "Audio",
        assets=assets,
        way=way,
        folders=f"<ul>\n{_lines(links)}</ul>\n" if links else "",
        files=f"<ul>\n{_lines(players)}</ul>" if players else "<p>There are no .dpc files here.</p>",
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _lines(items: Sequence[str]) -> str:
    return "".join(f"{item}\n" for item in items)


def _text(name: str) -> str:
    """For HTML; bytes that are not UTF-8 as their sign of replacement."""
    return escape(name.encode("utf-8", "replace").decode("utf-8"))


def _address(name: str) -> str:
    return "./" + quote(name.encode("utf-8", "surrogateescape"), safe="")
