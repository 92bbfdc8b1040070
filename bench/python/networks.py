"""The paper's CIFAR-10 residual networks and the article's, in PyTorch, with the same numbers at the start as Residual's:
He normal by fan-in, the last layer's too, biases 0."""

import re

import torch
from torch import nn
from torch.nn import functional as F


class PaperBlock(nn.Module):
    """conv-BN-ReLU-conv-BN, add, ReLU. Where the size changes the shortcut takes every second pixel and pads half of the
    new channels before and half behind with zeros (option A)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.grows = outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2 if self.grows else 1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        f = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.grows:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.grows // 2, self.grows - self.grows // 2))
        return F.relu(f + x)


class PaperNet(nn.Module):
    """6n+2 layers, 16, 32 and 64 filters."""

    def __init__(self, depth):
        super().__init__()
        widths = [16] + [16] * ((depth - 2) // 6) + [32] * ((depth - 2) // 6) + [64] * ((depth - 2) // 6)
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            *[PaperBlock(a, b) for a, b in zip(widths, widths[1:])],
        )
        self.fc = nn.Linear(64, 10)
        initialise(self)

    def features(self, x):
        return self.body(x).mean((2, 3))

    def forward(self, x):
        return self.fc(self.features(x))


class ArticleBlock(nn.Module):
    """conv-BN-ReLU-conv-BN, add, ReLU; convolutions have biases. The input is copied, as the article does."""

    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
        )

    def forward(self, x):
        copy = x.clone()
        return F.relu(copy + self.layers(x))


class ArticleNet(nn.Module):
    """Every shortcut is an identity; a 2×2 convolution with stride 2 stands before stages 2 and 3."""

    def __init__(self, depth):
        super().__init__()
        layers = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
        for width in (16, 32, 64):
            if width > 16:
                layers.append(nn.Conv2d(width // 2, width, 2, stride=2))
            layers += [ArticleBlock(width) for _ in range((depth - 2) // 6)]
        self.body = nn.Sequential(*layers, nn.AvgPool2d(8, 1), nn.Flatten())
        self.fc = nn.Linear(64, 10)
        initialise(self)

    def features(self, x):
        return self.body(x)

    def forward(self, x):
        return self.fc(self.features(x))


def initialise(network):
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def build(architecture):
    """resnet20, resnet32 … or article32, article44 …"""
    match = re.fullmatch(r"(resnet|article)(\d+)", architecture)
    if not match or int(match[2]) < 8 or (int(match[2]) - 2) % 6:
        raise SystemExit(f"no architecture '{architecture}': expected resnet or article and 6n+2, such as resnet20")
    return (PaperNet if match[1] == "resnet" else ArticleNet)(int(match[2]))


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def logits(network, images, precision):
    """float32 N×10. bf16 is for the convolutions, their weights being kept in fp32; the last layer is computed in fp32."""
    if precision == "fp32":
        return network(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = network.features(images)
    return network.fc(features.float())
