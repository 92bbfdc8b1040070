"""Makes the files that the tests read as written by PyTorch: every layout, type of number, naming and wrapping.

    python bench/python/fixtures.py src/test/resources/dev/residual/formats/pytorch

Needs torch and numpy. The networks are tiny and their weights random; beside them lie an input and, for each network, the
logits that PyTorch computes from it, as little-endian float32. The folder `data` beside gets pickles of a data set.
"""

import argparse
import collections
import datetime
import pathlib
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (4, 6, 8)
CLASSES = 5


class Block(nn.Module):
    """The paper's block; a shortcut with parameters is called `around` (downsample, shortcut)."""

    def __init__(self, cin, cout, stride, option, around, bias):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=bias)
        self.bn2 = nn.BatchNorm2d(cout)
        self.around, self.pad = around, cout - cin
        changes = stride != 1 or cin != cout
        if option == "C" or (option == "B" and changes):
            layers = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=bias), nn.BatchNorm2d(cout))
            self.add_module(around, layers)
        self.projects, self.changes = option == "C" or (option == "B" and changes), changes

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.projects:
            x = getattr(self, self.around)(x)
        elif self.changes:
            before = self.pad // 2
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, before, self.pad - before))
        return F.relu(x + y)


class Net(nn.Module):
    """conv1, bn1, layer1-3, and a last layer called `head` (fc, linear)."""

    def __init__(self, n=1, option="A", head="fc", around="downsample", bias=False):
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, 1, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        cin = WIDTHS[0]
        for stage, cout in enumerate(WIDTHS, 1):
            blocks = []
            for i in range(n):
                stride = 2 if stage > 1 and i == 0 else 1
                blocks.append(Block(cin, cout, stride, option, around, bias))
                cin = cout
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.add_module(head, nn.Linear(cin, CLASSES))
        self.head = head

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return getattr(self, self.head)(x.mean((2, 3)))


