"""Docstrings here tell arguments in columns, `name   what it is`: lists of Markdown are made of them, and
blocks of code of what stands behind `>>>`."""

from __future__ import annotations

import re
from typing import Any

import griffe

ENTRY = re.compile(r"^(?P<names>[\w*.,\[\] ]*?[\w\]])\s{2,}(?P<text>\S.*)$")


def with_lists(docstring: str) -> str:
    """The docstring with each paragraph of columns as a list, an entry a name, and examples as code."""
    paragraphs = re.split(r"\n\s*\n", docstring)
    return "\n\n".join(_as_code(paragraph) or _as_list(paragraph) or paragraph for paragraph in paragraphs)


def _as_code(paragraph: str) -> str | None:
    return f"```pycon\n{paragraph}\n```" if paragraph.startswith(">>>") else None


def _as_list(paragraph: str) -> str | None:
    entries: list[list[str]] = []
    lines = paragraph.splitlines()
    if not lines or not ENTRY.match(lines[0]) or lines[0].startswith(" "):
        return None
    for line in lines:
        entry = ENTRY.match(line)
        if entry and not line.startswith(" "):
            entries.append([f"- `{entry['names']}`: {entry['text']}"])
        elif line.startswith(" "):
            entries[-1].append(line.strip())
        else:
            return None
    return "\n".join(" ".join(entry) for entry in entries)


class Columns(griffe.Extension):
    """Rewrites every docstring as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = with_lists(obj.docstring.value)
