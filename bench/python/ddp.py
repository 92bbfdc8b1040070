"""The same work by PyTorch's DistributedDataParallel on Gloo and the CPU, for bench/distributed.

    torchrun --nproc-per-node 2 bench/python/ddp.py resnet20 128 60 1

takes the network, the global minibatch, the steps, and the threads of each process; prints the milliseconds of a step:
minimum and median over the steps behind the first ten. Images are random and made before: only steps are timed."""

import os
import statistics
import sys
import time

import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

import networks

WARM_UP = 10


def main(name, batch, steps, threads):
    torch.set_num_threads(int(threads))
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if several:
        dist.init_process_group("gloo")
    rank, size = (dist.get_rank(), dist.get_world_size()) if several else (0, 1)
    torch.manual_seed(1)
    network = networks.build(name).to(memory_format=torch.channels_last).train()
    model = DistributedDataParallel(network) if several else network
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    part = int(batch) // size
    images = torch.randn(part, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (part,))
    times = []
    for _ in range(WARM_UP + int(steps)):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
    times = times[WARM_UP:]
    if rank == 0:
        print(f"PyTorch {torch.__version__}, {size} processes of {threads} threads: "
              f"{min(times):.1f} ms a step at least, {statistics.median(times):.1f} in the median")
    if several:
        dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