class ArticleStage(nn.Module):
    def __init__(self, cin, cout, n, pool):
        super().__init__()
        self.poolLayer = nn.ModuleList([nn.Conv2d(cin, cout, 2, 2)] if pool else [])
        self.ResBlockModules = nn.ModuleList()
        for _ in range(n):
            first = nn.Sequential(nn.Conv2d(cout, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU())
            second = nn.Conv2d(cout, cout, 3, padding=1)
            self.ResBlockModules.append(nn.ModuleList([first, second, nn.BatchNorm2d(cout)]))

    def forward(self, x):
        for pool in self.poolLayer:
            x = pool(x)
        for block in self.ResBlockModules:
            y = x
            for module in block:
                y = module(y)
            x = F.relu(x + y)
        return x


class Article(nn.Module):
    """The article's network, with the article's names."""

    def __init__(self, n=1):
        super().__init__()
        a, b, c = WIDTHS
        self.ResNetModule = nn.Sequential(
            nn.Conv2d(3, a, 3, padding=1), nn.BatchNorm2d(a), nn.ReLU(),
            ArticleStage(a, a, n, False), ArticleStage(a, b, n, True), ArticleStage(b, c, n, True),
            nn.AvgPool2d(8, 1), nn.Flatten(), nn.Linear(c, CLASSES))

    def forward(self, x):
        return self.ResNetModule(x)


class Renamed(nn.Module):
    """The paper's network under names that nobody knows, in the order of the computation."""

    def __init__(self, net):
        super().__init__()
        flat = [net.conv1, net.bn1]
        for stage in (net.layer1, net.layer2, net.layer3):
            for block in stage:
                flat += [block.conv1, block.bn1, block.conv2, block.bn2]
        self.part = nn.ModuleList(flat)
        self.out = net.fc


def randomised(net):
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith("num_batches_tracked"):
                value.fill_(7)
            elif value.dim() == 1:
                value.normal_(0.3 if name.endswith("weight") else 0, 0.4)
    return net.eval()


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    x = torch.randn(2, 3, 32, 32)

    def floats(name, values):
        (folder / name).write_bytes(values.detach().numpy().astype("<f4").tobytes())

    def logits(name, net):
        with torch.no_grad():
            floats(name + ".logits", net(x))

    def save(name, what, legacy=False):
        torch.save(what, folder / name, _use_new_zipfile_serialization=not legacy)

    floats("input.f32", x)
    nets = {
        "plain-a": randomised(Net()),
        "linear-b": randomised(Net(option="B", head="linear", around="shortcut")),
        "fc-c": randomised(Net(option="C", bias=True)),
        "deep": randomised(Net(n=2)),
        "article": randomised(Article()),
    }
    for name, net in nets.items():
        save(name + ".pth", net.state_dict())
        logits(name, net)
    a = nets["plain-a"]
    state = a.state_dict()
    state_before = OrderedDict((k, v.clone()) for k, v in state.items())
    save("legacy.th", {"state_dict": OrderedDict(("module." + k, v) for k, v in state.items()), "best_prec1": 91.5}, True)
    save("legacy-bare.pth", state, True)
    save("wrapped-net.pth", {"net": {"_orig_mod.module." + k: v for k, v in state.items()}, "acc": 90.1, "epoch": 3})
    save("wrapped-model.pth", {"epoch": 1, "model": state, "optimizer": torch.optim.SGD(a.parameters(), 0.1).state_dict()})
    save("wrapped-parameters.pth", {"model_state_dict": OrderedDict(list(a.named_parameters()) + list(a.named_buffers()))})
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        converted = {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}
        save(str(dtype).removeprefix("torch.") + ".pth", converted)
        save(str(dtype).removeprefix("torch.") + "-legacy.pth", converted, True)
    # All numbers in one storage, each tensor a view of it; matrices transposed, filters channels-last.
    flat = torch.cat([v.transpose(0, -1).reshape(-1) if v.is_floating_point() else torch.zeros(0) for v in state.values()])
    views, at = OrderedDict(), 0
    for k, v in state.items():
        if v.is_floating_point():
            turned = v.transpose(0, -1).shape
            views[k] = flat[at:at + v.numel()].view(turned).transpose(0, -1)
            at += v.numel()
    assert all(torch.equal(views[k], state[k]) for k in views)
    save("views.pth", views)
    save("views-legacy.pth", views, True)
    save("order.pth", Renamed(a).state_dict())
    save("numbered.pth", {f"p{i}": v for i, v in enumerate(v for v in state.values() if v.is_floating_point())})
    torch.save(state, folder / "protocol4.pth", pickle_protocol=4)
    # Checkpoints that hold more than weights: numpy's numbers and arrays, classes of Python's library, a scheduler.
    sgd = torch.optim.SGD(a.parameters(), 0.1, momentum=0.9)
    a.train()(x).sum().backward()
    sgd.step()
    a.load_state_dict(state_before)
    save("checkpoint-numpy.pth", {
        "state_dict": state_before, "epoch": 3, "best_acc": np.float64(91.7), "history": np.arange(9000.), "random": np.random.get_state()})
    rest = {
        "optimizer": sgd.state_dict(), "args": argparse.Namespace(lr=.1, milestones=[100, 150]), "rng": torch.get_rng_state(),
        "when": datetime.datetime(2026, 1, 2), "path": pathlib.PurePosixPath("a/b"), "tags": {"x", "y"}, "frozen": frozenset("z"),
        "confusion": collections.defaultdict(int, {(0, 1): 5, None: 2}), "queue": collections.deque([1, 2])}
    save("checkpoint.pth", {"model": state_before, **rest})
    save("checkpoint-legacy.pth", {"model": state_before, **rest}, True)
    torch.save({"model": state_before, **rest}, folder / "checkpoint-protocol4.pth", pickle_protocol=4)
    save("whole-inside.pth", {"net": nn.Sequential(nn.ReLU()), "epoch": 1})
    save("two.pth", {"state_dict": state_before, "ema_state_dict": {k: v + 1 for k, v in state_before.items()}})
    save("quantized.pth", {**state_before, "fc.weight": torch.quantize_per_tensor(state_before["fc.weight"], .1, 0, torch.qint8)})
    save("whole.pth", torch.nn.Sequential(torch.nn.ReLU()))  # a pickled network, which is refused


def cifar(folder):
    """Ten images of the Python version of CIFAR-10 as Python 3 and today's numpy pickle them again."""
    folder.mkdir(parents=True, exist_ok=True)
    record, value = np.arange(10)[:, None], np.arange(3072)[None]
    data = (record * 31 + value * value).astype(np.uint8)
    labels = [7 * r % 10 for r in range(10)]
    (folder / "protocol2.batch").write_bytes(pickle.dumps({b"data": data, b"labels": labels, b"filenames": [b"a.png"] * 10}, 2))
    (folder / "protocol4.batch").write_bytes(pickle.dumps({"data": data, "labels": labels}, 4))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    cifar(Path(sys.argv[1]).parent / "data")
