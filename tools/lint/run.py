#!/usr/bin/env python3
"""Runs the lints (all, or those named) from the root of the repository; exits 1 on a finding."""
import importlib
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
root = pathlib.Path(__file__).resolve().parents[2]
os.chdir(root)
names = sys.argv[1:] or ["layers", "headers", "text"]
failed = False
for name in names:
    found = list(importlib.import_module(name).findings(pathlib.Path(".")))
    failed |= bool(found)
    print("\n".join(found) if found else f"{name}: clean")
sys.exit(failed)
