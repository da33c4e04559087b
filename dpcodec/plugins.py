"""Solvers, masks and metrics by name: our own, and those that installed packages bring as entry points.

    [project.entry-points."dpcodec.solvers"]
    hold = "my_package:hold"

The groups are `dpcodec.solvers`, `dpcodec.masks` and `dpcodec.metrics`. What is installed is looked at only
where a name is not ours or all names are asked for, and a plug-in is loaded when it is first used. A name of
ours cannot be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, TypeVar

from dpcodec.errors import DpcodecError, PluginError

if TYPE_CHECKING:
    from importlib import metadata

T = TypeVar("T")


class Table(dict[str, T]):
    """What a name stands for. Iterating shows our own names; `in` and `[]` know those from outside, too.

    kind    in messages: "solver", "mask" or "metric"
    own     our own
    take    makes an entry of what a plug-in brings, given its name; raises `PluginError` for what is none
    taken   further names that are ours
    """

    def __init__(
        self,
        kind: str,
        own: dict[str, T],
        take: Callable[[str, object], T],
        taken: Collection[str] = (),
    ) -> None:
        super().__init__(own)
        self._kind, self._take, self._taken = kind, take, {*own, *taken}
        self._outside: dict[str, list[metadata.EntryPoint]] | None = None
        self._loaded: dict[str, T] = {}

    def __missing__(self, name: str) -> T:
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (name not in self._taken and name in self._installed())

    def names(self) -> list[str]:
        """All of them, our own first."""
        return [*self, *sorted(set(self._installed()) - self._taken)]

    def told(self, first: Iterable[str] = (), last: Iterable[str] = ()) -> str:
        """All names with commas between them, those of `first` and `last` too, and what cannot be used under
        its name."""
        lines = [", ".join([*first, *self.names(), *last])]
        for name, found in sorted(self._installed().items()):
            if name in self._taken:
                lines.append(
                    f"{self._kind} {name!r} of {_packages(found)} is left out: that name is dpcodec's"
                )
            elif len(found) > 1:
                lines.append(self._clash(name, found))
        return "; ".join(lines)

    def _load(self, name: str) -> T:
        found = [] if name in self._taken else self._installed().get(name, [])
        if not found:
            raise KeyError(name)
        if len(found) > 1:
            raise PluginError(self._clash(name, found))
        package = _packages(found)
        try:
            return self._take(name, found[0].load())
        except DpcodecError as exc:
            raise PluginError(f"{self._kind} {name!r} of {package} cannot be used: {exc}") from exc
        except Exception as exc:
            told = f"{type(exc).__name__}: {exc}".splitlines()[0]
            raise PluginError(f"{self._kind} {name!r} of {package} cannot be loaded: {told}") from exc

    def _installed(self) -> dict[str, list[metadata.EntryPoint]]:
        """The entry points of the group by name; each once, however often its package is on the path."""
        if self._outside is None:
            from importlib import metadata  # lazy: loads the parser of mail

            self._outside = {}
            for entry in dict.fromkeys(metadata.entry_points(group=f"dpcodec.{self._kind}s")):
                here = self._outside.setdefault(entry.name, [])
                if not any((_package(one), one.value) == (_package(entry), entry.value) for one in here):
                    here.append(entry)
        return self._outside

    def _clash(self, name: str, found: list[metadata.EntryPoint]) -> str:
        return f"{self._kind} {name!r} comes from {_packages(found)}: uninstall all but one"


def _packages(entries: Iterable[metadata.EntryPoint]) -> str:
    return " and ".join(map(_package, entries))


def _package(entry: metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
