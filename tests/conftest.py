"""Without torch, test files that need it for every test are left out; single tests skip by `importorskip`."""

from __future__ import annotations

from importlib.util import find_spec

from hypothesis import settings

# Every run draws others; `make fuzz` tries far more. Tests that need another number say so.
settings.register_profile("short", max_examples=30, deadline=None)
settings.load_profile("short")

NEEDS_TORCH = ["unit/inpainting/deep_prior", "unit/inpainting/test_device.py"]
collect_ignore = [] if find_spec("torch") else NEEDS_TORCH
