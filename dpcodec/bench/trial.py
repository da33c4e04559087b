"""One measurement: a clip encoded and decoded through the public library, timed and compared."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

from dpcodec import Audio, DecodeReport, DecodeSettings, EncodeSettings, StreamInfo, decode_stream, encode
from dpcodec.audio.streams import ArrayWriter
from dpcodec.metrics.snr import snr


@dataclass(frozen=True)
class Trial:
    """What a trial gave: bytes of the file, rate, SNR against the original, seconds each way, solvers."""

    bytes: int
    kbps: float
    snr_db: float
    encode_s: float
    decode_s: float
    solvers: str


def encode_timed(audio: Audio, settings: EncodeSettings) -> tuple[bytes, float]:
    """The file's bytes, and the seconds it took to make them."""
    start = time.perf_counter()
    data = encode(audio, settings)
    return data, time.perf_counter() - start


def decode_timed(data: bytes, settings: DecodeSettings) -> tuple[Audio, DecodeReport, float]:
    """The decoded audio, the decoder's report and the seconds it took."""
    writers: list[ArrayWriter] = []

    def collect(info: StreamInfo) -> ArrayWriter:
        writers.append(ArrayWriter(info.sample_rate, info.channels, info.sample_format, info.tags))
        return writers[0]

    start = time.perf_counter()
    report = decode_stream(io.BytesIO(data), collect, settings)
    return writers[0].audio, report, time.perf_counter() - start


def run_trial(audio: Audio, encoding: EncodeSettings, decoding: DecodeSettings) -> Trial:
    """Encode and decode; the settings must keep rate and channels, so that the SNR can be taken."""
    data, encode_s = encode_timed(audio, encoding)
    decoded, report, decode_s = decode_timed(data, decoding)
    return Trial(
        bytes=len(data),
        kbps=8e-3 * len(data) / audio.duration,
        snr_db=snr(audio.samples, decoded.samples),
        encode_s=encode_s,
        decode_s=decode_s,
        solvers="; ".join(report.choices),
    )
