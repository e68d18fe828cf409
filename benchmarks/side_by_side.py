"""Whether two small runs of the study side by side are faster than one after the other.

One process with two threads against two processes with one thread each, in turns, in steps of the article's dev
runs: the ratio of the photos that both get through in the same time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from statistics import median

from photochrom.openmp import limit_spinning

CHILD = """
import json, sys, time
import torch
from photochrom.models import create_network
from photochrom.training import load_recipe
from photochrom.training.device import keep_memory, precision_of
from photochrom.training.step import Stepper
name, threads, seconds, precision = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
keep_memory()
recipe = load_recipe(name, {"precision": precision})
network = create_network(name).to(memory_format=torch.channels_last).train()
optimizer = torch.optim.Adam([{"params": list(network.parameters()), "share": 1.0}], lr=1e-3, fused=True)
step = Stepper(recipe, network, optimizer, None, torch.device("cpu"), precision_of(precision, torch.device("cpu")))
pixels = torch.randint(0, 256, (recipe.batch, recipe.size, recipe.size, 3), dtype=torch.uint8)
batch = pixels.permute(0, 3, 1, 2)
step(batch, 1, 0, 0, 1000)
print("ready", flush=True)
sys.stdin.readline()
began, done = time.perf_counter(), 0
while time.perf_counter() - began < seconds:
    step(batch, 1, done, done, 1000)
    done += 1
print(json.dumps(done * recipe.batch / (time.perf_counter() - began)), flush=True)
"""


def measure(network: str, processes: int, threads: int, seconds: float, precision: str) -> float:
    """Return the photos/s of all processes together."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-c", CHILD, network, str(threads), str(seconds), precision]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(processes)
    ]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    speeds = [json.loads(process.stdout.readline()) for process in running]
    for process in running:
        process.communicate()
    return sum(speeds)


def main() -> None:
    """Print photos/s and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="article-1,article-6")
    parser.add_argument("--precision", default="bfloat16", choices=("float32", "bfloat16"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    limit_spinning()  # as a study has it
    for network in args.networks.split(","):
        pairs = []
        for _ in range(args.rounds):
            together = measure(network, 1, 2, args.seconds, args.precision)
            apart = measure(network, 2, 1, args.seconds, args.precision)
            pairs.append((together, apart))
            time.sleep(1)
        one, two = (median(column) for column in zip(*pairs, strict=True))
        ratio = median(apart / together for together, apart in pairs)
        print(
            f"{network}: one run on two threads {one:.1f} photos/s, two on one thread each {two:.1f}: {ratio:.2f}x"
        )


if __name__ == "__main__":
    main()
