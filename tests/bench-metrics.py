#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times the default panel of `omnifuse-cli metrics` against a straightforward numpy implementation, in the same run.

    tests/bench-metrics.py build/omnifuse-cli [WIDTHxHEIGHT] [SOURCES] [RUNS]

Needs numpy and Pillow. Both get the same made-up bracket; reading the files is left out on both sides. Prints the times, the
ratio and the difference of the values. With RUNS, only omnifuse-cli runs, so many times, and its times are printed.
"""
import json
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

EPSILON = np.finfo(float).eps


def make_scene(width, height, n):
    """A textured ramp, exposed n times, and their mean."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 0.1 + 0.8 * (x / width) + 0.15 * np.sin(x / 7) * np.cos(y / 11) + 0.05 * random.standard_normal((height, width), np.float32)
    sources = [np.clip(light * gain * 255, 0, 255).astype(np.uint8) for gain in 2.0 ** np.linspace(-1.5, 1.5, n)]
    return sources, np.mean(sources, axis=0, dtype=np.float32).round().astype(np.uint8)


def gaussian(size, sigma):
    t = np.arange(size) - (size - 1) / 2
    weights = np.exp(-t * t / (2 * sigma * sigma))
    return weights / weights.sum()


def filter_inside(picture, weights):
    n = len(weights)
    height, width = picture.shape
    rows = sum(w * picture[:, i:width - n + 1 + i] for i, w in enumerate(weights))
    return sum(w * rows[i:height - n + 1 + i] for i, w in enumerate(weights))


def mef_ssim_scale(sources, fused):
    box, window = np.full(11, 1 / 11), gaussian(11, 1.5)
    n, c = len(sources), (0.03 * 255) ** 2
    mean = [filter_inside(s, box) for s in sources]
    soft = [filter_inside(s, window) for s in sources]
    cov, soft_cov = {}, {}
    for k in range(n):
        for l in range(k, n):
            product = sources[k] * sources[l]
            cov[k, l] = cov[l, k] = 121 * (filter_inside(product, box) - mean[k] * mean[l])
            soft_cov[k, l] = soft_cov[l, k] = filter_inside(product, window) - soft[k] * soft[l]
    length = [np.sqrt(np.maximum(cov[k, k], 0)) for k in range(n)]
    total = np.sqrt(np.maximum(sum(cov[k, l] for k in range(n) for l in range(n)), 0))
    alike = np.clip((total + EPSILON) / (sum(length) + EPSILON), EPSILON, 1 - EPSILON)
    power = np.minimum(np.tan(np.pi / 2 * alike), 10)
    e = [one + 0.001 for one in length]
    weight = [(one / 11) ** power + EPSILON for one in e]
    share = [w / one / sum(weight) for w, one in zip(weight, e)]
    square = sum(share[k] * share[l] * cov[k, l] for k in range(n) for l in range(n))
    scale = np.where(square > 1e-9, np.max(e, axis=0) / np.sqrt(np.maximum(square, 1e-9)), 0)
    soft_fused = filter_inside(fused, window)
    var_fused = filter_inside(fused * fused, window) - soft_fused**2
    with_fused = scale * sum(share[k] * (filter_inside(sources[k] * fused, window) - soft[k] * soft_fused) for k in range(n))
    var = scale**2 * sum(share[k] * share[l] * soft_cov[k, l] for k in range(n) for l in range(n))
    return np.mean((2 * with_fused + c) / (var + var_fused + c))


def halve(picture):
    picture = np.pad(picture, [(0, side % 2) for side in picture.shape], mode="edge")
    return (picture[::2, ::2] + picture[1::2, ::2] + picture[::2, 1::2] + picture[1::2, 1::2]) / 4


def mef_ssim(sources, fused):
    weights, value = np.array([0.0448, 0.2856, 0.3001]), 1
    for i, weight in enumerate(weights / weights.sum()):
        value *= mef_ssim_scale(sources, fused) ** weight
        if i < 2:
            sources, fused = [halve(s) for s in sources], halve(fused)
    return value


