"""Charts drawn by a child process, where the library for it is installed (`maild[reports]`).

The child ends with its work: the daemon's memory does not grow by what it needs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.util import find_spec

from maild import plainform
from maild.core.chart import Chart, Charts, Drawn
from maild.log import Event, event

LIBRARY = "matplotlib"
SECONDS_MAX = 120


def draw(charts: tuple[Chart, ...]) -> tuple[bytes, ...]:
    """Return a PNG of each chart; none of any where they cannot be drawn."""
    if not charts or find_spec(LIBRARY) is None:
        return ()
    try:
        return _drawn(charts)
    except (OSError, subprocess.SubprocessError, plainform.Misfit) as error:
        event(Event.WORK_FAILED, what="charts", error=error)
        return ()


def _drawn(charts: tuple[Chart, ...]) -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory(prefix="maild-charts-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "maild.drawing"],
            input=plainform.packed(Charts(charts=charts)),
            stdout=subprocess.PIPE,
            env={"MPLCONFIGDIR": folder},
            timeout=SECONDS_MAX,
            check=True,
        )
    pictures = plainform.unpacked(Drawn, done.stdout).pictures
    if len(pictures) != len(charts):
        raise plainform.Misfit(f"{len(pictures)} pictures of {len(charts)} charts")
    return pictures
