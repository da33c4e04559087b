"""Without torch, test files that need it for every test are left out; single tests skip by `importorskip`."""

from __future__ import annotations

import signal
from importlib.util import find_spec

from hypothesis import settings

# Every run draws others; `make fuzz` tries far more. Tests that need another number say so.
settings.register_profile("short", max_examples=30, deadline=None)
settings.load_profile("short")

# A shell starts what it runs in the background with interrupts ignored, and so would all programs under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

NEEDS_TORCH = ["unit/inpainting/deep_prior", "unit/inpainting/test_device.py"]
collect_ignore = [] if find_spec("torch") else NEEDS_TORCH
