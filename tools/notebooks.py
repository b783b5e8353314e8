#!/usr/bin/env python3
"""Runs notebooks with the module vitrum that PYTHONPATH names.

notebooks.py OUT NOTEBOOK...   runs each in an empty folder and writes it with its outputs to the folder OUT

Exit 1 when a cell fails, or when a stored notebook has outputs: those belong to the site, not to the repository.
"""
import os
import pathlib
import sys
import tempfile
import time

import nbclient
import nbformat

CELL_TIMEOUT_S = 300


def run(path, out):
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            sys.exit(f"{path}: cell {number} is stored with outputs, expected none")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vitrum_notebook_") as folder:
        client = nbclient.NotebookClient(notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3", resources={"metadata": {"path": folder}})
        try:
            client.execute()
        except nbclient.exceptions.CellExecutionError as error:
            sys.exit(f"{path}: {error}")
    out.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, out / path.name)
    print(f"{path.name}: {len(notebook.cells)} cells in {time.monotonic() - begin:.1f} s")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # or the kernel warns of frozen modules
    for name in sys.argv[2:]:
        run(pathlib.Path(name), pathlib.Path(sys.argv[1]))


main()
