#!/usr/bin/python3
"""Writes small valid files for each fuzzer. Usage: make_seeds.py CORPUS_FOLDER (one folder per fuzzer is made in it)"""
import json
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
put("instrument_table", "netzsch.txt", b"#MASS /mg:;10.4\n##Temp./\xb0C;DSC/(mW/mg)\n30,0;0,11\n30,2;0,12\n")
put("instrument_table", "utf16.txt", b"\xff\xfe" + "Sig1\tT (C)\n1 2\n2 3\n".encode("utf-16-le"))
put("atom_file", "a.xyz", b"2\n10 11 12\nCu 1 2 -3\nZr 0 0 7\n")
put("spectra", "y.msa", b"#FORMAT : EMSA/MAS Spectral Data File\n#XPERCHAN : 0.2\n#SPECTRUM :\n1,2,3\n4\n#ENDOFDATA :\n")
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

def dm(version):
    """One image of 2 x 3 int16 in DM3 or DM4."""
    word = ">I" if version == 3 else ">Q"

    def entry(kind, name, body):
        size = b"" if version == 3 else struct.pack(">Q", len(body))
        return bytes([kind]) + struct.pack(">H", len(name)) + name + size + body

    def group(*entries):
        return b"\1\1" + struct.pack(word, len(entries)) + b"".join(entries)

    def number(value):
        return b"%%%%" + struct.pack(word, 1) + struct.pack(word, 5) + struct.pack("<I", value)

    words = b"".join(struct.pack(word, n) for n in (3, 20, 2, 6))
    data = b"%%%%" + words + counts[0].reshape(-1)[:6].astype("<i2").tobytes()
    text = "nm".encode("utf-16le")
    unit = b"%%%%" + b"".join(struct.pack(word, n) for n in (3, 20, 4, 2)) + text
    image = group(entry(20, b"Calibrations", group(entry(21, b"Units", unit))), entry(21, b"Data", data),
                  entry(21, b"DataType", number(1)),
                  entry(20, b"Dimensions", group(entry(21, b"", number(3)), entry(21, b"", number(2)))))
    root = group(entry(20, b"ImageList", group(entry(20, b"", group(entry(20, b"ImageData", image))))))
    return struct.pack(">I", version) + struct.pack(word, len(root)) + struct.pack(">I", 1) + root + bytes(8)


def mrc(mode, dtype):
    head = bytearray(1024)
    struct.pack_into("<4i", head, 0, 6, 5, 2, mode)
    struct.pack_into("<3i3f", head, 28, 6, 5, 2, 12.0, 10.0, 2.0)
    head[208:214] = b"MAP DD"
    return bytes(head) + counts.astype(dtype).tobytes()


def ser():
    head = struct.pack("<HHHIIII", 0x4949, 0x0197, 0x0210, 0x4122, 0x4152, 2, 2) + struct.pack("<II", 30, 0)
    at = 30 + 16
    size = 50 + 60
    table = struct.pack("<4I", at, at + size, at + 2 * size, at + 2 * size + 8)
    frames = b"".join(struct.pack("<ddIddIHII", 0, 1e-9, 0, 0, 1e-9, 0, 2, 6, 5) + f.astype("<u2").tobytes() for f in counts)
    return head + table + frames + struct.pack("<HHIHHI", 0x4152, 0, 1, 0x4152, 0, 2)


def mib(kind, size, depth):
    head = f"MQ1,000001,00384,01,{256 if kind == 'R64' else 6:04d},{256 if kind == 'R64' else 5:04d},{kind},   1x1,01,2021,0.001,MQ1A,T,1000000ns,{depth},"
    return head.encode().ljust(384, b"\0") + bytes(size)


