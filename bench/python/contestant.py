"""A contestant of bench/peers: says a line of JSON when it is ready, then for each line with a number of steps on its
standard input takes that many and says a line of JSON with the milliseconds. Ways:

    nchw, channels-last    fp32, the paper's minibatches made with tensors, whole batches at a time
    compiled               channels-last by torch.compile, as it is by default (needs a C++ compiler)
    bf16                   as channels-last, autocast to bf16 but for the last layer and the loss
    article                fp32, NCHW, the article's loaders: see article.py (needs Pillow)
"""

import argparse
import json
import sys
import time

import torch
from torch.nn import functional as F

import cifar
import networks

SEED = 1


class Training:
    def __init__(self, network, data, options):
        self.network, self.way = network, options.way
        if self.way == "article":
            from article import Article

            self.losses = Article(network, data, options.batch).steps()
        else:
            self.losses = self.steps(cifar.Batches(data[0], data[1], options.batch, SEED))

    def steps(self, batches):
        optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
        for images, labels in batches:
            if len(labels) < batches.size:
                continue  # whole minibatches only, as the others
            loss = F.cross_entropy(networks.logits(self.network, laid_out(images, self.way), precision(self.way)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item(), len(labels)

    def turn(self, steps):
        done = [next(self.losses) for _ in range(steps)]
        return {"images": sum(n for _, n in done), "firstLoss": done[0][0], "lastLoss": done[-1][0]}


class Inference:
    """Ready-made minibatches of test images; BN by its running statistics."""

    def __init__(self, network, data, options):
        self.network, self.way, self.batch = network.eval(), options.way, options.batch
        images = cifar.Batches(data[0], data[1], options.batch, SEED).normalised(data[2][: max(2000, options.batch)])
        self.batches = [laid_out(part, self.way) for part in images.split(options.batch) if len(part) == options.batch]
        self.next = 0

    @torch.inference_mode()
    def turn(self, steps):
        for _ in range(steps):
            networks.logits(self.network, self.batches[self.next % len(self.batches)], precision(self.way)).numpy()
            self.next += 1
        return {"images": steps * self.batch}


class Epoch:
    def __init__(self, network, data, options):
        from article import Article

        self.article, self.epochs, self.loss = Article(network, data, options.batch), 0, 0.0

    def turn(self, _):
        train = self.article.accuracy(self.article.train)
        test = self.article.accuracy(self.article.test)
        print(f"epoch {self.epochs}, loss {self.loss / 100:.3f}, train_acc {train:.3f} %, test_acc {test:.3f} %", file=sys.stderr)
        losses = list(self.article.epoch())
        self.epochs, self.loss = self.epochs + 1, sum(loss for loss, _ in losses)
        return {"images": sum(n for _, n in losses), "trainLoss": self.loss / len(losses), "testAccuracyBefore": test}


def precision(way):
    return "bf16" if way == "bf16" else "fp32"


def laid_out(tensor, way):
    return tensor.contiguous(memory_format=layout(way))


def layout(way):
    return torch.channels_last if way in ("channels-last", "compiled", "bf16") else torch.contiguous_format


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", choices=["training", "inference", "epoch"], default="training")
    parser.add_argument("--way", choices=["nchw", "channels-last", "compiled", "bf16", "article"], default="nchw")
    parser.add_argument("--architecture", default="resnet20")
    parser.add_argument("--data", required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    options, _ = parser.parse_known_args()  # others are told more

    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    network = networks.build(options.architecture).to(memory_format=layout(options.way))
    if options.way == "compiled":
        network.compile()
    data = cifar.load(options.data)
    work = {"training": Training, "inference": Inference, "epoch": Epoch}[options.work](network, data, options)
    say({"parameters": networks.parameters(network), "version": "torch " + torch.__version__})
    for line in sys.stdin:
        start = time.perf_counter()
        done = work.turn(int(line))
        say(done | {"milliseconds": (time.perf_counter() - start) * 1000})


def say(message):
    print(json.dumps(message, allow_nan=False), flush=True)


if __name__ == "__main__":
    main()
