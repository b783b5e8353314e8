"""Every header opens with #pragma once after a comment that says what it is for, and compiles alone."""
import concurrent.futures
import os
import pathlib
import subprocess


def include_dirs(root):
    return [f"-I{path}" for path in sorted(root.glob("src/*/include"))]


def compile_alone(args):
    path, dirs = args
    done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", *dirs, str(path)],
                          capture_output=True, text=True)
    return path, done.returncode, done.stderr


def findings(root):
    headers = [p for p in sorted(pathlib.Path(".").glob("src/*/include/**/*.hpp"))]
    for path in headers:
        text = path.read_text().splitlines()
        if not text or not text[0].startswith("//"):
            yield f"{path}:1: a header opens with a comment that says what it is for"
        if "#pragma once" not in text:
            yield f"{path}: no #pragma once"
    dirs = include_dirs(pathlib.Path("."))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, code, errors in pool.map(compile_alone, [(p, dirs) for p in headers]):
            if code != 0:
                yield f"{path}: does not compile alone\n{errors.strip()}"
