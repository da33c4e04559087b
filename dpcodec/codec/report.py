"""What encoding tells about itself."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class EncodeReport:
    """What came of an encoding: samples N per channel, bytes written, coefficients kept of `cells`, and
    remarks for the user."""

    sample_rate: int
    channels: int
    samples: int = 0
    bytes: int = 0
    kept: int = 0
    cells: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def kbps(self) -> float:
        """Rate of the whole file in kbit/s; 0 for an empty one."""
        return 8e-3 * self.bytes * self.sample_rate / self.samples if self.samples else 0.0
