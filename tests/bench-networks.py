#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times the learned models of `omnifuse-cli bench` against the same networks in PyTorch, in the same run on the same machine.

    tests/bench-networks.py build/omnifuse-cli [--sizes 400x400,520x520,6000x4000] [--models u2fusion,pmgi] [--runs 3]
                            [--memory GIB] [--threads N]

Needs PyTorch and numpy. Pairs of pictures, random weights of the published shapes on both sides (ours where none ship).
PyTorch gets luminance in memory and its forward pass alone is timed; ours is the network's time, colours included. A size at
which PyTorch's tensors would not fit into --memory is given to it in strips of as many rows as do, with the rows around them that
the largest receptive field needs (PMGI's statistics are then those of the strip, which takes as long). Prints ms, GFLOP/s (2 per multiplication and
addition as written, on both sides those of the published network) and the ratio; above 1 ours is the quicker one.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def conv(inputs, outputs, kernel, bias=True, groups=1, padding="zeros"):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode=padding, bias=bias, groups=groups)


class Ifani(nn.Module):
    """On sets of `n` sources each; bench-training.py trains it, too."""

    def __init__(self, n=2):
        super().__init__()
        self.n = n
        widths = [1, 64, 64, 64, 64, 32, 32, 32, 96, 96, 96, 96]
        self.layers = nn.ModuleList(conv(w, 32, 3) for w in widths)
        self.last = conv(32, 1, 3)

    def pool(self, x):
        return x.view(-1, self.n, *x.shape[1:]).amax(1)

    def block(self, i, x, pooled=True, skip=None):
        parts = [x]
        if pooled:
            parts.append(self.pool(x).repeat_interleave(self.n, 0))
        if skip is not None:
            parts.append(skip)
        y = self.layers[i](torch.cat(parts, 1))
        return y if i == 6 else F.relu(y)

    def forward(self, *sources):
        x = self.block(0, torch.cat(sources) if len(sources) > 1 else sources[0], False)
        features = [x]
        for i in range(1, 4):
            x = self.block(i, x)
            features.append(x)
        x = self.block(4, x)
        for i in range(5, 8):
            x = self.block(i, x, False)
        for i in range(4):
            x = self.block(8 + i, x, True, features[3 - i])
        return self.last(self.pool(x))


class Ifcnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = conv(3, 64, 7, False, padding="replicate")
        self.conv2 = conv(64, 64, 3, False, padding="replicate")
        self.conv3 = conv(64, 64, 3, False, padding="replicate")
        self.bn2, self.bn3 = nn.BatchNorm2d(64), nn.BatchNorm2d(64)
        self.conv4 = conv(64, 3, 1)

    def forward(self, a, b):
        x = torch.cat([a, b]).expand(-1, 3, -1, -1)
        x = F.relu(self.bn2(self.conv2(self.conv1(x)))).amax(0, keepdim=True)
        return self.conv4(F.relu(self.bn3(self.conv3(x))))


class U2fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = conv(2, 44, 3, padding="reflect")
        self.dense = nn.ModuleList(conv(44 * (i + 1), 44, 3, padding="reflect") for i in range(5))
        self.out = nn.ModuleList(conv(i, o, 3, padding="reflect") for i, o in ((264, 128), (128, 64), (64, 32), (32, 1)))

    def forward(self, a, b):
        x = F.leaky_relu(self.first(torch.cat([a, b], 1)), 0.2)
        for layer in self.dense:
            x = torch.cat([F.leaky_relu(layer(x), 0.2), x], 1)
        for layer in self.out[:3]:
            x = F.leaky_relu(layer(x), 0.2)
        return torch.tanh(self.out[3](x)) / 2 + 0.5


class Pmgi(nn.Module):
    """The normalisation by the picture's own statistics."""

    def __init__(self):
        super().__init__()
        shapes = {"1": (3, 5), "2": (16, 3), "23": (32, 1), "3": (48, 3), "34": (32, 1), "4": (64, 3)}
        self.layers = nn.ModuleDict({p + n: conv(i, 16, k, False) for p in "pq" for n, (i, k) in shapes.items()})
        self.last = conv(128, 1, 1)

    def layer(self, name, *inputs):
        y = self.layers[name](torch.cat(inputs, 1) if len(inputs) > 1 else inputs[0])
        return F.leaky_relu(F.instance_norm(y, eps=1e-5), 0.2)

    def forward(self, a, b):
        a, b = 2 * a - 1, 2 * b - 1
        p1, q1 = self.layer("p1", a, a, b), self.layer("q1", b, b, a)
        p2, q2 = self.layer("p2", p1), self.layer("q2", q1)
        p3 = self.layer("p3", p1, p2, self.layer("p23", p2, q2))
        q3 = self.layer("q3", q1, q2, self.layer("q23", p2, q2))
        p4 = self.layer("p4", p1, p2, p3, self.layer("p34", p3, q3))
        q4 = self.layer("q4", q1, q2, q3, self.layer("q34", p3, q3))
        return torch.tanh(self.last(torch.cat([p1, q1, p2, q2, p3, q3, p4, q4], 1)))


