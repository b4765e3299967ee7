"""A reader's child that dies of certain mails: as `maild.reading`, but for what subjects ask for.

Started in the place of `python -m maild.reading`; its arguments mean nothing to it.
"""

from __future__ import annotations

import ctypes
import sys

from maild import reading
from maild.core.mail import Envelope, Mail, ReadOptions

_read = reading.read


def _fragile(raw: bytes, envelope: Envelope, options: ReadOptions) -> Mail:
    if b"Subject: recursion" in raw:
        raise RecursionError("too deep")
    if b"Subject: lookup" in raw:
        raise LookupError("no such charset")
    if b"Subject: segfault" in raw:
        ctypes.string_at(0)
    return _read(raw, envelope, options)


if __name__ == "__main__":
    reading.read = _fragile
    reading.serve(sys.stdin.buffer, sys.stdout.buffer)
