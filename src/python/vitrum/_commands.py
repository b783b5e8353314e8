"""The commands of the command line as functions, made from its own table."""
import inspect
import os
import shutil
import sys
import tempfile
import warnings as _warnings

from . import _vitrum
from ._result import Result

# what these write is no result of vitrum
_NO_RESULT = ("demo", "mask", "partition", "export", "report", "md simulate", "md frames")
_TYPES = {"bool": bool, "int": int, "float": float, "str": str, "list": list}


def _text(name, value):
    """A keyword argument as it would be typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, dict):
        return ",".join(f"{key}={_text(name, one)}" for key, one in value.items())
    if isinstance(value, (list, tuple)) or (hasattr(value, "__iter__") and hasattr(value, "tolist")):
        return ",".join(_text(name, one) for one in value)
    if hasattr(value, "item"):  # a number of numpy
        value = value.item()
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"{name}: {type(value).__name__}, expected text, a number, True, False or a list of them")


def _input(value, kept):
    """A path of an input: of a file, of a dataset of h5py, of an array that is written to one."""
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, Result):
        return str(value.path)
    if hasattr(value, "file") and hasattr(value, "name") and hasattr(value.file, "filename"):
        return f"{value.file.filename}::{value.name}"
    if hasattr(value, "dtype"):
        import numpy

        folder = tempfile.mkdtemp(prefix="vitrum_")
        kept.append(folder)
        path = os.path.join(folder, "array.npy")
        numpy.save(path, value)
        return path
    raise TypeError(f"input of type {type(value).__name__}, expected a path, an array, a dataset of h5py or a Result")


class _Progress:
    """One line on standard error, rewritten ten times a second; silent where that is no terminal or notebook."""

    def __init__(self):
        self.shown = sys.stderr.isatty() or "ipykernel" in sys.modules
        self.width = 0

    def __call__(self, task, unit, done, total, rate, left, finished):
        if not self.shown:
            return
        share = f"{100 * done // total:3d} % of {total}" if total > 0 else f"{done}"
        line = f"{task}: {share} {unit}, {rate:.3g} {unit}/s" + ("" if finished else f", {left:.0f} s left")
        print("\r" + line.ljust(self.width), end="\n" if finished else "", file=sys.stderr, flush=True)
        self.width = 0 if finished else len(line)


def _message(level, text):
    if level == "warning":
        _warnings.warn(text, stacklevel=4)


def _doc(command):
    lines = [command["summary"][0].upper() + command["summary"][1:] + ".", ""]
    if command["inputs"]:
        lines += [f"Inputs: {command['inputs']} (paths, arrays of frames, datasets of h5py, results).", ""]
    group = None
    for setting in command["settings"]:
        if setting["group"] != group:
            group = setting["group"]
            lines += [f"{group}:"]
        needs = f"; with {setting['needs']}" if setting["needs"] and not setting["needs"].startswith("no ") else ""
        value = f" ({setting['value']})" if setting["value"] else ""
        lines += [f"    {setting['name'].replace('-', '_')}{value}: {setting['help']}{needs}"]
    lines += ["", "config: TOML file with settings; arguments win over it.",
              "progress: False shows none.", "", f"The same as the command line: vitrum {command['name']}"]
    return "\n".join(lines)


def _parameters(command):
    kind = inspect.Parameter
    out = []
    if command["inputs"]:
        out.append(kind("inputs", kind.VAR_POSITIONAL))
    for setting in command["settings"]:
        out.append(kind(setting["name"].replace("-", "_"), kind.KEYWORD_ONLY, default=None, annotation=_TYPES[setting["type"]]))
    out.append(kind("config", kind.KEYWORD_ONLY, default=None, annotation=str))
    out.append(kind("progress", kind.KEYWORD_ONLY, default=True, annotation=bool))
    return out


def python_name(command):
    return command["name"].replace(" ", "_").replace("-", "_")


def writes_result(command):
    return any(s["name"] == "output" for s in command["settings"]) and command["name"] not in _NO_RESULT and not command["name"].startswith("synth")


def _make(command):
    names = {setting["name"].replace("-", "_"): setting["name"] for setting in command["settings"]}
    result = writes_result(command)
    name = python_name(command)

    def call(*inputs, config=None, progress=True, **values):
        kept = []
        typed = []
        for key, value in values.items():
            if key not in names:
                raise TypeError(f"{name}() got an unexpected keyword argument '{key}'{_nearest(key, names)}")
            if value is None or value is False:  # as if it had not been typed
                continue
            typed.append((names[key], _text(key, value)))
        folder = None
        output = values.get("output")
        if result and output is None and not values.get("dry_run"):
            folder = tempfile.mkdtemp(prefix="vitrum_")
            output = os.path.join(folder, "result.h5")
            typed.append(("output", output))
        on_progress = _Progress() if progress is True else progress or None
        try:
            paths = [_input(one, kept) for one in inputs]
            text = _vitrum.run_command(command["name"], paths, typed, config or "", _message, on_progress)
        except BaseException:
            if folder:
                shutil.rmtree(folder, True)
            raise
        finally:
            for one in kept:
                shutil.rmtree(one, True)
        if result and not values.get("dry_run"):
            return Result(output, folder=folder)
        return text

    call.__name__ = call.__qualname__ = name
    call.__module__ = "vitrum"
    call.__doc__ = _doc(command)
    call.__signature__ = inspect.Signature(_parameters(command))
    return call


def _nearest(key, names):
    import difflib

    found = difflib.get_close_matches(key, names, 1)
    return f", did you mean '{found[0]}'?" if found else ""


__all__ = []
for _one in _vitrum.command_table():
    _function = _make(_one)
    globals()[_function.__name__] = _function
    __all__.append(_function.__name__)
del _one, _function
