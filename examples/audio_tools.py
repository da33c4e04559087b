"""A `.dpc` file in the hands of Python's audio tools, those that are installed: each loads it in one line.

python examples/audio_tools.py
"""

import importlib.util
import tempfile
from pathlib import Path

import numpy as np

import dpcodec

RATE = 16000

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "clip.dpc"
    t = np.arange(2 * RATE) / RATE
    dpcodec.write(path, dpcodec.Audio([np.sin(2760 * t) / 3, np.sin(1730 * t * t) / 3], RATE))

    # Any part of a long file, without the rest of it, as soundfile does it.
    with dpcodec.open(path) as file:
        file.seek(RATE)
        second = file.read(RATE // 2)
        print(f"{file.frames} samples at {file.samplerate} Hz; from 1 s on {second.shape}")
        print("blocks of", [len(block) for block in file.blocks(6000)])

    if importlib.util.find_spec("torch"):
        import torch

        class Clips(torch.utils.data.Dataset):
            """Half a second from a random place of each file."""

            def __init__(self, paths):
                self.paths = paths

            def __len__(self):
                return len(self.paths)

            def __getitem__(self, index):
                with dpcodec.open(self.paths[index]) as file:
                    file.seek(int(torch.randint(file.frames - RATE // 2, ())))
                    return torch.from_numpy(file.read(RATE // 2, dtype="float32", always_2d=True).T)

        batch = next(iter(torch.utils.data.DataLoader(Clips([path] * 4), batch_size=4)))
        print("torch:", tuple(batch.shape))

    if importlib.util.find_spec("librosa"):
        import librosa

        y = librosa.to_mono(dpcodec.open(path).read(dtype="float32", always_2d=True).T)
        print("librosa:", librosa.feature.melspectrogram(y=y, sr=RATE).shape)

    if importlib.util.find_spec("datasets"):
        import datasets

        clips = datasets.Dataset.from_dict({"path": [str(path)] * 3})
        clips = clips.with_transform(lambda rows: {"audio": [dpcodec.open(p).read() for p in rows["path"]]})
        print("datasets:", clips[0]["audio"].shape)
