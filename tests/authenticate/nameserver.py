"""A DNS server of the tests' own, on 127.0.0.1: a few names, and every way to fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENT = "silent"
"""No answer ever comes."""
BROKEN = "broken"
"""SERVFAIL: the server behind could not say."""
REFUSED = "refused"
FAILURES = (SILENT, BROKEN, REFUSED)
Zone = Mapping[tuple[str, str], tuple[str, ...] | str]
"""(name, type) -> records as they stand in a zone file, or one of the failures."""


def text(value: str) -> tuple[str, ...]:
    """One TXT record; cut into strings of 200 as they go over the wire."""
    pieces = [value[n : n + 200] for n in range(0, len(value), 200)] or [""]
    return (" ".join('"' + piece.replace('"', '\\"') + '"' for piece in pieces),)


@dataclass
class NameServer:
    """A running server; `zone` may be changed while it runs."""

    port: int
    zone: dict[tuple[str, str], tuple[str, ...] | str]
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def answer(self, wire: bytes) -> bytes:
        """Answer one question; nothing for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        found = self.zone.get((name, kind), ())
        if found == SILENT:
            return b""
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if isinstance(found, str):
            reply.set_rcode(dns.rcode.SERVFAIL if found == BROKEN else dns.rcode.REFUSED)
        elif found:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


@contextmanager
def name_server(zone: Zone, place: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[NameServer]:
    """Run a server in a thread, as long as the block lasts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(place)
        door.settimeout(0.05)
        server = NameServer(port=door.getsockname()[1], zone=dict(zone))
        is_over = threading.Event()

        def run() -> None:
            while not is_over.is_set():
                try:
                    wire, client = door.recvfrom(4096)
                except TimeoutError:
                    continue
                reply = server.answer(wire)
                if reply:
                    door.sendto(reply, client)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server
        finally:
            is_over.set()
            thread.join()