def seq():
    head = bytearray(1024)
    head[:24] = b"\xed\xfe\0\0" + "Norpix seq".encode("utf-16le")
    struct.pack_into("<I", head, 28, 3)
    struct.pack_into("<3I", head, 548, 6, 5, 16)
    struct.pack_into("<I", head, 572, 2)
    struct.pack_into("<Id", head, 580, 70, 50.0)
    return bytes(head) + b"".join(f.astype("<u2").tobytes() + struct.pack("<IHH", 9, 0, 0) + bytes(2) for f in counts)


def matlab(packed):
    def element(kind, content):
        return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)
    matrix = (element(6, struct.pack("<II", 11, 0)) + element(5, struct.pack("<3i", 5, 6, 2)) + element(1, b"stack")
              + element(4, counts.astype("<u2").tobytes()))
    whole = element(14, matrix)
    if packed:
        stream = zlib.compress(whole)
        whole = struct.pack("<II", 15, len(stream)) + stream
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + whole


def zarr(compressor):
    import io
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(".zarray", json.dumps({"zarr_format": 2, "shape": [2, 5, 6], "chunks": [1, 3, 4], "dtype": "<u2",
                                                "order": "C", "filters": None, "fill_value": 1, "compressor": compressor}))
        chunk = bytes(24)
        archive.writestr("0.0.0", zlib.compress(chunk) if compressor else chunk)
    return out.getvalue()


for version in (3, 4):
    put("dm", f"image.dm{version}", dm(version))
for mode, dtype in ((0, "i1"), (1, "<i2"), (2, "<f4"), (12, "<f2")):
    put("mrc", f"mode{mode}.mrc", mrc(mode, dtype))
put("ser", "two.ser", ser())
put("mib", "u16.mib", mib("U16", 60, 12))
put("mib", "raw1.mib", mib("R64", 8192, 1))
put("seq", "two.seq", seq())
put("matlab", "plain.mat", matlab(False))
put("matlab", "packed.mat", matlab(True))
put("zarr", "plain.zip", zarr(None))
put("zarr", "zlib.zip", zarr({"id": "zlib", "level": 1}))

# trajectories: the small files that the tests read
trajectories = pathlib.Path(__file__).resolve().parents[2] / "src/io/test/data/trajectories"
for fuzzer, names in {"dcd": ["small.dcd"], "extxyz": ["small.xyz"], "gsd": ["small.gsd"], "h5md": ["small_h5md.h5"],
                      "lammps_binary": ["tri.bin"], "lammps_data": ["t.data"], "lammps_dump": ["tri.dump", "t.dump.zst"],
                      "xtc": ["small.xtc"]}.items():
    for name in names:
        put(fuzzer, name, (trajectories / name).read_bytes())

