"""The coders that there are here: compiled where they can be had, else those of `entropy.py`."""

from __future__ import annotations

from dpcodec.coding.compiled_coder import CompiledDecoder, CompiledEncoder
from dpcodec.coding.entropy import Decoder, Encoder
from dpcodec.compiled import library

AnyEncoder = Encoder | CompiledEncoder
AnyDecoder = Decoder | CompiledDecoder


def new_encoder() -> AnyEncoder:
    """A coder that has written nothing yet."""
    return CompiledEncoder() if library() else Encoder()


def new_decoder(data: bytes) -> AnyDecoder:
    """A coder that reads these bytes."""
    return CompiledDecoder(data) if library() else Decoder(data)
