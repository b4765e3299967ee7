"""Questions to the DNS, bounded in time and number; a failure is not nothing [dnspython].

Answers are kept as long as they say they hold, large ones not at all. A name that could not be
looked up is left alone for a while, so that many mails with one lame domain wait for it once. All
names of an organisation together may be waited for so long and no longer, so that nobody holds up
everybody else's mail by names that are new each time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from maild.authenticate.suffixes import organisation_of
from maild.core.spf import Answer, Kind, Question

try:
    import dns.exception
    import dns.name
    import dns.nameserver
    import dns.resolver
except ImportError:
    IS_THERE = False
else:
    IS_THERE = True

TRY_SECONDS = 3.0
"""For one question, over all servers."""
LAME_SECONDS = 30.0
PATIENCE_SECONDS = 20.0
"""So long all threads together wait for the names of one organisation within `LAME_SECONDS`."""
_CACHED_MAX = 2000
_CACHED_BYTES_MAX = 2048
"""A larger answer is not kept: whoever sends mail chooses what is asked, and what is answered."""
_WIRE_BYTES_MAX = 65_535
_LAME_MAX = 2000
_SLOW_MAX = 2000
_RECORDS_MAX = 50
_TEXT_CHARACTERS_MAX = 8192


class Resolver:
    """Asks the servers that the operator names, else those of the machine; safe for threads."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        """Take (IP address, port) pairs; without any, what /etc/resolv.conf says."""
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(host, port) for host, port in servers
            ]
        self._resolver.timeout = TRY_SECONDS / 2
        self._cache = dns.resolver.LRUCache(_CACHED_MAX)
        self._resolver.cache = self._cache
        self._lame: dict[Question, float] = {}
        self._waited: dict[str, _Waited] = {}
        self._door = threading.Lock()

    def ask(self, question: Question, seconds: float) -> Answer:
        """Return the texts of the records, none, or None when nobody could say in time."""
        if seconds <= 0 or self._is_lame(question):
            return None
        organisation = organisation_of(question.name)
        if self._is_slow(organisation):
            return None
        began = time.monotonic()
        try:
            return self._looked_up(question, min(seconds, TRY_SECONDS))
        finally:
            self._note_wait(organisation, began)

    def _looked_up(self, question: Question, seconds: float) -> Answer:
        try:
            found = self._resolver.resolve(
                dns.name.from_text(question.name),
                question.kind.value,
                lifetime=seconds,
                raise_on_no_answer=False,
                search=False,
            )
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong):
            return ()
        except (dns.name.EmptyLabel, dns.name.BadEscape, UnicodeError):
            return ()
        except (dns.exception.DNSException, OSError, ValueError):
            self._note_lame(question)
            return None
        if _is_large(found):
            self._cache.flush((found.qname, found.rdtype, found.rdclass))
        return tuple(_text(record, question.kind) for record in list(found)[:_RECORDS_MAX])

    def _is_lame(self, question: Question) -> bool:
        with self._door:
            return self._lame.get(question, 0.0) > time.monotonic()

    def _note_lame(self, question: Question) -> None:
        with self._door:
            if len(self._lame) >= _LAME_MAX:
                self._lame.clear()
            self._lame[question] = time.monotonic() + LAME_SECONDS

    def _is_slow(self, organisation: str) -> bool:
        """Tell whether an organisation was waited for long enough lately."""
        with self._door:
            waited = self._waited.get(organisation)
        if waited is None or waited.since <= time.monotonic() - LAME_SECONDS:
            return False
        return waited.seconds >= PATIENCE_SECONDS

    def _note_wait(self, organisation: str, began: float) -> None:
        now = time.monotonic()
        with self._door:
            waited = self._waited.get(organisation)
            if waited is None or waited.since <= now - LAME_SECONDS:
                if len(self._waited) >= _SLOW_MAX:
                    self._waited.clear()
                waited = self._waited[organisation] = _Waited(began)
            waited.seconds += now - began


@dataclass(slots=True)
class _Waited:
    """How long one organisation was waited for, since when."""

    since: float
    seconds: float = 0.0


class Budget:
    """The questions of one mail: so many, and all of them within some seconds."""

    def __init__(self, resolver: Resolver, questions: int, seconds: float) -> None:
        """Begin to count now."""
        self._resolver = resolver
        self._left = questions
        self._end = time.monotonic() + seconds

    def ask(self, question: Question) -> Answer:
        """Ask; what is beyond the budget counts as a failure of the DNS."""
        self._left -= 1
        if self._left < 0:
            return None
        return self._resolver.ask(question, self._end - time.monotonic())


def _is_large(found: dns.resolver.Answer) -> bool:
    try:
        return len(found.response.to_wire(max_size=_WIRE_BYTES_MAX)) > _CACHED_BYTES_MAX
    except dns.exception.TooBig:
        return True


def _text(record: object, kind: Kind) -> str:
    """One record as text: the strings of TXT joined, the host of MX, an address as it is."""
    if kind is Kind.TXT:
        strings: Sequence[bytes] = getattr(record, "strings", ())
        return b"".join(strings)[:_TEXT_CHARACTERS_MAX].decode("ascii", "replace")
    if kind is Kind.MX:
        return str(getattr(record, "exchange", "")).rstrip(".").lower()
    return str(record)
