"""A folder of `.dpc` files as pages that play them: a server of the standard library, for one's own machine.

Under `/.dpcodec/` stand the modules of the decoder and its tables; everything else is the folder's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from dpcodec.web import MEDIA_TYPE
from dpcodec.web.bundle import TABLES, WEB
from dpcodec.web.folder_page import folder_page

SUFFIX = ".dpc"
ASSETS = "/.dpcodec/"
_ASSET_FOLDERS = {"web": (WEB, ".js"), "coding/tables": (TABLES, ".json")}
_TYPES = {".js": "text/javascript", ".json": "application/json"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_CHUNK_BYTES = 1 << 16
_POLICY = (
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src 'self' blob:; "
    "connect-src 'self'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Asked:
    """A part of a file: `first` .. `first` + `length` - 1 of its `size` bytes."""

    first: int
    length: int
    size: int


def part_of(header: str | None, size: int) -> Asked | None:
    """What a Range header asks of a file (RFC 9110, section 14); all of it where there is none that is
    understood; None for a range that the file does not have.

    >>> part_of("bytes=2-3", 9), part_of("bytes=-4", 9), part_of("bytes=9-", 9)
    (Asked(first=2, length=2, size=9), Asked(first=5, length=4, size=9), None)
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or match[0] == "bytes=-":
        return Asked(0, size, size)
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return Asked(0, size, size)
    return Asked(first, last - first + 1, size) if first <= last else None


def inside(root: Path, path: str) -> Path | None:
    """What a path of an address names below a folder; None where it leads out of it, links included, or names
    what is hidden."""
    parts = [part for part in unquote(path, errors="surrogateescape").split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        found = root.joinpath(*parts).resolve()
    except (OSError, RuntimeError):
        return None
    return found if found == root or root in found.parents else None


def asset(path: str) -> Path | None:
    """The file of the decoder that stands at a path below ASSETS."""
    for name, (folder, suffix) in _ASSET_FOLDERS.items():
        if path.startswith(f"{name}/"):
            found = inside(folder.resolve(), path.removeprefix(f"{name}/"))
            return found if found is not None and found.suffix == suffix and found.is_file() else None
    return None


class FolderServer(ThreadingHTTPServer):
    """Serves the folder `root`. On a loopback address only requests that name one are answered, so that no
    page from elsewhere reads the folder through a name of its own."""

    daemon_threads = True

    def __init__(self, root: Path, host: str, port: int) -> None:
        self.root = root.resolve()
        self.loopback = host in LOOPBACK
        super().__init__((host, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A listener who went away is no news."""

    @property
    def url(self) -> str:
        """Where it is found."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


class _Handler(BaseHTTPRequestHandler):
    server: FolderServer
    server_version = "dpcodec"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal is the user's."""

    def _answer(self, *, body: bool) -> None:
        path = urlsplit(self.path).path
        if not self._known_host():
            self._text(HTTPStatus.FORBIDDEN, "ask for it under the name of this machine", body)
        elif path.startswith(ASSETS):
            found = asset(path.removeprefix(ASSETS))
            if found is None:
                self._text(HTTPStatus.NOT_FOUND, "there is no such file", body)
            else:
                self._file(found, f"{_TYPES[found.suffix]}; charset=utf-8", body)
        else:
            self._from_folder(path, body)

    def _from_folder(self, path: str, body: bool) -> None:
        found = inside(self.server.root, path)
        if found is not None and found.is_dir():
            if not path.endswith("/"):
                self.send_response(HTTPStatus.MOVED_PERMANENTLY)
                self._head({"Location": f"/{path.strip('/')}/", "Content-Length": "0"})
                return
            names = [unquote(part, errors="surrogateescape") for part in path.split("/") if part]
            page = folder_page(found, names, ASSETS)
            self._text(HTTPStatus.OK, page, body, "text/html")
        elif found is not None and found.suffix.lower() == SUFFIX and found.is_file():
            self._file(found, MEDIA_TYPE, body)
        else:
            self._text(HTTPStatus.NOT_FOUND, "there is no such file", body)

    def _known_host(self) -> bool:
        if not self.server.loopback:
            return True
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        return host in LOOPBACK

    def _file(self, path: Path, kind: str, body: bool) -> None:
        try:
            source = path.open("rb")
        except OSError:
            self._text(HTTPStatus.NOT_FOUND, "the file cannot be read", body)
            return
        with source:
            size = source.seek(0, 2)
            part = part_of(self.headers.get("Range"), size)
            if part is None:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self._head({"Content-Range": f"bytes */{size}", "Content-Length": "0"})
                return
            whole = self.headers.get("Range") is None or part.length == size
            fields = {"Content-Type": kind, "Content-Length": str(part.length), "Accept-Ranges": "bytes"}
            if not whole:
                fields["Content-Range"] = f"bytes {part.first}-{part.first + part.length - 1}/{size}"
            self.send_response(HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT)
            self._head(fields)
            for piece in _pieces(source, part) if body else ():
                self.wfile.write(piece)

    def _text(self, status: HTTPStatus, text: str, body: bool, kind: str = "text/plain") -> None:
        data = text.encode("utf-8", "replace")
        self.send_response(status)
        self._head({"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(data))})
        if body:
            self.wfile.write(data)

    def _head(self, fields: dict[str, str]) -> None:
        common = {
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }
        for name, value in (fields | common).items():
            self.send_header(name, value)
        self.end_headers()


def _pieces(source: BinaryIO, part: Asked) -> Iterator[bytes]:
    source.seek(part.first)
    left = part.length
    while left > 0 and (piece := source.read(min(left, _CHUNK_BYTES))):
        left -= len(piece)
        yield piece
