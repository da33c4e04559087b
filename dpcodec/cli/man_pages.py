"""Man pages made from the commands themselves: the same words as `--help`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

import dpcodec

_EXIT_CODES = (
    *("0 whole", "1 input or output failed", "2 usage", "3 audio not usable", "4 not a .dpc file"),
    *("5 decoded but damaged", "6 over a limit", "7 no such device", "8 needs a newer dpcodec"),
    "130 and 143 interrupted",
)


def man_pages(root: click.Command) -> Iterator[tuple[str, str]]:
    """(file name, text) of a page in section 1 for `dpcodec` and each command below it."""
    yield from _pages(root, click.Context(root, info_name="dpcodec"))


def _pages(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    name = context.command_path.replace(" ", "-")
    below = []
    if isinstance(command, click.Group):
        found = [(verb, command.get_command(context, verb)) for verb in command.list_commands(context)]
        below = [(verb, child) for verb, child in found if child is not None]
    yield f"{name}.1", "\n".join(_page(command, context, name, below)) + "\n"
    for verb, child in below:
        yield from _pages(child, click.Context(child, info_name=verb, parent=context))


def _page(
    command: click.Command, context: click.Context, name: str, below: list[tuple[str, click.Command]]
) -> Iterator[str]:
    yield f'.TH "{name.upper()}" 1 "" "dpcodec {dpcodec.__version__}" "dpcodec"'
    yield ".SH NAME"
    yield _escaped(f"{name} - {command.get_short_help_str(200).rstrip('.')}")
    yield ".SH SYNOPSIS"
    yield f".B {_escaped(context.command_path)}"
    yield _escaped(" ".join(command.collect_usage_pieces(context)))
    yield ".SH DESCRIPTION"
    yield from _prose(inspect.cleandoc(command.help or ""))
    options = [param for param in command.get_params(context) if isinstance(param, click.Option)]
    records = [param.get_help_record(context) for param in options]
    yield ".SH OPTIONS"
    for record in records:
        if record is not None:
            yield from (".TP", f"\\fB{_escaped(record[0])}\\fR", _escaped(record[1]) or ".")
    if below:
        yield ".SH COMMANDS"
        for verb, child in below:
            yield from (".TP", f"\\fB{_escaped(verb)}\\fR", _escaped(child.get_short_help_str(200)))
    yield ".SH EXIT STATUS"
    yield _escaped("; ".join(_EXIT_CODES) + ".")
    if name != "dpcodec":
        yield ".SH SEE ALSO"
        yield ".BR dpcodec (1)"


def _prose(text: str) -> Iterator[str]:
    """Paragraphs; those that click shows as they stand keep their lines."""
    for paragraph in text.split("\n\n"):
        yield ".PP"
        if paragraph.startswith("\b"):
            yield ".nf"
            yield from (_escaped(line) for line in paragraph.splitlines()[1:])
            yield ".fi"
        else:
            yield from (_escaped(line) for line in paragraph.splitlines())


def _escaped(text: str) -> str:
    """Text that groff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return f"\\&{text}" if text[:1] in (".", "'") else text
