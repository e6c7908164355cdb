#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times a training step of IFANI against the same step in PyTorch, in turn on the same machine.

    tests/bench-training.py build/tests/bench-training [--sets 1] [--sources 3] [--size 64] [--steps 20] [--rounds 3]
                            [--threads 2]

Needs PyTorch. A step is forward, MEF-SSIM with luminance at full and half size, backward, clipping and Adam, as bench-training
does it; the network is that of bench-networks.py. Wall time and CPU time (user and system, of all threads) of both; a ratio
below 1 says that ours is the quicker one. On a machine that does other work compare the CPU times.
"""
import argparse
import importlib.util
import pathlib
import re
import statistics
import subprocess
import time

import torch
import torch.nn.functional as F


def load_networks():
    spec = importlib.util.spec_from_file_location("networks", pathlib.Path(__file__).with_name("bench-networks.py"))
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    return networks


def window():
    g = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * (11 / 6) ** 2))
    g = g / g.sum()
    return (g[:, None] * g[None, :])[None, None]


def mef_ssim(fused, sources, n, kernel):
    """models.md, section 6: MEFNet's form with luminance, one level."""
    def blur(x):
        return F.conv2d(x, kernel, padding=5)

    mu, mu_fused = blur(sources), blur(fused)
    variance = blur(sources * sources) - mu * mu
    best = variance.view(-1, n, *variance.shape[2:]).argmax(1, keepdim=True)

    def pick(x):
        return x.view(-1, n, *x.shape[2:]).gather(1, best)

    cross = blur(fused.repeat_interleave(n, 0) * sources) - mu_fused.repeat_interleave(n, 0) * mu
    cs = (2 * pick(cross) + 9e-4) / (blur(fused * fused) - mu_fused * mu_fused + pick(variance) + 9e-4)
    mean = sources.mean((2, 3), keepdim=True)
    w = (torch.exp(-((mu - 0.5) ** 2) / 0.08) * torch.exp(-((mean - 0.5) ** 2) / 0.08)).view(-1, n, *mu.shape[2:])
    target = ((w * mu.view_as(w)).sum(1, keepdim=True)) / w.sum(1, keepdim=True)
    luminance = (2 * mu_fused * target + 1e-4) / (mu_fused**2 + target**2 + 1e-4)
    return luminance.mean((1, 2, 3)) * cs.mean((1, 2, 3))


class Torch:
    def __init__(self, arguments):
        torch.manual_seed(1)
        torch.set_num_threads(arguments.threads)
        self.n = arguments.sources
        self.network = load_networks().Ifani(self.n)
        self.optimiser = torch.optim.Adam(self.network.parameters(), 1e-3, (0.9, 0.99))
        self.sources = torch.rand(arguments.sets * self.n, 1, arguments.size, arguments.size)
        self.kernel = window()

    def step(self):
        self.optimiser.zero_grad()
        fused = self.network(self.sources)
        halves = F.avg_pool2d(fused, 2), F.avg_pool2d(self.sources, 2)
        loss = 0.5 * (1 - mef_ssim(fused, self.sources, self.n, self.kernel)) + 0.5 * (
            1 - mef_ssim(*halves, self.n, self.kernel)
        )
        loss.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()

    def measure(self, steps):
        for _ in range(3):
            self.step()
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(steps):
            self.step()
        return (time.perf_counter() - wall) / steps * 1e3, (time.process_time() - cpu) / steps * 1e3


def measure_ours(arguments):
    command = [arguments.bench, "ifani"] + [str(getattr(arguments, k)) for k in ("sets", "sources", "size", "steps")]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = re.search(r": ([\d.]+) ms a step, [\d.]+ ms in submissions, ([\d.]+) ms of CPU", text)
    return float(figures[1]), float(figures[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="build/tests/bench-training")
    for name, default in (("sets", 1), ("sources", 3), ("size", 64), ("steps", 20), ("rounds", 3), ("threads", 2)):
        parser.add_argument("--" + name, type=int, default=default)
    arguments = parser.parse_args()
    other = Torch(arguments)
    pairs = []
    for _ in range(arguments.rounds):
        pairs.append((measure_ours(arguments), other.measure(arguments.steps)))
        ours, theirs = pairs[-1]
        print(f"ours {ours[0]:7.1f} ms, {ours[1]:7.1f} ms of CPU; PyTorch {theirs[0]:7.1f} ms, {theirs[1]:7.1f} ms of CPU")
    wall, cpu = (statistics.median(o[k] / t[k] for o, t in pairs) for k in (0, 1))
    print(f"ratio of wall time {wall:.2f}, of CPU time {cpu:.2f} (medians of {arguments.rounds})")


if __name__ == "__main__":
    main()
