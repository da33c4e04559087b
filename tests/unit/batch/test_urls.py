"""Files named by URLs, in memory and in an object store that is started here."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fsspec")

import dpcodec
from dpcodec import batch
from dpcodec.batch import urls
from dpcodec.errors import DeviceError, FileAccessError


@pytest.fixture
def url() -> str:
    """A folder of its own in memory."""
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An object store: moto's server, spoken to by s3fs."""
    pytest.importorskip("s3fs")
    server_of = pytest.importorskip("moto.server")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import fsspec

        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("audio")
        yield "s3://audio"
    server.stop()


def wave(path: Path, seconds: float = 0.3, pitch: float = 0.05) -> Path:
    rate = 8000
    samples = 0.3 * np.sin(pitch * np.arange(round(rate * seconds)))
    with dpcodec.create_audio(path, rate, 1, dpcodec.SampleFormat("wav", "PCM_16")) as writer:
        writer.write(samples[np.newaxis].astype(np.float32))
    return path


def put(folder: str, name: str, data: bytes) -> str:
    place = urls.join(folder, name)
    urls.upload(io.BytesIO(data), place)
    return place


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_what_comes_from_a_url_is_what_comes_from_a_file(
    tmp_path: Path, url: str, kind: str, request: pytest.FixtureRequest
) -> None:
    top = url if kind == "memory" else request.getfixturevalue("bucket")
    for i in range(2):
        data = wave(tmp_path / f"{i}.wav", pitch=0.05 + i / 50).read_bytes()
        put(top, f"in/deep/{i}.wav", data)
        assert urls.size(f"{top}/in/deep/{i}.wav") == len(data)
        batch.encode_file(str(tmp_path / f"{i}.wav"), str(tmp_path / f"{i}.dpc"))
    found = urls.find(f"{top}/in", (".wav",))
    assert [inside for _, inside in found] == ["deep/0.wav", "deep/1.wav"]
    pairs = [(name, urls.with_suffix(urls.join(f"{top}/out", inside), ".dpc")) for name, inside in found]
    with batch.Manifest(tmp_path / "m") as manifest:
        assert batch.encode(pairs, manifest).ok == 2
        assert batch.encode(pairs, manifest).skipped == 2
        back = [(target, urls.with_suffix(target, ".wav")) for _, target in pairs]
        assert batch.decode(back, manifest).ok == 2
    for i, (_, target) in enumerate(pairs):
        with urls.open_read(target) as file:
            assert file.read() == (tmp_path / f"{i}.dpc").read_bytes()
    assert batch.encode(pairs).failed == 2, "they exist"
    assert urls.is_folder(f"{top}/out")
    assert not urls.exists(f"{top}/out/none.dpc")


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    source = wave(tmp_path / "a b.wav")
    target = tmp_path / "out" / "a.dpc"
    row = batch.encode_file(f"file://{source}".replace(" ", "%20"), f"file://{target}")
    assert row["bytes"] == target.stat().st_size
    assert [path.name for path in target.parent.iterdir()] == ["a.dpc"]


def test_what_goes_wrong_with_a_url_is_told(url: str) -> None:
    with pytest.raises(FileNotFoundError), urls.open_read(f"{url}/none"):
        pass
    assert urls.size(f"{url}/none") is None
    assert urls.size(f"{url}/none", listed=True) is None
    with pytest.raises(FileAccessError, match="nonsense"):
        urls.exists("nonsense://a")


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(DeviceError, match="cluster"):
        urls.exists("memory://a")


def test_a_failed_encoding_leaves_nothing(tmp_path: Path, url: str) -> None:
    (tmp_path / "bad.wav").write_text("no audio")
    for target in (str(tmp_path / "bad.dpc"), f"{url}/bad.dpc"):
        assert batch.encode([(str(tmp_path / "bad.wav"), target)]).failed == 1
        assert not urls.exists(target)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.wav"]
