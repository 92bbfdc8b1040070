"""Trains with the paper's protocol and prints the test accuracy of the last iteration: what Residual is compared with.

    python train.py --architecture resnet20 --iterations 1955 --data DIR --seed 1

SGD, momentum 0.9, weight decay 1e-4 on everything, learning rate 0.1, divided by 10 after 1/2 and 3/4 of the iterations
(the paper's 32,000 and 48,000 of 64,000), minibatches of 128. Channels-last throughout. The warm-up of ResNet-110 is not
here."""

import argparse
import json
import time

import torch
from torch.nn import functional as F

import cifar
import networks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default="resnet20")
    parser.add_argument("--iterations", type=int, default=64000)
    parser.add_argument("--data", required=True, help="the directory of CIFAR-10's binary files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--linear-std", type=float, help="of the last layer's weights, instead of He's 0.177")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train_images, train_labels, test_images, test_labels = cifar.load(options.data)
    batches = cifar.Batches(train_images, train_labels, options.batch, options.seed)
    network = networks.build(options.architecture).to(memory_format=torch.channels_last)
    if options.linear_std is not None:
        torch.nn.init.normal_(network.fc.weight, std=options.linear_std)
    print(f"{options.architecture}: {networks.parameters(network):,} parameters, {options.precision}, torch {torch.__version__}")

    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    drops = [round(options.iterations * part) for part in (0.5, 0.75)]
    begin = last = time.monotonic()
    loss_sum = 0.0
    for iteration, (images, labels) in zip(range(options.iterations), batches):
        if iteration in drops:
            for group in optimizer.param_groups:
                group["lr"] *= 0.1
        loss = F.cross_entropy(networks.logits(network, images, options.precision), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item()
        if (iteration + 1) % 100 == 0:
            now = time.monotonic()
            print(f"iteration {iteration + 1}: loss {loss_sum / 100:.4f}, {(now - last) * 10:.0f} ms a step", flush=True)
            loss_sum, last = 0.0, now
    seconds = time.monotonic() - begin

    accuracy, test_loss = evaluate(network, batches, test_images, test_labels, options.precision)
    result = vars(options) | {"testAccuracy": accuracy, "testLoss": test_loss, "trainingSeconds": round(seconds, 1)}
    print(json.dumps({k: v for k, v in result.items() if k != "data"}))


@torch.no_grad()
def evaluate(network, batches, images, labels, precision):
    """Accuracy and mean loss over each image once as it is."""
    network.eval()
    outputs = torch.cat([networks.logits(network, batches.normalised(part), precision) for part in images.split(500)])
    correct = (outputs.argmax(1) == labels).sum().item()
    return correct / len(labels), F.cross_entropy(outputs, labels).item()


if __name__ == "__main__":
    main()
