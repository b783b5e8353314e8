"""Result files: numbers, arrays, figures."""
import os
import pathlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional, Union

from . import _vitrum


class Number(NamedTuple):
    """A number of a result with its standard error (NaN: none known) and unit ("": none)."""

    value: Union[float, int, str]
    error: float
    unit: str

    def __str__(self) -> str:
        error = f" ± {self.error:.2g}" if self.error == self.error else ""
        return f"{self.value}{error}{' ' + self.unit if self.unit else ''}"


class Result(Mapping[str, Any]):
    """A result file. ``result["g2/g2"]`` is an array of it, ``result.numbers`` all single numbers.

    Arrays are read when they are asked for. A result that was made without ``output`` lies in a
    temporary folder, which goes with the object: ``save`` keeps it.
    """

    def __init__(self, path: "Union[str, os.PathLike[str]]", folder: Optional[str] = None) -> None:
        self.path = pathlib.Path(path)
        self._remove = weakref.finalize(self, shutil.rmtree, folder, True) if folder else None
        self._file = _vitrum.ResultFile(os.fspath(path))
        self._places: "Optional[dict[str, Any]]" = None

    @property
    def places(self) -> "dict[str, Any]":
        """Shape and attributes of every array by its place below ``entry``; None where they are not known yet."""
        if self._places is None:
            self._places = {place[len("entry/"):]: what for place, what in self._file.arrays().items() if place.startswith("entry/")}
        return self._places

    def __getitem__(self, place: str) -> Any:
        place = place.strip("/")
        place = place[len("entry/"):] if place.startswith("entry/") else place
        if place not in self.places:
            below = [name for name in self.places if name.startswith(place + "/")]
            raise KeyError(f"{self.path}: no array '{place}'" + (f"; below it: {', '.join(n[len(place) + 1:] for n in below)}" if below else ""))
        return self._file.read("entry/" + place)

    def __iter__(self) -> "Iterator[str]":
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def kind(self) -> str:
        """The command that made it: "xpcs", "ecm", "fem", …"""
        return str(self["kind"])

    @property
    def numbers(self) -> "dict[str, Number]":
        """Every single number: "bin/1/fit/kww/tau_s" to a Number of value, error, unit."""
        return {name: Number(*what) for name, what in self._file.scalars().items()}

    @property
    def summary(self) -> str:
        """What was measured and found, in a few sentences."""
        return self._file.summary().strip()

    @property
    def warnings(self) -> "list[str]":
        return self._file.warnings()

    @property
    def command_line(self) -> str:
        """The command that would make it again."""
        return str(self["process/command_line"])

    def save(self, path: "Union[str, os.PathLike[str]]", overwrite: bool = False) -> "Result":
        """Copies the file to `path`, which is where the result lies then."""
        path = pathlib.Path(path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path}: exists (overwrite=True replaces it)")
        with tempfile.NamedTemporaryFile(dir=path.parent or ".", prefix=path.name, delete=False) as part:
            try:
                with self.path.open("rb") as file:
                    shutil.copyfileobj(file, part)
                os.replace(part.name, path)
            except BaseException:
                os.unlink(part.name)
                raise
        self.path = path
        self._file = _vitrum.ResultFile(os.fspath(path))
        if self._remove:
            self._remove()
        return self

    def export(self, path: "Union[str, os.PathLike[str]]", format: str = "csv", overwrite: bool = False) -> str:
        """Writes the result in another layout: "csv", "npz", "tiff", "hdf5", "8id"."""
        values = [("format", format), ("output", os.fspath(path))] + ([("overwrite", "true")] if overwrite else [])
        return _vitrum.run_command("export", [str(self.path)], values)

    def report(self, path: "Union[str, os.PathLike[str]]", overwrite: bool = False) -> str:
        """Writes the page with every figure and number to a folder."""
        values = [("output", os.fspath(path))] + ([("overwrite", "true")] if overwrite else [])
        return _vitrum.run_command("report", [str(self.path)], values)

    def figure(self, name: str, bin: int = 1, format: str = "svg") -> bytes:
        """One figure as the program draws it: bytes of SVG, PNG or PDF."""
        with tempfile.TemporaryDirectory(prefix="vitrum_") as folder:
            path = os.path.join(folder, f"figure.{format}")
            _vitrum.run_command("show", [str(self.path)], [("figure", name), ("output", path)] + ([("bin", str(bin))] if bin != 1 else []))
            return pathlib.Path(path).read_bytes()

    def plot(self, what: Optional[str] = None, bin: int = 1, axes: Any = None) -> Any:
        """Draws with matplotlib: "g2" (of all bins), "two-time" (of `bin`), or an array [y, x] by its place."""
        import matplotlib.pyplot as plt  # type: ignore[import]

        what = what or ("two-time" if f"twotime/bin_{bin}/two_time_corr_func" in self.places else "g2")
        axes = axes or plt.gca()
        if what == "g2":
            lag, g2, error = self["g2/lag_s"], self["g2/g2"], self["g2/g2_errors"]
            for b in range(g2.shape[0]):
                axes.errorbar(lag if lag.ndim == 1 else lag[b], g2[b], error[b], fmt=".", label=f"bin {b + 1}")
            axes.set(xscale="log", xlabel="lag (s)", ylabel="g2")
            axes.legend()
            return axes
        place = f"twotime/bin_{bin}/two_time_corr_func" if what == "two-time" else what
        image = axes.imshow(self[place], origin="lower" if what == "two-time" else "upper")
        axes.figure.colorbar(image, ax=axes)
        axes.set_title(f"bin {bin}" if what == "two-time" else place)
        return axes

    def __repr__(self) -> str:
        return f"<Result {self.kind} {self.path}>"

    def __str__(self) -> str:
        return f"{self!r}\n{self.summary}"

    @property
    def text(self) -> str:
        """All numbers as ``vitrum show`` prints them."""
        return self._file.text()

    def _repr_html_(self) -> str:
        import html

        head = f"<p><b>{html.escape(str(self.path))}</b> {html.escape(self.summary)}</p>"
        return head + f"<details><summary>numbers</summary><pre>{html.escape(self.text)}</pre></details>"


def open(path: "Union[str, os.PathLike[str]]") -> Result:
    """Opens a result file of vitrum."""
    return Result(path)
