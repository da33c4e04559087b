"""A page of `bench report`, unpacked as its loader does."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any


def bytes_in(text: str) -> bytes:
    """Of characters that hold seven bits each."""
    bits = "".join(f"{ord(character) & 127:07b}" for character in text)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


def element(page: str, name: str) -> str:
    """What stands in the script element of a name."""
    found = re.search(rf'<script type="text/plain" id="{name}">(.*?)</script>', page, re.S)
    assert found
    return found[1]


def unpacked(page: str) -> tuple[str, dict[str, Any], bytes]:
    """The script, the data of the report, and the store of its sounds."""
    packed = json.loads(zlib.decompress(bytes_in(element(page, "packed")), -zlib.MAX_WBITS))
    return packed["script"], packed["report"], bytes_in(element(page, "sounds"))
