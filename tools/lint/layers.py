"""Who may include what, who may print, how long a file may be.

The allowed edges between modules are the DEPENDS of src/*/CMakeLists.txt; the levels below only check that
no DEPENDS points upward or sideways.
"""
import pathlib
import re

LEVEL = {
    "core": 0,
    "frames": 1, "atoms": 1, "models": 1, "plot": 1,
    "correlate": 2, "fit": 2, "io": 2, "md": 2, "report": 2,
    "stream": 3, "aging": 3, "ecm": 3, "fem": 3, "companion": 3, "synth": 3,
    "app": 4,
    "server": 5,
    "cli": 6, "python": 6,
}
# report draws with plot and reads core's Tree; both stand below it.
# third-party header -> the modules whose .cpp files may name it (tests and benchmarks may name any)
CONFINED = {
    r"fmt/": None,  # everywhere, but never in a public header
    r"tbb/|oneapi/": {"core"},
    r"cairo": {"plot"},
    r"cblas|openblas": {"correlate"},
    r"fftw3": {"correlate", "ecm", "fem", "companion", "synth", "md"},
    r"hwy/": {"correlate", "models", "fit", "synth"},
    r"ceres/|glog/": {"fit"},
    r"Eigen/": {"fit"},
    r"hdf5|H5": {"io"}, r"tiff": {"io"}, r"zip\.h|zlib|lz4|zstd|blosc|matio": {"io"},
    r"toml\+\+/": {"app"},
    r"mpi\.h": {"app"},
    r"nlohmann/": {"report", "io", "server", "stream"},
    r"zmq|cbor\.h": {"stream"},
    r"CLI/|spdlog/": {"cli"},
    r"pybind11/": {"python"}, r"httplib": {"server"},
}
PRINTS = re.compile(
    r"\bstd::(cout|cerr|clog|printf|fprintf|puts|abort|exit|_Exit|terminate)\b"
    r"|(?<![\w:.>])(f?printf|puts|abort|exit|_exit)\(|\bfmt::print\b")
MAY_PRINT = {"cli"}
MAX_LINES = 600


def depends(root):
    found = {}
    for cmake in sorted(root.glob("src/*/CMakeLists.txt")):
        match = re.search(r"DEPENDS\s+((?:[a-z_]+\s*)+)", cmake.read_text())
        found[cmake.parent.name] = set(match[1].split()) if match else set()
    return found


def closure(edges, module):
    out, todo = set(), [module]
    while todo:
        for below in edges.get(todo.pop(), ()):
            if below not in out:
                out.add(below)
                todo.append(below)
    return out


def check_edges(edges):
    for module, below in edges.items():
        if module not in LEVEL:
            yield f"src/{module}: not in the table of levels"
        for other in below:
            if LEVEL.get(other, 99) >= LEVEL.get(module, 99):
                yield f"src/{module}/CMakeLists.txt: {module} may not depend on {other}"


def check_file(path, module, allowed):
    lines = path.read_text().splitlines()
    public = "include" in path.parts
    tested = bool({"test", "bench"} & set(path.parts))
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, at most {MAX_LINES}"
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#\s*include\s*[<"]([^>"]+)', line)
        if include:
            own = re.match(r"vitrum/(\w+)/", include[1])
            if own and own[1] not in allowed:
                yield f"{path}:{number}: {module} may not include {own[1]}"
            for pattern, owners in CONFINED.items():
                if tested or own or not re.match(pattern, include[1]):
                    continue
                if public:
                    yield f"{path}:{number}: <{include[1]}> in a public header"
                elif owners is not None and module not in owners:
                    yield f"{path}:{number}: <{include[1]}> belongs to {', '.join(sorted(owners))}"
        elif not tested and module not in MAY_PRINT and PRINTS.search(line.split("//")[0]):
            yield f"{path}:{number}: only cli prints or exits"


def findings(root):
    edges = depends(root)
    yield from check_edges(edges)
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in {".hpp", ".cpp"}:
            module = path.relative_to(root).parts[1]
            allowed = closure(edges, module) | {module}
            yield from check_file(path.relative_to(root), module, allowed)
