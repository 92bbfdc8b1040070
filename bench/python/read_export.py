"""Shows that PyTorch reads what Residual writes, and computes the same from it.

    ./residual export MODEL --format pth --output model.pth        (and, for an article network, --naming article)
    python bench/python/read_export.py model.pth [LOGITS [INPUT]]

Loads the file with weights_only=True, also mapped into memory, finds the network that its names and shapes are of, and
loads the weights into it strictly. With LOGITS (little-endian float32, as the tests' fixtures are) it compares its logits of INPUT.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

import fixtures

TESTS = Path(__file__).resolve().parents[2] / "src/test/resources/dev/residual/formats/pytorch"


def network(state):
    """The network of fixtures.py that this state_dict is of."""
    article = any(name.startswith("ResNetModule") for name in state)
    first = "ResNetModule.3.ResBlockModules.{}.0.0.weight" if article else "layer1.{}.conv1.weight"
    n = 0
    while first.format(n) in state:
        n += 1
    stages = ("ResNetModule.3.ResBlockModules.0.1.weight", "ResNetModule.4.ResBlockModules.0.1.weight",
              "ResNetModule.5.ResBlockModules.0.1.weight")
    common = ("layer1.0.conv2.weight", "layer2.0.conv2.weight", "layer3.0.conv2.weight")
    fixtures.WIDTHS = tuple(state[name].shape[0] for name in (stages if article else common))
    fixtures.CLASSES = state["ResNetModule.8.bias" if article else "fc.bias"].shape[0]
    if article:
        return fixtures.Article(n)
    option = "C" if "layer1.0.downsample.0.weight" in state else "B" if "layer2.0.downsample.0.weight" in state else "A"
    return fixtures.Net(n, option, bias="conv1.bias" in state)


def main(file, logits=None, given=TESTS / "input.f32"):
    state = torch.load(file, weights_only=True)
    assert type(state) is OrderedDict, type(state)
    net = network(state)
    print(net.load_state_dict(state, strict=True), f"{sum(p.numel() for p in net.parameters()):,} parameters")
    mapped = torch.load(file, weights_only=True, mmap=True)
    assert all(torch.equal(mapped[k], v) for k, v in state.items())
    if logits:
        expected = torch.from_numpy(np.fromfile(logits, "<f4")).view(-1, fixtures.CLASSES)
        with torch.no_grad():
            found = net.eval()(torch.from_numpy(np.fromfile(given, "<f4")).view(-1, 3, 32, 32))
        difference = (found - expected).abs().max().item()
        print(f"largest difference of {expected.numel()} logits: {difference:.2g}")
        assert difference < 1e-4


if __name__ == "__main__":
    main(*sys.argv[1:])
