"""`dpcodec completion`."""

from __future__ import annotations

import click

from dpcodec.cli.exits import OK
from dpcodec.cli.options import Verb


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print a script that completes dpcodec's commands and options.

    \b
    bash: eval "$(dpcodec completion bash)"   in ~/.bashrc
    zsh:  eval "$(dpcodec completion zsh)"    in ~/.zshrc
    fish: dpcodec completion fish > ~/.config/fish/completions/dpcodec.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    root = context.find_root().command
    click.echo(kind(root, {}, "dpcodec", "_DPCODEC_COMPLETE").source())
    return OK
