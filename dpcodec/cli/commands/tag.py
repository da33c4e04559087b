"""`dpcodec tag`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import dpcodec
from dpcodec.cli import exits
from dpcodec.cli.batch import guard
from dpcodec.cli.display import Screen, escape
from dpcodec.cli.options import Verb
from dpcodec.cli.outputs import create
from dpcodec.cli.paths import Job, check_source, exists_error
from dpcodec.cli.sources import open_source
from dpcodec.cli.tag_edits import TagEdit, edit_of, tag_options
from dpcodec.cli.values import FileName

PICTURE = "picture"
MAX_PICTURE_BYTES = 14 << 20


@click.command(cls=Verb)
@click.argument("file", type=FileName())
@tag_options
@click.option("--remove", multiple=True, metavar="KEY", help="Remove a tag, with all its values; may repeat.")
@click.option("--clear", is_flag=True, help="Remove all tags first.")
@click.option("--picture", type=FileName(), metavar="IMAGE", help="Set the front cover, a JPEG or PNG file.")
@click.option("--no-pictures", is_flag=True, help="Remove the pictures.")
@click.option(
    "--export-picture", "export", type=FileName(), metavar="OUT", help="Write the first picture to a file."
)
@click.option("-f", "--force", is_flag=True, help="Overwrite OUT of --export-picture.")
@click.option("--json", "as_json", is_flag=True, help="Show one JSON object.")
@click.pass_context
def tag(context: click.Context, /, file: str, **options: Any) -> int:
    """Show the tags of a .dpc file, or change them; its audio stays byte for byte as it is.

    The file is replaced only once the new one is whole.
    """
    screen = context.find_root().ensure_object(Screen)
    edit = edit_of(options, ("*",) if options["clear"] else options["remove"])
    return guard(screen, file, lambda: _tag(file, edit, options, screen))


def _tag(name: str, edit: TagEdit, options: dict[str, Any], screen: Screen) -> int:
    if name == "-":
        raise exits.UsageError("tags are changed in place: name a file")
    check_source(name)
    if options["export"] is not None:
        _export(name, options["export"], options["force"], screen)
        if edit.empty:
            return exits.OK
    if edit.empty and not options["no_pictures"] and options["picture"] is None:
        return _show(name, options["as_json"], screen)
    image = None if options["picture"] is None else _image(options["picture"])

    def change(found: dpcodec.Tagged) -> tuple[Any, Any]:
        kept = found.attachments
        if options["no_pictures"] or image is not None:
            kept = tuple(item for item in kept if item[0] != PICTURE)
        return edit.apply(found.tags), (*kept, *([(PICTURE, image)] if image is not None else []))

    with create(Job(name, name, force=True), screen) as output, open_source(name) as source:
        written = dpcodec.retag_stream(source, output.file, change)
        source.close()
        output.commit()
    _warn(name, written, screen)
    screen.note(f"{name}: {len(written.tags)} tags, {len(written.attachments)} attachments")
    return exits.OK


def _show(name: str, as_json: bool, screen: Screen) -> int:
    found = _read(name, screen)
    if as_json:
        about = {"tags": found.tags, "attachments": [(kind, len(data)) for kind, data in found.attachments]}
        click.echo(json.dumps(about, indent=2))
    else:
        for line in _lines(found):
            click.echo(escape(line))
    return exits.OK


def _lines(found: dpcodec.Tagged) -> Iterator[str]:
    for key, value in found.tags:
        yield f"{key}={value}"
    for kind, data in found.attachments:
        mime = f" {dpcodec.picture_image(data)[1]}" if kind == PICTURE else ""
        yield f"({kind}{mime}, {len(data)} bytes)"


def _export(name: str, target: str, force: bool, screen: Screen) -> None:
    images = [
        dpcodec.picture_image(data)[0] for kind, data in _read(name, screen).attachments if kind == PICTURE
    ]
    image = next((image for image in images if image), None)
    if image is None:
        raise exits.UsageError("the file has no picture: set one with --picture")
    if target != "-" and Path(target).exists() and not force:
        raise exists_error(target)
    with create(Job(name, target, force), screen) as output:
        output.file.write(image)
        output.commit()


def _read(name: str, screen: Screen) -> dpcodec.Tagged:
    with open_source(name) as source:
        found = dpcodec.read_tagged(source)
    _warn(name, found, screen)
    return found


def _image(name: str) -> bytes:
    """An image file as a picture attachment."""
    check_source(name)
    with open_source(name) as source:
        data = source.read(MAX_PICTURE_BYTES + 1)
    if not data or len(data) > MAX_PICTURE_BYTES:
        raise exits.UsageError(f"{name} has {len(data)} bytes or more: give a picture of up to 14 MiB")
    return dpcodec.pack_picture(data)


def _warn(name: str, found: dpcodec.Tagged, screen: Screen) -> None:
    for warning in found.warnings:
        screen.warn(name, warning)
