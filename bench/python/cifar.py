"""CIFAR-10 in its binary layout: records of one label byte and 3,072 pixel bytes, channel by channel."""

from pathlib import Path

import numpy as np
import torch

RECORD = 3073


def load(directory):
    """(training images, training labels, test images, test labels); images are N×32×32×3 uint8, labels N int64."""
    directory = Path(directory)
    if (directory / "cifar-10-batches-bin").is_dir():
        directory = directory / "cifar-10-batches-bin"
    train = sorted(directory.glob("data_batch_*.bin"))
    if not train:
        raise SystemExit(f"{directory}: expected data_batch_1.bin and so on, CIFAR-10's binary layout")
    return *read(train), *read([directory / "test_batch.bin"])


def read(files):
    bytes_ = np.concatenate([np.fromfile(f, np.uint8) for f in files])
    records = torch.from_numpy(bytes_).view(-1, RECORD)
    images = records[:, 1:].reshape(-1, 3, 32, 32).permute(0, 2, 3, 1).contiguous()
    return images, records[:, 0].long()


class Batches:
    """The paper's minibatches, whole batches at a time: per-pixel mean subtracted, 4 zeros padded on each side, a random
    32×32 crop, mirrored or not. Channels-last in memory."""

    def __init__(self, images, labels, size, seed):
        self.images, self.labels, self.size = images, labels, size
        self.random = torch.Generator().manual_seed(seed)
        self.mean = images.double().mean(0).div(255).float()

    def __iter__(self):
        """Epoch after epoch without end, each in an order of its own; the last minibatch of one has what is left."""
        while True:
            for chosen in torch.randperm(len(self.images), generator=self.random).split(self.size):
                yield self.augmented(chosen), self.labels[chosen]

    def normalised(self, images):
        """N×3×32×32 float32."""
        return (images.float() / 255 - self.mean).permute(0, 3, 1, 2)

    def augmented(self, chosen):
        count = len(chosen)
        padded = torch.zeros(count, 40, 40, 3)
        padded[:, 4:36, 4:36] = self.images[chosen].float() / 255 - self.mean
        top, left = torch.randint(0, 9, (2, count, 1), generator=self.random)
        mirrored = torch.rand(count, 1, generator=self.random) < 0.5
        line = torch.arange(32)
        rows = top + line
        columns = left + torch.where(mirrored, 31 - line, line)
        image = torch.arange(count)[:, None, None]
        return padded[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
