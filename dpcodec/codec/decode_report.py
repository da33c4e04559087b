"""What decoding tells about itself."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class DecodeReport:
    """What came of a decoding: samples written, damage met, the solvers used and why, seconds with something
    lost that were estimated and in how many places, remarks."""

    sample_rate: int
    channels: int
    samples: int = 0
    damaged: bool = False
    stopped: bool = False
    damage: list[str] = field(default_factory=list)
    choices: dict[str, int] = field(default_factory=dict)
    concealed_s: float = 0.0
    concealed_places: int = 0
    clipped: int = 0
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note a remark once."""
        if text not in self.warnings:
            self.warnings.append(text)
