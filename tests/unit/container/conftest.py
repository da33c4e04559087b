"""Both ways to hand bytes to a reader."""

import io

import pytest

from .small_files import Opened, SlowPipe


@pytest.fixture(params=["file", "pipe"])
def opened(request: pytest.FixtureRequest) -> Opened:
    """A file that can be sought, or a pipe."""
    return io.BytesIO if request.param == "file" else SlowPipe