class Aenetv2(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.bn1 = conv(6, 64, 3, False), nn.BatchNorm2d(64)
        self.gc = conv(64, 64, 3, groups=32)
        self.c2, self.bn2 = conv(64, 1, 3, False), nn.BatchNorm2d(1)

    def forward(self, a, b):
        f = F.relu(self.bn1(self.c1(torch.cat([a, a, a, b, b, b], 1))))
        g = self.gc(f)
        n, c, h, w = g.shape
        g = g.view(n, 32, 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return F.relu(self.bn2(self.c2(f + g)))


# Multiplications per pixel of a pair as published (models.md, section 0), and floats per pixel that PyTorch holds at once.
SYSTEMS = {
    "ifani": (Ifani, 2 * 138528 + 74016, 2 * 32 * 9),
    "ifcnn": (Ifcnn, 2 * 46272 + 37056, 2 * 64 * 3),
    "u2fusion": (U2fusion, 658728, 264 * 3),
    "pmgi": (Pmgi, 41440, 16 * 24),
    "aenetv2": (Aenetv2, 5184, 64 * 4),
}


HALO = 14  # rows: IFANI's 27 pixels see 13 to each side


def time_torch(make, width, height, runs, rows):
    """In strips of `rows` rows."""
    torch.manual_seed(1)
    network = make().eval()
    a, b = torch.rand(1, 1, height, width), torch.rand(1, 1, height, width)
    strips = [(max(top - HALO, 0), min(top + rows + HALO, height)) for top in range(0, height, rows)]
    times = []
    with torch.inference_mode():
        network(a[:, :, :64, :64], b[:, :, :64, :64])
        for i in range(runs + (len(strips) == 1)):
            start = time.perf_counter()
            for first, last in strips:
                network(a[:, :, first:last], b[:, :, first:last])
            if i > 0 or len(strips) > 1:
                times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times), len(strips)


ONE_SIZE = {"ifani": ["--set", "scales=1"]}  # as published; by itself it fuses at several sizes
COLD_PX = 4e6  # from here on a run to warm up takes minutes and changes nothing


def time_ours(program, model, width, height, runs):
    done = subprocess.run([program, "bench", "--json", "-m", model, "--size", f"{width}x{height}", "--inputs", "2", "--runs", str(runs)] + (["--cold"] if width * height > COLD_PX else []) + ONE_SIZE.get(model, []),
                          capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{model} {width}x{height}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("program")
    parser.add_argument("--sizes", default="400x400,520x520,6000x4000")
    parser.add_argument("--models", default=",".join(SYSTEMS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", type=float, default=4, help="GiB that PyTorch's tensors may take")
    parser.add_argument("--threads", type=int, help="of PyTorch; as it comes unless named")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)

    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads; median of {options.runs} runs")
    print(f"{'model':<10} {'size':>10} {'ours ms':>10} {'GFLOP/s':>8} {'tiles':>5} {'torch ms':>10} {'GFLOP/s':>8} {'strips':>6} {'ratio':>6}  device")
    for size in options.sizes.split(","):
        width, height = map(int, size.split("x"))
        for model in options.models.split(","):
            make, macs, floats = SYSTEMS[model]
            gflop = 2e-9 * macs * width * height
            ours = time_ours(options.program, model, width, height, options.runs)
            if ours is None:
                continue
            mine = ours["network_ms"]["median"]
            row = f"{model:<10} {size:>10} {mine:>10.1f} {gflop / mine * 1000:>8.1f} {ours['tiles']:>5}"
            rows = min(height, int(options.memory * 2**30 / (4 * floats * width)))
            theirs, strips = time_torch(make, width, height, options.runs, rows)
            print(f"{row} {theirs:>10.1f} {gflop / theirs * 1000:>8.1f} {strips:>6} {theirs / mine:>6.2f}  {ours['device']}", flush=True)


if __name__ == "__main__":
    main()
