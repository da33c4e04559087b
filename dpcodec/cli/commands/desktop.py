"""`dpcodec desktop`."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import click

from dpcodec.cli.batch import guard
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import OK
from dpcodec.cli.man_pages import man_pages
from dpcodec.cli.options import Verb

UPDATE_S = 60


@click.command(cls=Verb)
@click.option(
    "--prefix", type=click.Path(), default="~/.local", metavar="DIR", help="Where to install. [~/.local]"
)
@click.pass_context
def desktop(context: click.Context, /, prefix: str) -> int:
    """Install the man pages, the MIME type of .dpc files, and the rule by which file(1) knows them.

    \b
    DIR/share/man/man1/dpcodec*.1
    DIR/share/mime/packages/dpcodec.xml   (update-mime-database is run where it is there)
    DIR/share/misc/dpc.magic              (file -m DIR/share/misc/dpc.magic x.dpc, or add it to ~/.magic)
    """
    screen = context.find_root().ensure_object(Screen)
    root = context.find_root().command
    return guard(screen, prefix, lambda: _install(Path(prefix).expanduser() / "share", root, screen))


def _install(share: Path, root: click.Command, screen: Screen) -> int:
    data = files("dpcodec.cli") / "data"
    contents = {
        share / "mime" / "packages" / "dpcodec.xml": (data / "dpcodec.xml").read_text("utf-8"),
        share / "misc" / "dpc.magic": (data / "dpc.magic").read_text("utf-8"),
    }
    contents |= {share / "man" / "man1" / name: text for name, text in man_pages(root)}
    for path, text in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    update = shutil.which("update-mime-database")
    if update is not None:
        subprocess.run([update, str(share / "mime")], check=False, capture_output=True, timeout=UPDATE_S)
    screen.note(f"{len(contents)} files below {share}")
    return OK
