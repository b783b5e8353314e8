#!/usr/bin/python3
"""Writes small valid files for each fuzzer. Usage: make_seeds.py CORPUS_FOLDER (one folder per fuzzer is made in it)"""
import pathlib
import struct
import sys
import zlib

import numpy as np

root = pathlib.Path(sys.argv[1])


def put(fuzzer, name, content):
    folder = root / f"fuzz_{fuzzer}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def npy(array, order="C"):
    import io
    out = io.BytesIO()
    np.save(out, np.asarray(array, order=order))
    return out.getvalue()


def npz(**arrays):
    import io
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def tiff(array, mark="<", compress=False, description=b"", images=1):
    """Classic TIFF with one strip; `images` pages that share it, or one page of an ImageJ stack."""
    order = b"II" if mark == "<" else b"MM"
    data = array.astype(array.dtype.newbyteorder(mark)).tobytes()
    data = zlib.compress(data) if compress else data
    tags = [(256, 4, 1, array.shape[1]), (257, 4, 1, array.shape[0]), (258, 3, 1, 8 * array.dtype.itemsize),
            (259, 3, 1, 8 if compress else 1), (262, 3, 1, 1), (273, 4, 1, 0), (277, 3, 1, 1), (278, 4, 1, array.shape[0]),
            (279, 4, 1, len(data))]
    if description:
        tags.append((270, 2, len(description), 0))
    tags.sort()
    size = 2 + 12 * len(tags) + 4
    start = 8 + images * size
    out = order + struct.pack(mark + "HI", 42, 8)
    for page in range(images):
        out += struct.pack(mark + "H", len(tags))
        for tag, kind, count, value in tags:
            value = {273: start + len(description), 270: start}.get(tag, value)
            packed = struct.pack(mark + "HH", value, 0) if kind == 3 else struct.pack(mark + "I", value)
            out += struct.pack(mark + "HHI", tag, kind, count) + packed
        out += struct.pack(mark + "I", 8 + (page + 1) * size if page + 1 < images else 0)
    return out + description + data


counts = (np.arange(2 * 5 * 6) % 7).reshape(2, 5, 6)
for dtype in ("u1", "<u2", ">i4", "<f4", "f8"):
    put("npy", f"{dtype[-2:]}.npy", npy(counts.astype(dtype)))
put("npy", "fortran.npy", npy(counts.astype("u2"), "F"))
put("npz", "one.npz", npz(a=counts.astype("u2")))
put("npz", "two.npz", npz(a=counts, b=counts.astype("f4")))
put("tiff", "little.tif", tiff(counts[0].astype("u2"), images=3))
put("tiff", "big.tif", tiff(counts[0].astype("f4"), ">", True))
put("tiff", "imagej.tif", tiff(counts[0].astype("u2"), description=b"ImageJ=1.53c\nimages=2\nfinterval=2.0\n\0") + bytes(60))
put("label_maps", "labels.npy", npy(counts[0].astype("u1")))
put("label_maps", "labels.tif", tiff(counts[0].astype("u1")))
put("csv", "comma.csv", b"# made by hand\nlag [s],\"g2, all\"\n1,2.5\n2,-1e3\n3,nan\n")
put("csv", "blanks.csv", b"\xef\xbb\xbf1 2\n 3\t4\n")
block = struct.pack(">QI", 128, 128) + struct.pack(">I", 128) + bytes(128)
zeros = b"\x1f\x00\x01\x00" + b"\x00"  # LZ4: one byte, then copies of it
for kind in range(8):
    put("filters", f"plain{kind}", bytes([kind, 9, 1, 0]) + block)
    put("filters", f"deflate{kind}", bytes([kind, 9, 1, 0]) + zlib.compress(bytes(128)))
for kind in range(4):
    put("hdf5_chunks", f"chunk{kind}", bytes([7, 7, 0, 7, 4, kind, 0]) + struct.pack(">QI", 128, 128) + zeros)

events = [(f, p, c) for f, p, c in ((0, 3, 1), (0, 7, 2), (2, 1, 3), (2, 9, 1), (5, 0, 1))]


def events_of(frame):
    return [(p, c) for f, p, c in events if f == frame]


def imm(sparse):
    out = b""
    for frame in range(6):
        here = events_of(frame)
        if not sparse:
            here = [(p, dict(here).get(p, 0)) for p in range(12)]
        head = bytearray(1024)
        struct.pack_into("<i", head, 4, 6 if sparse else 0)
        struct.pack_into("<3i", head, 108, 3, 4, 2)
        struct.pack_into("<2d", head, 128, 0.5 * frame, 0.25)
        struct.pack_into("<I", head, 152, len(here))
        struct.pack_into("<i", head, 160, frame + 1)
        struct.pack_into("<i", head, 616, 11)
        out += bytes(head)
        if sparse:
            out += struct.pack(f"<{len(here)}i", *(p for p, _ in here))
        out += struct.pack(f"<{len(here)}H", *(c for _, c in here))
    return out


def comp(value):
    size = struct.calcsize(value)
    out = struct.pack("@16s8d7I916x", b"Version-COMP0001", 1.5, 1.5, 0.001, 16.2, 0.002, 1.28, 7.5e-5, 7.5e-5, size,
                      4, 3, 0, 4, 0, 3)
    for frame in range(6):
        here = events_of(frame)
        out += struct.pack("<I", len(here)) + struct.pack(f"<{len(here)}i", *(p for p, _ in here))
        out += struct.pack(f"<{len(here)}{value}", *(c for _, c in here))
    return out


for sparse in (False, True):
    put("imm", f"sparse{sparse:d}.imm", imm(sparse))
for value in "Hid":
    put("comp", f"{value}.cmp", comp(value))
words = b"".join(struct.pack("<Q", f << 40 | p << 16 | c) for f, p, c in events)
for options in range(0, 32, 3):
    put("rigaku", f"words{options}", bytes([options]) + words)
put("rigaku", "module", b"\0" + b"".join(struct.pack("<Q", f << 40 | (p + (1 << 20)) << 16 | c) for f, p, c in events))
put("ufxc", "words.bin", b"".join(struct.pack("<I", (f + 2045) % 2048 << 21 | c << 15 | p) for f, p, c in events))
put("esrf_sparse", "lists", bytes([4, 5, 0]) + struct.pack("<4q5i5h", 0, 2, 2, 5, 3, 7, 1, 9, 0, 1, 2, 3, 1, 1))
