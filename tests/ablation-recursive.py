#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One-shot against recursive fusion (IFANI, Figure 13): every set of three or more pictures of a folder of scenes is fused at
once, and then two by two, result after picture (each a PNG, as a person would keep it), in three orders of the list: as it is,
reversed, and from both ends inwards. Of a folder whose split.csv lies above it, the val split is taken.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile


def run(cli, *arguments):
    done = subprocess.run([cli, *arguments, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def fuse(cli, model, task, sources, output):
    run(cli, "fuse", "--model", model, "--task", task, "--force", "-o", output, *sources)
    return output


def fold(cli, model, task, sources, folder):
    so_far = sources[0]
    for i, source in enumerate(sources[1:]):
        so_far = fuse(cli, model, task, [so_far, source], os.path.join(folder, f"step{i % 2}.png"))
    return so_far


def from_both_ends(sources):
    return [sources[i // 2] if i % 2 == 0 else sources[-1 - i // 2] for i in range(len(sources))]


def score(cli, metric, sources, fused):
    return run(cli, "metrics", *sources, "--fused", fused, "--metric", metric)["metrics"][metric]


def list_scenes(root):
    path = os.path.join(os.path.dirname(os.path.normpath(root)), "split.csv")
    if not os.path.exists(path):
        return sorted(os.listdir(root))
    with open(path, encoding="utf-8") as rows:
        group = os.path.basename(os.path.normpath(root))
        return sorted({row["scene"] for row in csv.DictReader(rows)
                       if row["split"] == "val" and row["file"].startswith(group + "/")})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cli", help="build/omnifuse-cli")
    parser.add_argument("root", help="a folder of scenes, such as ../shared/data/exposure")
    parser.add_argument("model", nargs="?", default="ifani")
    parser.add_argument("--without", action="append", default=[], metavar="SCENE")
    arguments = parser.parse_args()
    cli, root, model = arguments.cli, arguments.root, arguments.model
    task = "focus" if os.path.basename(os.path.normpath(root)) == "focus" else "exposure"
    metric = "qabf" if task == "focus" else "mef-ssim"
    names = ["one-shot", "list order", "reversed", "from both ends"]
    sums = [0.0] * len(names)
    n = 0
    print(f"{metric} of {model}")
    print(f"{'scene':28} {'N':>3} " + " ".join(f"{name:>17}" for name in names))
    for scene in list_scenes(root):
        folder = os.path.join(root, scene)
        if scene in arguments.without or not os.path.isdir(folder):
            continue
        sources = sorted(os.path.join(folder, f) for f in os.listdir(folder)
                         if not f.startswith(("truth", "reference")))
        if len(sources) < 3:
            continue
        n += 1
        with tempfile.TemporaryDirectory() as scratch:
            orders = [sources, sources[::-1], from_both_ends(sources)]
            results = [fuse(cli, model, task, sources, os.path.join(scratch, "all.png"))]
            scores = [score(cli, metric, sources, results[0])]
            scores += [score(cli, metric, sources, fold(cli, model, task, order, scratch)) for order in orders]
        sums = [a + b for a, b in zip(sums, scores)]
        print(f"{scene[:28]:28} {len(sources):3} " + " ".join(f"{s:17.4f}" for s in scores), flush=True)
    if n == 0:
        sys.exit(f"There is no folder with three pictures or more in {root}.")
    print(f"{'mean':28} {'':3} " + " ".join(f"{s / n:17.4f}" for s in sums))


if __name__ == "__main__":
    main()
