"""`dpcodec serve` from outside."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from command_line import Run


def test_it_prints_where_it_is_and_serves_until_interrupted(tmp_path: Path) -> None:
    (tmp_path / "x.dpc").write_bytes(b"bytes")
    command = [sys.executable, "-m", "dpcodec", "serve", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            address = process.stdout.readline().strip()
            with urllib.request.urlopen(f"{address}x.dpc", timeout=20) as answer:
                assert answer.read() == b"bytes"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()
        assert "Traceback" not in process.stderr.read()


def test_a_port_that_is_taken_is_one_line(cli: Run, tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cli("serve", tmp_path, "--port", str(taken.getsockname()[1])).fails(1, "in use")


@pytest.mark.parametrize("folder", ["none", "file"])
def test_what_is_no_folder_is_refused(cli: Run, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("x")
    cli("serve", tmp_path / folder).fails(2, folder)
