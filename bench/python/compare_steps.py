"""Shows that PyTorch's losses follow Residual's, step by step, from the same weights on the same images in the same order.

    ./residual train --data DIR --iterations 100 --output start
    ./residual export start --format pth --output start.pth
    ./residual train --data DIR --from start --no-shuffle --augmentation none --precision fp32 --log-steps \\
        --iterations 100 --output steps
    python bench/python/compare_steps.py start.pth steps DIR

Reads the learning rates and losses of steps/steps.csv and the recipe of steps/config.json, takes as many steps of SGD,
and prints the largest relative difference; more than 1e-4 is an error."""

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


def main(weights, run, data):
    config = json.loads((Path(run) / "config.json").read_text())
    recipe, sgd, given = config["recipe"], config["recipe"]["optimizer"], config["recipe"]["images"]
    assert sgd["type"] == "sgd" and sgd["decay"]["on"] == "all", sgd
    assert not given["shuffle"] and given["augmentation"] == {"kind": "none", "cutout": 0, "mixup": 0.0}, given
    assert recipe["regularization"]["labelSmoothing"] == 0, recipe
    rows = list(csv.DictReader((Path(run) / "steps.csv").open()))
    state = torch.load(weights, weights_only=True)
    network = variants.network(config["architecture"])
    network.load_state_dict(state, strict=True)
    network.train()
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.1, momentum=sgd["momentum"], nesterov=sgd["nesterov"],
        weight_decay=sgd["decay"]["factor"])
    images, labels, _, _ = cifar.load(data)
    size, worst = given["batchSize"], 0.0
    for i, row in enumerate(rows):
        part = slice(i * size, (i + 1) * size)
        optimizer.param_groups[0]["lr"] = float(row["learning_rate"])
        loss = F.cross_entropy(network(normalised(images[part], images, given["normalization"])), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        difference = abs(loss.item() - float(row["loss"])) / abs(loss.item())
        worst = max(worst, difference)
        if i % 10 == 0 or i == len(rows) - 1:
            print(f"step {i + 1}: PyTorch {loss.item():.7f}, Residual {float(row['loss']):.7f}, {difference:.1e}")
    print(f"{len(rows)} steps: largest relative difference {worst:.1e}")
    sys.exit(worst > 1e-4)


if __name__ == "__main__":
    main(*sys.argv[1:])