for number, target in enumerate([
        "/", "/api/folder", "/api/result?file=result.h5", "/api/map?file=result.h5&bin=1",
        "/api/tile?file=result.h5&bin=1&factor=1&row=0&column=32&edge=64&diagonal=hide",
        "/api/limits?file=result.h5&bin=1&low=1&high=99", "/api/cut?file=result.h5&bin=1&direction=diagonal&at_s=12",
        "/api/range?file=result.h5&bin=1&first_s=10&last_s=90&models=kww,ml",
        "/api/figure?file=result.h5&figure=g2&number=1", "/api/figure-map?file=result.h5&figure=image&panel=0",
        "/api/map-export?file=result.h5&bin=1&format=csv&x0=10&x1=20&y0=5&y1=30&lower=1&upper=1.3&colours=magma",
        "/api/curve-export?file=result.h5&bin=1&format=svg&direction=vertical&at_s=3",
        "/api/picture?file=..%2fresult.h5&figure=age", "/api/thumbnail?file=inner/%00", "/api/state?file=result.h5", "/api/commands",
        "/api/files", "/api/jobs", "/api/series?file=movie.h5&dataset=", "/api/picture?file=movie.h5&pixels=frame&frame=3&average=2&scale=log",
        "/api/figure-map?file=movie.h5&pixels=frame&frame=7&panel=0&mask=movie.h5&partition=movie_qmap.h5",
        "/api/pixels?file=result.h5&map=tau_s", "/api/pixel?file=result.h5&x_nm=1&y_nm=2",
        "/api/figure-export?file=result.h5&figure=g2&number=1&format=csv"]):
    put("request", f"{number}.txt", f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n".encode())
for name, request in {
        "check": {"command": "xpcs", "inputs": ["movie.h5"], "values": [["partition", "movie_qmap.h5"], ["output", "r.h5"]]},
        "run": {"command": "age", "inputs": ["missing.h5"], "values": [["window", "1e3"]]}, "cancel": {"number": 1}}.items():
    body = json.dumps(request)
    put("request", f"{name}.txt", f"POST /api/{name} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                  f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
put("request", "post.txt", b"POST /api/folder HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
put("request", "chunked.txt", b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
put("request", "range.txt", b"GET / HTTP/1.1\r\nRange: bytes=1-2,0-\r\n\r\n")


def cbor(value):
    """RFC 8949 of what the messages of detectors hold; a pair (tag, item) is a tag."""
    def head(kind, number):
        if number < 24:
            return bytes([kind << 5 | number])
        size = 1 if number < 256 else 2 if number < 65536 else 4
        return bytes([kind << 5 | {1: 24, 2: 25, 4: 26}[size]]) + number.to_bytes(size, "big")
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    return head(6, value[0]) + cbor(value[1])


def image_v2(tag, values, packing=None):
    return b"\1" + cbor({"type": "image", "series_id": 3, "image_id": 300, "start_time": [1, 50000000],
                         "data": {"threshold_1": (40, [[2, 3], (tag, (56500, [*packing, values]) if packing else values)])}})


pixels = bytes(range(12))
put("stream", "start.v2", b"\1" + cbor({"type": "start", "series_id": 3, "number_of_images": 10, "image_size_x": 3, "image_size_y": 2,
                                         "frame_time": 0.5, "beam_center_x": 1.5, "detector_translation": [0.0, 0.0, 4.0], "image_dtype": "uint16",
                                         "channels": ["threshold_1"], "arm_date": (0, "2026-01-01T00:00:00Z"),
                                         "pixel_mask": {"threshold_1": (40, [[2, 3], (70, bytes(24))])}}))
put("stream", "plain.v2", image_v2(69, pixels))
put("stream", "lz4.v2", image_v2(69, struct.pack(">QII", 12, 12, 12) + pixels, ["lz4", 0]))
put("stream", "bslz4.v2", image_v2(69, struct.pack(">QI", 12, 8192) + pixels, ["bslz4", 2]))
put("stream", "end.v2", b"\1" + cbor({"type": "end", "series_id": 3}))
put("stream", "tagged.v2", b"\1" + cbor((55799, {"type": "end", "series_id": 3})))
put("stream", "start.v1", b"\0" + b"\xff".join([b'{"htype":"dheader-1.0","series":3,"header_detail":"all"}',
    b'{"nimages":10,"ntrigger":1,"frame_time":0.5,"wavelength":1.2,"x_pixels_in_detector":3,"y_pixels_in_detector":2}',
    b'{"htype":"dpixelmask-1.0","shape":[3,2],"type":"uint32"}', bytes(24)]))
for name, packing, values in (("plain", b"<", pixels), ("lz4", b"lz4<", b"\xc0" + pixels),
                              ("bslz4", b"bs16-lz4<", struct.pack(">QI", 12, 8192) + pixels)):
    put("stream", f"{name}.v1", b"\0" + b"\xff".join([b'{"htype":"dimage-1.0","series":3,"frame":7}',
        b'{"htype":"dimage_d-1.0","shape":[3,2],"type":"uint16","encoding":"%s","size":12}' % packing, values,
        b'{"htype":"dconfig-1.0","start_time":1,"stop_time":2,"real_time":1}']))
put("stream", "end.v1", b'\0{"htype":"dseries_end-1.0","series":3}')
