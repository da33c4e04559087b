"""A folder over HTTP: ranges, nothing outside it, no page from elsewhere."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dpcodec.web.folder_page import folder_page
from dpcodec.web.server import FolderServer, asset, inside, part_of

BYTES = bytes(range(256)) * 300


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FolderServer]:
    """Of a folder with a secret beside it."""
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "a b&.dpc").write_bytes(BYTES)
    (folder / "notes.txt").write_text("no audio")
    (folder / ".hidden.dpc").write_text("hidden")
    (folder / "below" / "c.dpc").write_bytes(b"c")
    (tmp_path / "secret.dpc").write_text("secret")
    (folder / "way-out.dpc").symlink_to(tmp_path / "secret.dpc")
    with FolderServer(folder, "127.0.0.1", 0) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def ask(
    server: FolderServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, fields and body."""
    connection = http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def test_a_file_comes_whole_and_in_parts(server: FolderServer) -> None:
    status, fields, body = ask(server, "/a%20b%26.dpc")
    assert (status, body, fields["Content-Type"]) == (200, BYTES, "audio/x-dpcodec")
    assert fields["Accept-Ranges"] == "bytes"
    for header, first, last in (
        ("bytes=5-9", 5, 9),
        ("bytes=76799-99999", 76799, 76799),
        ("bytes=-3", 76797, 76799),
    ):
        status, fields, body = ask(server, "/a%20b%26.dpc", Range=header)
        assert (status, body) == (206, BYTES[first : last + 1])
        assert fields["Content-Range"] == f"bytes {first}-{last}/76800"
    status, fields, body = ask(server, "/a%20b%26.dpc", Range="bytes=76800-")
    assert (status, fields["Content-Range"], body) == (416, "bytes */76800", b"")
    assert ask(server, "/a%20b%26.dpc", Range="bytes=9-5,1-2")[0] == 200
    status, fields, body = ask(server, "/a%20b%26.dpc", method="HEAD")
    assert (status, fields["Content-Length"], body) == (200, "76800", b"")


@pytest.mark.parametrize("header", [None, "bytes=-", "lines=1-2", "bytes=1-2,4-5", "bytes=5-2"])
def test_what_is_no_range_asks_for_everything(header: str | None) -> None:
    found = part_of(header, 7)
    assert found is not None
    assert (found.first, found.length) == (0, 7)


def test_an_empty_file_has_no_range() -> None:
    assert part_of("bytes=0-", 0) is None
    assert part_of("bytes=-5", 0) is None


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/../secret.dpc",
            "/%2e%2e/secret.dpc",
            "/below/..%2f..%2fsecret.dpc",
            "/way-out.dpc",
            "/.hidden.dpc",
        ),
        *("/notes.txt", "/none.dpc", "//etc/passwd", "/below/%00.dpc", "/..%5csecret.dpc"),
        *(
            "/.dpcodec/web/../../settings.py",
            "/.dpcodec/web/server.py",
            "/.dpcodec/coding/tables/__init__.py",
        ),
    ],
)
def test_nothing_else_is_served(server: FolderServer, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_pages_name_files_and_folders(server: FolderServer) -> None:
    status, fields, body = ask(server, "/")
    text = body.decode()
    assert (status, fields["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'src="./a%20b%26.dpc" title="a b&amp;"' in text
    assert '<a href="./below/">' in text
    assert not any(word in text for word in ("notes", "hidden", "secret"))
    status, fields, _ = ask(server, "/below")
    assert (status, fields["Location"]) == (301, "/below/")
    assert 'href="../"' in ask(server, "/below/")[2].decode()


def test_a_page_from_elsewhere_cannot_read_the_folder(server: FolderServer) -> None:
    assert ask(server, "/a%20b%26.dpc", Host="evil.example")[0] == 403
    assert ask(server, "/a%20b%26.dpc", Host="localhost:1")[0] == 200
    policy = ask(server, "/")[1]["Content-Security-Policy"]
    assert "default-src 'none'" in policy


def test_the_decoder_stands_beside_the_files(server: FolderServer) -> None:
    status, fields, _ = ask(server, "/.dpcodec/web/element.js")
    assert (status, fields["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert ask(server, "/.dpcodec/coding/tables/frames.json")[0] == 200
    assert asset("web/package.json") is None


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.dpc")
    try:
        (tmp_path / name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system knows UTF-8 only")
    assert "./%FF.dpc" in folder_page(tmp_path, [], "/")
    assert inside(tmp_path.resolve(), "/%FF.dpc") == (tmp_path / name).resolve()
