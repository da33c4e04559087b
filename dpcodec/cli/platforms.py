"""What differs between systems, asked in one place: tests put another system here."""

from __future__ import annotations

import os

WINDOWS = os.name == "nt"
"""What is open is neither renamed nor removed, folders cannot be opened, the shell leaves *.wav as it is."""
