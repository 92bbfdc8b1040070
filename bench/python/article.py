"""The article's way: images go one by one through Pillow, minibatches through PyTorch's DataLoader in the same process
(num_workers=0, its default), and the whole training set (augmented, through the training loader) and the whole test set
are evaluated before every epoch, without net.eval()."""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    """Values 0-1 in channel order. When trained on: padded by 4, cropped at random, half of them mirrored."""

    def __init__(self, images, labels, augment):
        self.images, self.labels, self.augment = images.numpy(), labels.tolist(), augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = Image.fromarray(self.images[i])
        if self.augment:
            image = ImageOps.expand(image, border=4, fill=0)
            top = torch.randint(0, 9, (1,)).item()
            left = torch.randint(0, 9, (1,)).item()
            image = image.crop((left, top, left + 32, top + 32))
            if torch.rand(1) < 0.5:
                image = image.transpose(Image.FLIP_LEFT_RIGHT)
        tensor = torch.from_numpy(np.array(image, copy=True)).permute(2, 0, 1).contiguous().float().div(255)
        # The article normalises by mean 0 and deviation 1.
        zeros, ones = torch.as_tensor((0.0, 0.0, 0.0)), torch.as_tensor((1.0, 1.0, 1.0))
        return tensor.sub_(zeros.view(-1, 1, 1)).div_(ones.view(-1, 1, 1)), self.labels[i]


class Article:
    """Its loaders, its network's optimizer, its loop."""

    def __init__(self, network, data, batch):
        train_images, train_labels, test_images, test_labels = data
        self.network = network
        self.train = DataLoader(Images(train_images, train_labels, True), batch_size=batch, shuffle=True, num_workers=0)
        self.test = DataLoader(Images(test_images, test_labels, False), batch_size=batch, shuffle=False, num_workers=0)
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)

    def steps(self):
        """Trains without end, one minibatch at a time; gives (loss, images) of each."""
        while True:
            yield from self.epoch()

    def epoch(self):
        for images, labels in self.train:
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.network(images), labels)
            loss.backward()
            self.optimizer.step()
            yield loss.item(), len(labels)

    def accuracy(self, loader):
        total = correct = 0
        with torch.no_grad():
            for images, labels in loader:
                _, predicted = torch.max(self.network(images), 1)
                total += labels.size(0)
                correct += (predicted == labels).sum().item()
        return 100 * correct / total
