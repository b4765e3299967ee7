"""The process that others are forked from: it has imported all of maild and read its templates.

It is told by messages on the socket that is its standard input: what to start, with the
descriptors that a new process gets, or which one to wait for. What it starts is a process like any
other, with memory, standard streams, a folder, an environment and an exit code of its own.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence

import maild
from maild.cli.main import main as maild_main
from tests.needs import ROOT
from tests.texts import keep_shipped, shipped
from tests.warm import Order

MESSAGE_BYTES_MAX = 256 * 1024
DESCRIPTORS_MAX = 8
_OUT_OF_THE_WAY = 64
"""A number that no descriptor is to have."""
_NUMBERS_MAX = 256
_SELDOM = ("maild.store.migrations",)


def main() -> None:
    """Fork processes as told; in each of them, do its work and end as `maild` does."""
    sys.path[0] = str(ROOT)
    _import_all()
    calls = socket.socket(fileno=os.dup(0))
    if _serve(calls):
        calls.detach()
        _end(_code_of(maild_main))
    calls.close()


def _serve(calls: socket.socket) -> bool:
    """Obey until nobody is there any more; true in a process that was just forked."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(calls, MESSAGE_BYTES_MAX, DESCRIPTORS_MAX)
        if not message:
            return False
        told = json.loads(message)
        if isinstance(told, int):
            answer = os.waitstatus_to_exitcode(os.waitpid(told, 0)[1])
        else:
            answer = os.fork()
            if not answer:
                _become(Order(**told), descriptors)
                return True
            for descriptor in descriptors:
                os.close(descriptor)
        calls.send(json.dumps(answer).encode())


def _code_of(work: Callable[[], None]) -> int:
    """Do the work and return the exit code that Python would end with."""
    try:
        work()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
            return 1
        return end.code or 0
    except BaseException:  # noqa: BLE001 - the end of a process
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> None:
    """End as Python does, but leave what was imported to the kernel."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _become(order: Order, descriptors: Sequence[int]) -> None:
    """Take over the descriptors, the folder and the environment, and keep nothing else open.

    It leads a session and a group of its own: whoever is in it was started by this process.
    """
    os.setsid()
    aside = [fcntl.fcntl(one, fcntl.F_DUPFD, _OUT_OF_THE_WAY) for one in descriptors]
    for number, one in enumerate(aside):
        os.dup2(one, number)
    os.closerange(len(aside), _NUMBERS_MAX)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    if order.names_itself:
        os.environ["LISTEN_PID"] = str(os.getpid())
    time.tzset()
    sys.argv = ["maild", *order.arguments]


def _import_all() -> None:
    for module in pkgutil.walk_packages(maild.__path__, "maild."):
        if not module.name.startswith(_SELDOM):
            importlib.import_module(module.name)
    keep_shipped()
    shipped()
    gc.collect()
    gc.freeze()