def sobel(picture):
    p = np.pad(picture, 1)
    height, width = picture.shape
    at = lambda v, u: p[v:v + height, u:u + width]
    gx = at(0, 0) - at(0, 2) + 2 * (at(1, 0) - at(1, 2)) + at(2, 0) - at(2, 2)
    gy = at(2, 0) - at(0, 0) + 2 * (at(2, 1) - at(0, 1)) + at(2, 2) - at(0, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.hypot(gx, gy), np.where(gx == 0, np.pi / 2, np.arctan(gy / gx))


def qabf(sources, fused):
    strength_f, angle_f = sobel(fused)
    kept = total = 0
    for source in sources:
        strength, angle = sobel(source)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(strength == strength_f, 1, np.minimum(strength, strength_f) / np.maximum(strength, strength_f))
        aligned = 1 - np.abs(angle - angle_f) / (np.pi / 2)
        q = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + np.exp(-22 * (aligned - 0.8)))
        kept += (q * strength).sum()
        total += strength.sum()
    return kept / total


def vif_one(source, fused):
    kept = total = 0
    for scale in range(4):
        size = 2 ** (4 - scale) + 1
        window = gaussian(size, size / 5)
        if scale > 0:
            source, fused = filter_inside(source, window)[::2, ::2], filter_inside(fused, window)[::2, ::2]
        ma, mf = filter_inside(source, window), filter_inside(fused, window)
        aa = np.maximum(filter_inside(source * source, window) - ma * ma, 0)
        ff = np.maximum(filter_inside(fused * fused, window) - mf * mf, 0)
        af = filter_inside(source * fused, window) - ma * mf
        gain = af / (aa + 1e-10)
        rest = ff - gain * af
        gain[aa < 1e-10], rest[aa < 1e-10], aa[aa < 1e-10] = 0, ff[aa < 1e-10], 0
        gain[ff < 1e-10], rest[ff < 1e-10] = 0, 0
        rest[gain < 0] = ff[gain < 0]
        gain[gain < 0] = 0
        rest = np.maximum(rest, 1e-10)
        kept += np.log10(1 + gain * gain * aa / (rest + 2)).sum()
        total += np.log10(1 + aa / 2).sum()
    return kept / total


def vif(sources, fused):
    return np.mean([vif_one(s, fused) for s in sources])


def run(program, names, fused):
    out = subprocess.run([program, "metrics", *names, "--fused", fused, "--json"], check=True, capture_output=True)
    result = json.loads(out.stdout)
    return result, sum(ms for name, ms in result["ms"].items() if name != "read") / 1000


def main():
    program = sys.argv[1]
    width, height = map(int, (sys.argv[2] if len(sys.argv) > 2 else "6000x4000").split("x"))
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    pictures, fused = make_scene(width, height, n)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/{i}.png" for i in range(n)]
        for name, picture in zip(names + [f"{folder}/fused.png"], pictures + [fused]):
            Image.fromarray(picture).save(name, compress_level=1)
        if len(sys.argv) > 4:
            for _ in range(int(sys.argv[4])):
                result, ours = run(program, names, f"{folder}/fused.png")
                print("  ".join(f"{name} {ms / 1000:.3f}" for name, ms in result["ms"].items()), f" panel {ours:.3f} s", flush=True)
            return
        result, ours = run(program, names, f"{folder}/fused.png")
    sources, fused = [s.astype(float) for s in pictures], fused.astype(float)
    theirs = 0
    for name, func in (("mef-ssim", mef_ssim), ("qabf", qabf), ("vif", vif)):
        start = time.perf_counter()
        value = func(sources, fused)
        seconds = time.perf_counter() - start
        theirs += seconds
        print(f"{name:10} {result['ms'][name] / 1000:8.3f} s   numpy {seconds:8.3f} s   "
              f"{seconds * 1000 / result['ms'][name]:6.1f} times   difference {abs(value - result['metrics'][name]):.1e}", flush=True)
    print(f"{'panel':10} {ours:8.3f} s   numpy {theirs:8.3f} s   {theirs / ours:6.1f} times   "
          f"({n} sources of {width} x {height}, luminance {result['ms']['luminance'] / 1000:.3f} s included)")


if __name__ == "__main__":
    main()
