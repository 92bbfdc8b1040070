"""Shows that PyTorch's losses follow Residual's, step by step, from the same weights on the same images in the same order.

    ./residual train --data DIR --iterations 100 --output start
    ./residual export start --format pth --output start.pth
    ./residual train --data DIR --from start --no-shuffle --augmentation none --precision fp32 --log-steps \\
        --iterations 100 --output steps
    python bench/python/compare_steps.py start.pth steps DIR [STEPS]

Reads the learning rates and losses of steps/steps.csv and the recipe of steps/config.json, takes as many steps of SGD,
twice: once with each minibatch's images in the reverse order, which changes nothing but how sums are rounded. Training
amplifies rounding, and how far PyTorch's two losses part says how much. Prints the largest relative differences; it is an
error when Residual's are further than 1e-4 from PyTorch's and more than three times as far as PyTorch's from each other."""

import csv
import json
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

import cifar
import variants


def normalised(images, every, kind):
    """N×3×32×32; "none", "channel" or "pixel-mean", as in Residual's recipes."""
    x = images.float() / 255
    if kind == "pixel-mean":
        x = x - every.double().mean(0).div(255).float()
    elif kind == "channel":
        pixels = every.double().view(-1, 3) / 255
        x = (x - pixels.mean(0).float()) / pixels.std(0, unbiased=False).float()
    return x.permute(0, 3, 1, 2)


def steps(weights, config, rows, images, labels, reverse):
    """The losses of as many steps as there are rows."""
    recipe, given = config["recipe"], config["recipe"]["images"]
    sgd, size = recipe["optimizer"], given["batchSize"]
    network = variants.network(config["architecture"])
    network.load_state_dict(torch.load(weights, weights_only=True), strict=True)
    network.train()
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.1, momentum=sgd["momentum"], nesterov=sgd["nesterov"],
        weight_decay=sgd["decay"]["factor"])
    for i, row in enumerate(rows):
        part = torch.arange(i * size, min((i + 1) * size, len(images)))
        part = part.flip(0) if reverse else part
        optimizer.param_groups[0]["lr"] = float(row["learning_rate"])
        batch = normalised(images[part], images, given["normalization"])
        loss = F.cross_entropy(network(batch), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


def furthest(losses, reference):
    return max(abs(a - b) / abs(b) for a, b in zip(losses, reference))


def main(weights, run, data, count=None):
    config = json.loads((Path(run) / "config.json").read_text())
    recipe, sgd, given = config["recipe"], config["recipe"]["optimizer"], config["recipe"]["images"]
    assert sgd["type"] == "sgd" and sgd["decay"]["on"] == "all", sgd
    assert not given["shuffle"] and given["augmentation"] == {"kind": "none", "cutout": 0, "mixup": 0.0}, given
    assert recipe["regularization"]["labelSmoothing"] == 0, recipe
    rows = list(csv.DictReader((Path(run) / "steps.csv").open()))[: int(count) if count else None]
    images, labels, _, _ = cifar.load(data)
    ours = [float(row["loss"]) for row in rows]
    theirs = list(steps(weights, config, rows, images, labels, reverse=False))
    reverse = list(steps(weights, config, rows, images, labels, reverse=True))
    for i in sorted({*range(0, len(rows), 10), len(rows) - 1}):
        print(f"step {i + 1}: PyTorch {theirs[i]:.7f}, in reverse {reverse[i]:.7f}, Residual {ours[i]:.7f}")
    apart, noise = furthest(ours, theirs), furthest(reverse, theirs)
    print(f"{len(rows)} steps, largest relative differences: Residual to PyTorch {apart:.1e}, PyTorch in reverse to PyTorch "
          f"{noise:.1e}")
    sys.exit(apart > 1e-4 and apart > 3 * noise)


if __name__ == "__main__":
    main(*sys.argv[1:])
