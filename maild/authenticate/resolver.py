"""Questions to the DNS, bounded in time and number; a failure is not nothing [dnspython].

Answers are kept as long as they say they hold, large ones not at all, and what is kept is always
told. A name that could not be looked up is left alone for a while, so that many mails with one
lame domain wait for it once. An organisation whose names keep silent is waited for so long and no
longer, so that nobody holds up everybody else's mail by names that are new each time. Any answer
is an answer, also that there is no such name: whoever sends mail chooses what is asked, and must
not be able to choose a domain whose proof is then not looked for.
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
"""So long all threads together wait in vain for one organisation within `LAME_SECONDS`."""
_CACHED_MAX = 2000
_CACHED_BYTES_MAX = 2048
"""A larger answer is not kept: whoever sends mail chooses what is asked, and what is answered."""
_WIRE_BYTES_MAX = 65_535
_LAME_MAX = 2000
_SILENT_MAX = 2000
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
        self._in_vain: dict[str, _Waited] = {}
        self._door = threading.Lock()

    def ask(self, question: Question, seconds: float) -> Answer:
        """Return the texts of the records, none, or None when nobody could say in time."""
        counted = _counted(question.name)
        is_left_alone = self._is_lame(question) or self._is_silent(counted)
        began = time.monotonic()
        try:
            return self._looked_up(question, 0 if is_left_alone else min(seconds, TRY_SECONDS))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            waited = time.monotonic() - began
            if waited >= TRY_SECONDS / 2:
                self._note_silence(counted, waited)
                self._note_lame(question)
            elif not isinstance(error, dns.exception.Timeout):
                self._note_lame(question)
            return None

    def _looked_up(self, question: Question, seconds: float) -> Answer:
        """Return what is kept, else ask for so long; without time that ends in a Timeout."""
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

    def _is_silent(self, counted: str) -> bool:
        """Tell whether an organisation was waited for in vain long enough lately."""
        with self._door:
            waited = self._in_vain.get(counted)
        if waited is None or waited.since <= time.monotonic() - LAME_SECONDS:
            return False
        return waited.seconds >= PATIENCE_SECONDS

    def _note_silence(self, counted: str, seconds: float) -> None:
        now = time.monotonic()
        with self._door:
            waited = self._in_vain.get(counted)
            if waited is None or waited.since <= now - LAME_SECONDS:
                if len(self._in_vain) >= _SILENT_MAX:
                    self._in_vain.clear()
                waited = self._in_vain[counted] = _Waited(now - seconds)
            waited.seconds += seconds


@dataclass(slots=True)
class _Waited:
    """How long one organisation was waited for in vain, since when."""

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


def _counted(name: str) -> str:
    """Return under what a silence counts: the organisation's own names, or all below them.

    Its own are what its own mail needs: itself, its policy, its keys. A forgotten subdomain whose
    servers are gone, or one that was given to somebody else, takes nothing from these.
    """
    organisation = organisation_of(name)
    asked = name.lower().rstrip(".")
    is_own = asked in {organisation, f"_dmarc.{organisation}"}
    if is_own or asked.endswith(f"._domainkey.{organisation}"):
        return organisation
    return f"*.{organisation}"


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
