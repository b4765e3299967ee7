"""What commands share: which config file a call is about, how JSON is asked for [typer]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


class Place:
    """Which config file the call is about; set once, before the command runs."""

    config: Path | None = None
