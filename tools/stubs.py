#!/usr/bin/env python3
"""Writes the type stubs of the commands in the Python module from the table of commands.

stubs.py --write   rewrites src/python/vitrum/_commands.pyi
stubs.py --check   exits 1 when it differs from what the table says
The module must be on PYTHONPATH.
"""
import pathlib
import sys

from vitrum import _vitrum
from vitrum._commands import python_name, writes_result

TYPES = {
    "bool": "Optional[bool]",
    "int": "Optional[int]",
    "float": "Optional[float]",
    "str": "Union[str, PathLike[str], float, Sequence[float], None]",
    "list": "Union[str, PathLike[str], float, Sequence[Union[str, float, PathLike[str]]], Mapping[str, object], None]",
}
HEAD = '''# Made by tools/stubs.py from the table of commands.
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Optional, Union

from ._result import Result

Input = Union[str, PathLike[str], Result, Any]
Progress = Union[bool, Callable[[str, str, int, int, float, float, bool], None]]
'''


def stub(command):
    lines = [f"def {python_name(command)}("]
    lines += ["    *inputs: Input,"] if command["inputs"] else ["    *,"]
    lines += [f"    {s['name'].replace('-', '_')}: {TYPES[s['type']]} = ...," for s in command["settings"]]
    lines += ["    config: Union[str, None] = ...,", "    progress: Progress = ...,", f") -> {'Result' if writes_result(command) else 'str'}: ..."]
    return "\n".join(lines)


def main():
    path = pathlib.Path(__file__).resolve().parents[1] / "src/python/vitrum/_commands.pyi"
    table = _vitrum.command_table()
    names = "".join(f'    "{python_name(command)}",\n' for command in table)
    text = HEAD + f"\n__all__ = [\n{names}]\n\n" + "\n".join(stub(command) for command in table) + "\n"
    if sys.argv[1] == "--write":
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        sys.exit(f"{path.name}: differs from the table of commands (tools/stubs.py --write)")


main()
