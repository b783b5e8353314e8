"""What mypy is run over: the module as a typed program uses it."""
import numpy as np

import vitrum

result: vitrum.Result = vitrum.xpcs("scan.h5", q_bins=8, models=["kww", "ml"], fix={"baseline": 1}, output="r.h5")
number = result.numbers["bin/1/fit/kww/tau_s"]
error: float = number.error
text: str = vitrum.synth_xpcs(frames=100, output="v.h5")
again = vitrum.open("r.h5").save("kept.h5")
again.export("tables", format="csv")
frames = np.zeros((10, 20), np.uint8)
c = vitrum.two_time(frames, labels=np.ones(20, int))
corner: np.float32 = c[0, 0]
decay = vitrum.mittag_leffler(0.5, [0.0, 1.0])
fits = vitrum.fit_kww(np.arange(1.0, 4), np.ones((3, 5), np.float32), [1, 1, 1])
vitrum.two_time("scan.h5")  # type: ignore[arg-type]
vitrum.xpcs("scan.h5", q_bns=8)  # type: ignore[call-arg]
