"""`dpcodec serve`."""

from __future__ import annotations

from pathlib import Path

import click

from dpcodec.cli import exits
from dpcodec.cli.batch import guard
from dpcodec.cli.display import Screen
from dpcodec.cli.options import Verb


@click.command(cls=Verb)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--host", default="127.0.0.1", metavar="ADDRESS", help="Listen here. [127.0.0.1: this machine only]"
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, metavar="N", help="0: any free one. [8000]"
)
@click.pass_context
def serve(context: click.Context, /, folder: Path, host: str, port: int) -> int:
    """Show a folder of .dpc files as a page that plays them, in any browser.

    Prints the address and serves until it is interrupted. Nothing outside FOLDER is served, nor what is
    hidden.
    """
    screen = context.find_root().ensure_object(Screen)
    return guard(screen, str(folder), lambda: _serve(folder, host, port))


def _serve(folder: Path, host: str, port: int) -> int:
    from dpcodec.web.server import FolderServer

    with FolderServer(folder, host, port) as server:
        click.echo(server.url)
        server.serve_forever()
    return exits.OK
