"""Every variant of a network that Residual trains, written as one does in PyTorch, from the architecture in a run's
config.json. Parameters are named as Residual's exports are (--naming common)."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """A residual block; `activation` says where BN and ReLU stand (He et al. 2016, figure 4)."""

    def __init__(self, inputs, layers, stride, first, architecture):
        super().__init__()
        bias, self.activation = architecture["convBias"], architecture["block"]["activation"]
        shortcut = architecture["shortcut"]
        self.pre = self.activation == "pre-activation"
        self.count = len(layers)
        striding = next((i for i, layer in enumerate(layers) if layer[0] > 1), 0)
        channels = inputs
        for i, (kernel, outputs) in enumerate(layers):
            step = stride if i == striding else 1
            conv = nn.Conv2d(channels, outputs, kernel, stride=step, padding=(kernel - 1) // 2, bias=bias)
            self.add_module(f"conv{i + 1}", conv)
            self.add_module(f"bn{i + 1}", nn.BatchNorm2d(channels if self.pre else outputs))
            channels = outputs
        changes = stride > 1 or channels != inputs
        self.both = first or changes
        self.kind = "none" if shortcut == "none" else "identity"
        self.stride, self.padded = stride, channels - inputs
        if shortcut == "C" or shortcut == "B" and changes:
            self.kind = "projection"
            parts = [nn.Conv2d(inputs, channels, 1, stride=stride, bias=bias)]
            self.downsample = nn.Sequential(*parts, *([] if self.pre else [nn.BatchNorm2d(channels)]))
        elif changes and shortcut == "A":
            self.kind = "padded"

    def added(self, f, x):
        if self.kind == "none":
            return f
        if self.kind == "projection":
            return f + self.downsample(x)
        if self.kind == "padded":
            before = self.padded // 2
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.padded - before))
        return f + x

    def layer(self, x, i):
        return getattr(self, f"conv{i}")(x)

    def bn(self, x, i):
        return getattr(self, f"bn{i}")(x)

    def forward(self, x):
        last = self.count
        if self.pre:
            f = activated = F.relu(self.bn(x, 1))
            f = self.layer(f, 1)
            for i in range(2, last + 1):
                f = self.layer(F.relu(self.bn(f, i)), i)
            return self.added(f, activated if self.both else x)
        f = x
        for i in range(1, last):
            f = F.relu(self.bn(self.layer(f, i), i))
        f = self.layer(f, last)
        if self.activation == "original":
            return F.relu(self.added(self.bn(f, last), x))
        if self.activation == "bn-after-addition":
            return F.relu(self.bn(self.added(f, x), last))
        if self.activation == "relu-before-addition":
            return self.added(F.relu(self.bn(f, last)), x)
        if self.activation == "no-last-relu":
            return self.added(self.bn(f, last), x)
        if self.activation == "article-listed":  # the last BN is there and never called
            return F.relu(self.added(f, x))
        raise SystemExit(f"no activation '{self.activation}'")


class Network(nn.Module):
    def __init__(self, architecture):
        super().__init__()
        stages, layers = architecture["stages"], architecture["block"]["layers"]
        self.pre = architecture["block"]["activation"] == "pre-activation"
        article, bias = architecture["shortcut"] == "article", architecture["convBias"]
        self.conv1 = nn.Conv2d(3, stages["stem"], 3, padding=1, bias=bias)
        if not self.pre:
            self.bn1 = nn.BatchNorm2d(stages["stem"])
        channels = stages["stem"]
        self.stages = len(stages["blocks"])
        for s, (count, width) in enumerate(zip(stages["blocks"], stages["channels"])):
            scaled = [(x["kernel"], x["channels"] * width // stages["channels"][0]) for x in layers]
            stage = nn.Module()
            if article and s > 0:
                stage.pool = nn.Conv2d(channels, scaled[-1][1], 2, stride=2, bias=bias)
                channels = scaled[-1][1]
            for i in range(count):
                stride = 2 if s > 0 and i == 0 and not article else 1
                stage.add_module(str(i), Block(channels, scaled, stride, s == 0 and i == 0, architecture))
                channels = scaled[-1][1]
            self.add_module(f"layer{s + 1}", stage)
        if self.pre:
            self.bn = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, architecture["classes"])

    def forward(self, x):
        x = self.conv1(x)
        x = x if self.pre else F.relu(self.bn1(x))
        for s in range(1, self.stages + 1):
            for part in getattr(self, f"layer{s}").children():
                x = part(x)
        x = F.relu(self.bn(x)) if self.pre else x
        return self.fc(x.mean((2, 3)))


def network(architecture):
    """@param architecture as in config.json; without stochastic depth, whose draws are Residual's own"""
    assert architecture["survival"] == 1, architecture["survival"]
    return Network(architecture)


if __name__ == "__main__":
    resnet18 = {
        "stages": {"stem": 64, "blocks": [2, 2, 2, 2], "channels": [64, 128, 256, 512]},
        "block": {"layers": [{"kernel": 3, "channels": 64}] * 2, "activation": "original"},
        "shortcut": "B", "convBias": False, "survival": 1, "classes": 10,
    }
    assert sum(p.numel() for p in network(resnet18).parameters()) == 11_173_962
