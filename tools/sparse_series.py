#!/usr/bin/python3
"""Writes a very sparse series of a Rigaku 3M (six event files) with known dynamics, and a map of its bins.

    tools/sparse_series.py OUT [--frames 100000] [--events 10000000] [--tau 20000] [--bins 36] [--seed 1]

makes OUT.bin.000 … OUT.bin.005 and OUT_bins.npy (bins of equal width from top to bottom), to be read by

    vitrum xpcs OUT.bin.000 --frame-time 2e-5 --partition OUT_bins.npy --no-map --log-map -o result.h5

The intensity of a pixel is exponentially distributed and drawn anew at random times, TAU frames apart on average, so that
g2(lag) - 1 = exp(-lag / TAU) with contrast 1: in the convention of vitrum tau = 2 TAU, exponent 1. Nothing else but numpy is needed.
"""
import argparse

import numpy as np

MODULE = (512, 1024)
FILE_OF_PLACE = (5, 0, 4, 1, 3, 2)
SHAPE = (1676, 2100)


def module_events(random, frames, mean, tau):
    """Frame and pixel of each event of one module, sorted by frame. `mean` counts a pixel and frame."""
    pixels = MODULE[0] * MODULE[1]
    pixel, frame = [], []
    begin = np.zeros(pixels)  # of the stretch of constant intensity
    alive = np.arange(pixels)
    while alive.size:
        end = np.minimum(begin[alive] + random.exponential(tau, alive.size), frames)
        rate = random.exponential(mean, alive.size)
        counts = random.poisson(rate * (end - begin[alive]))
        owner = np.repeat(np.arange(alive.size), counts)
        at = begin[alive][owner] + random.random(owner.size) * (end - begin[alive])[owner]
        pixel.append(alive[owner])
        frame.append(np.minimum(at.astype(np.int64), frames - 1))
        begin[alive] = end
        alive = alive[end < frames]
    pixel, frame = np.concatenate(pixel), np.concatenate(frame)
    key, count = np.unique(frame * pixels + pixel, return_counts=True)
    return key // pixels, key % pixels, count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--events", type=float, default=1e7)
    parser.add_argument("--tau", type=float, default=20_000)
    parser.add_argument("--bins", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    mean = options.events / options.frames / (6 * MODULE[0] * MODULE[1])
    total = 0
    for place in range(6):
        frame, pixel, count = module_events(random, options.frames, mean, options.tau)
        words = frame.astype(np.uint64) << np.uint64(40) | pixel.astype(np.uint64) << np.uint64(16) | count.astype(np.uint64)
        words.astype("<u8").tofile(f"{options.out}.bin.00{FILE_OF_PLACE[place]}")
        total += words.size
    rows = np.arange(SHAPE[0], dtype=np.int64) * options.bins // SHAPE[0] + 1
    np.save(f"{options.out}_bins.npy", np.repeat(rows[:, None], SHAPE[1], 1).astype(np.uint16))
    print(f"{total} events in {options.frames} frames of {SHAPE[0]} x {SHAPE[1]} pixels")


if __name__ == "__main__":
    main()
