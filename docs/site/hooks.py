"""What the site needs beyond its pages: reference pages of the public names; the tutorial run from its
notebook, links and lists as hosts of Markdown read them, a check that nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import importlib
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbclient import NotebookClient

NOTEBOOK = "tutorial/figure.ipynb"
TIMEOUT_S = 300
REFERENCES = {
    "library": ("dpcodec", "[The library](../api.md) shows how they work together."),
    "metrics": ("dpcodec.metrics", "[Metrics](../metrics.md) says what each is, and how it was checked."),
    "batch": ("dpcodec.batch", "[Many files](../api.md#many-files) shows how they work together."),
}
"""Pages of public names: the package, and what stands at the top."""
PAGE = NOTEBOOK.replace(".ipynb", ".md")
LOADS = r"<(?:script|img|iframe|audio|source|link)\b[^>]*?\b(?:src|href)"
ELSEWHERE = re.compile(LOADS + r"""=["']?(?:https?:)?//[^>]*>""")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made."""
    for name, (package, opening) in REFERENCES.items():
        text = _reference(package, opening)
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    for path, content in _run_notebook(Path(config.docs_dir) / NOTEBOOK).items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files that are no part of the site become text; lists are indented as Python wants them."""
    there = Path(config.docs_dir, page.file.src_uri).parent

    def without(link: re.Match[str]) -> str:
        target = link[2].partition("#")[0]
        path = (there / target).resolve()
        if path == Path(config.docs_dir, NOTEBOOK) and page.file.src_uri != PAGE:
            return link[0].replace(".ipynb", ".md")
        inside = target and not re.match(r"\w+:", target) and path.exists()
        if not inside or (path.is_relative_to(config.docs_dir) and path.is_file()):
            return link[0]
        return link[1]

    return _indented(re.sub(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)", without, markdown))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuses a page that would load something from elsewhere."""
    found = ELSEWHERE.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads from elsewhere: {found[0]}")
    return output


def _reference(package: str, opening: str) -> str:
    module = importlib.import_module(package)
    parts = [
        f"# {package}, name by name\n",
        f"Everything public in `{package}`, from its docstrings. {opening}\n",
    ]
    for name in sorted(set(module.__all__) - {"__version__"}, key=lambda name: (name.lower(), name)):
        value = getattr(module, name)
        home = getattr(value, "__module__", None)
        if home and home.startswith("dpcodec") and getattr(value, "__name__", None) == name:
            parts.append(f"::: {home}.{name}\n")
        elif not callable(value) and isinstance(value, str | int | tuple | frozenset):
            parts.append(f"## {name}\n\nA constant: `{value!r}`.\n")
        else:
            parts.append(f"## {name}\n\nA table by name: {', '.join(f'`{key}`' for key in value)}.\n")
    return "\n".join(parts)


def _run_notebook(path: Path) -> dict[str, str | bytes]:
    """The notebook as a page with what its cells gave, and its pictures, by their paths in the site."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        quiet = ["--IPKernelApp.log_level=40"]
        NotebookClient(notebook, timeout=TIMEOUT_S, resources=where, extra_arguments=quiet).execute()
    parts: list[str] = []
    pictures: dict[str, str | bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            parts.append(_output(output, pictures))
    return {PAGE: "\n\n".join(parts) + "\n", **pictures}


def _output(output: Any, pictures: dict[str, str | bytes]) -> str:
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```"
    data = output.data
    for kind, suffix in (("image/svg+xml", "svg"), ("image/png", "png")):
        if kind in data:
            name = f"figure-{len(pictures) + 1}.{suffix}"
            pictures[f"tutorial/{name}"] = data[kind] if suffix == "svg" else base64.b64decode(data[kind])
            return f"![{output.metadata.get('alt', 'What the cell above draws')}]({name})"
    if "text/html" in data:
        return str(data["text/html"]).strip()
    return f"```text\n{data['text/plain']}\n```"


def _indented(markdown: str) -> str:
    """Within lists four spaces a level, where hosts of Markdown are content with the width of the mark."""
    lines, width, fenced = [], 0, False
    for line in markdown.splitlines():
        mark = re.match(r"( *)([-*]|\d+\.) +(?=\S)", line)
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if mark and not fenced and (len(mark[1]) == 0 or width):
            width = len(mark[2]) + 1
            lines.append(" " * (4 * (len(mark[1]) // width)) + line[len(mark[1]) :])
            continue
        if width and line.startswith(" " * width):
            line = " " * 4 + line[width:]
        elif line.strip() and not line.startswith(" "):
            width = 0
        lines.append(line)
    return "\n".join(lines)
