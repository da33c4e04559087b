"""Compiles `dpcodec/compiled/source` while a package is built; without a compiler it is Python alone."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledHook(BuildHookInterface[Any]):
    """Of wheels and editable installs."""

    def dependencies(self) -> list[str]:
        """A compiler from the package index, where this machine has none."""
        return [] if self._build().compiler() else ["ziglang>=0.13"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; the wheel then is for this platform, and for every Python."""
        try:
            library = self._build().build()
        except subprocess.CalledProcessError as exc:
            self.app.display_warning(f"dpcodec runs without its compiled loops: {exc.stderr}")
            return
        if library is None:
            self.app.display_warning("dpcodec runs without its compiled loops: no C compiler")
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"], build_data["tag"] = False, f"py3-none-{platform}"
        build_data["artifacts"].append(f"/{library.relative_to(self.root).as_posix()}")

    def _build(self) -> Any:
        if self.root not in sys.path:
            sys.path.insert(0, self.root)
        from dpcodec.compiled import build

        assert Path(build.__file__).is_relative_to(self.root)
        return build
