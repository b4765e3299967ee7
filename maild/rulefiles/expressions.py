"""CEL as a library, without the command line that its package brings along [CEL].

Strategy: an empty module stands in for that command line before the package is imported. It loads
a terminal toolkit and every lexer there is: a tenth of the daemon's start, and 8 MB.
"""

from __future__ import annotations

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402 - only now

__all__ = ["cel"]
