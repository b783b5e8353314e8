"""vitrum: how glasses move and how they are ordered.

Every command of the command line is a function of the same name (``vitrum synth xpcs`` is
``vitrum.synth_xpcs``), its flags are keyword arguments (``--q-bins`` is ``q_bins``), and what writes
a result file returns a :class:`Result`. Kernels work on plain numpy arrays: :func:`two_time`,
:func:`g2`, :func:`multi_tau`, :func:`fit_decay`, :func:`fit_kww`, :func:`mittag_leffler`,
:func:`fem_variance`.
"""
from . import _commands
from ._commands import *  # noqa: F401,F403 - the table of commands says which
from ._result import Result, open
from ._vitrum import (
    DataError,
    FileError,
    FormatError,
    OptionError,
    __version__,
    decay,
    fem_variance,
    fit_decay,
    fit_kww,
    g2,
    g2_of_map,
    mittag_leffler,
    multi_tau,
    two_time,
)

__all__ = [
    *_commands.__all__,
    "DataError",
    "FileError",
    "FormatError",
    "OptionError",
    "Result",
    "__version__",
    "decay",
    "fem_variance",
    "fit_decay",
    "fit_kww",
    "g2",
    "g2_of_map",
    "mittag_leffler",
    "multi_tau",
    "open",
    "two_time",
]
