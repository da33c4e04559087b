"""Changes of tags that are asked for on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from dpcodec.cli.exits import UsageError

Tags = tuple[tuple[str, str], ...]


class TagEdit(NamedTuple):
    """What becomes of tags: keys of `removed` and `replaced` lose all their values, `removed` may hold "*";
    `replaced` and `added` come in."""

    replaced: Tags = ()
    added: Tags = ()
    removed: tuple[str, ...] = ()

    def apply(self, tags: Sequence[tuple[str, str]]) -> Tags:
        """The tags after it. A key keeps its place where its values are replaced."""
        gone = {key.upper() for key in self.removed}
        kept = [] if "*" in gone else [pair for pair in tags if pair[0].upper() not in gone]
        new: dict[str, list[tuple[str, str]]] = {}
        for key, value in self.replaced:
            new.setdefault(key.upper(), []).append((key, value))
        out: list[tuple[str, str]] = []
        for pair in kept:
            if pair[0].upper() in new:
                out += new[pair[0].upper()]
                new[pair[0].upper()] = []
            elif pair[0].upper() not in {key.upper() for key, _ in self.replaced}:
                out.append(pair)
        return (*out, *(pair for pairs in new.values() for pair in pairs), *self.added)

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.replaced or self.added or self.removed)


def tag_options(function: Any) -> Any:
    """--tag and --add-tag."""
    for option in (
        click.option("--add-tag", "added_tags", multiple=True, metavar="K=V", help="Add a value to a tag."),
        click.option(
            "--tag",
            "tags",
            multiple=True,
            metavar="K=V",
            help="Set a tag in place of its values; may repeat.",
        ),
    ):
        function = option(function)
    return function


def edit_of(options: dict[str, Any], removed: Sequence[str] = ()) -> TagEdit:
    """The edit that the options ask for. Raises `UsageError`."""
    return TagEdit(
        tuple(parse_tag(text) for text in options["tags"]),
        tuple(parse_tag(text) for text in options["added_tags"]),
        tuple(removed),
    )


def parse_tag(text: str) -> tuple[str, str]:
    """KEY=VALUE taken apart. Raises `UsageError`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"tag {text!r} is not understood: give KEY=VALUE")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise UsageError(f"tag {text!r} is not UTF-8: give it in UTF-8") from exc
    return key, value
