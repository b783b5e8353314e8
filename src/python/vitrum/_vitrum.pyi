from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

__version__: str

class OptionError(ValueError): ...
class DataError(ValueError): ...
class FormatError(ValueError): ...
class FileError(OSError): ...

class ResultFile:
    def __init__(self, path: str) -> None: ...
    def read(self, place: str) -> Any: ...
    def arrays(self) -> dict[str, Optional[tuple[tuple[int, ...], dict[str, Any]]]]: ...
    def scalars(self) -> dict[str, tuple[Union[float, int, str], float, str]]: ...
    def text(self) -> str: ...
    def summary(self) -> str: ...
    def warnings(self) -> list[str]: ...

def command_table() -> list[dict[str, Any]]: ...
def run_command(
    name: str,
    inputs: Sequence[str],
    values: Sequence[tuple[str, str]],
    config: str = ...,
    on_message: Optional[Callable[[str, str], None]] = ...,
    on_progress: Optional[Callable[[str, str, int, int, float, float, bool], None]] = ...,
) -> str: ...
def command_line(name: str, inputs: Sequence[str], values: Sequence[tuple[str, str]]) -> str: ...
def last_work_s() -> float: ...
def two_time(
    frames: npt.NDArray[Any],
    *,
    labels: Optional[npt.ArrayLike] = ...,
    bin: int = ...,
    normalization: str = ...,
) -> npt.NDArray[np.float32]: ...
def g2(
    frames: npt.NDArray[Any],
    *,
    labels: Optional[npt.ArrayLike] = ...,
    bin: int = ...,
    normalization: str = ...,
    lags: str = ...,
    points_per_decade: int = ...,
    max_lag: int = ...,
) -> dict[str, npt.NDArray[Any]]: ...
def g2_of_map(
    map: npt.NDArray[np.float32],
    *,
    lags: str = ...,
    points_per_decade: int = ...,
    max_lag: int = ...,
) -> dict[str, npt.NDArray[Any]]: ...
def multi_tau(
    frames: npt.NDArray[Any],
    *,
    labels: Optional[npt.ArrayLike] = ...,
    bin: int = ...,
    normalization: str = ...,
    lags: str = ...,
    channels: int = ...,
    levels: int = ...,
    points_per_decade: int = ...,
    max_lag: int = ...,
) -> dict[str, Any]: ...
def mittag_leffler(alpha: float, x: npt.ArrayLike, beta: float = ...) -> npt.NDArray[np.float64]: ...
def decay(model: str, lag_s: npt.ArrayLike, parameters: Mapping[str, float]) -> npt.NDArray[np.float64]: ...
def fit_decay(
    lag_s: npt.ArrayLike,
    g2: npt.ArrayLike,
    g2_errors: Optional[npt.ArrayLike] = ...,
    model: str = ...,
    *,
    fixed: Mapping[str, float] = ...,
    bounds: Mapping[str, tuple[float, float]] = ...,
    covariance: Optional[npt.ArrayLike] = ...,
) -> dict[str, Any]: ...
def fit_kww(
    lag_s: npt.ArrayLike,
    curves: npt.NDArray[Any],
    sigma: npt.ArrayLike,
    fit_baseline: bool = ...,
) -> dict[str, Any]: ...
def fem_variance(
    patterns: npt.NDArray[Any],
    center: tuple[float, float],
    *,
    k_per_pixel: float = ...,
    ring_width: float = ...,
    k_min: float = ...,
    k_max: float = ...,
    gain: float = ...,
    read_noise: float = ...,
    mask: Optional[npt.ArrayLike] = ...,
    replicates: int = ...,
) -> dict[str, Any]: ...
