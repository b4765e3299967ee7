"""Our own SPF, DKIM, DMARC and ARC: who may speak for a domain?

Strategy: the reader's child has worked out what is signed (`core/dkim.py`); here are the questions
to the DNS, in a few threads beside the line, each mail with a budget. What comes out is one text,
the value of an Authentication-Results field (RFC 8601), which is stored with the mail: whatever is
decided later, or decided again, is decided from it. A DNS that fails is a temporary error, which
proves nothing and accuses nobody.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from maild.authenticate import keys, resolver, suffixes
from maild.authenticate.resolver import Budget, Resolver
from maild.authenticate.shares import Shares, client_of
from maild.core import authresults, dkim, dmarc, spf
from maild.core.authresults import Verdict
from maild.core.dmarc import Check, Findings, Signed
from maild.core.mail import Envelope, Mail, Seal, Signature
from maild.core.spf import Kind, Question, SpfResult
from maild.errors import ConfigError, Problem
from maild.settings import AuthenticateSettings

THREADS = 16
"""They wait for the DNS nearly all their time."""


def missing() -> str:
    """Return which packages of the extra `auth` are not installed; empty when all are."""
    there = {
        "dnspython": resolver.IS_THERE,
        "cryptography": keys.IS_THERE,
        "publicsuffixlist": suffixes.IS_THERE,
    }
    return ", ".join(name for name, is_there in there.items() if not is_there)


class Authenticator:
    """Checks mails side by side; safe for threads."""

    def __init__(self, settings: AuthenticateSettings, writer: str) -> None:
        """Sign what is found with `writer`; ConfigError when the extra is not installed."""
        if missing():
            words = f"[smtp] authenticate needs {missing()}: install maild[auth]"
            raise ConfigError((Problem(file="[smtp]", line=0, text=words),))
        self.settings = settings
        self._writer = writer
        self._resolver = Resolver(settings.nameservers)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="authenticate")
        self._shares = Shares(self._pool, settings.seconds)
        self._ours = tuple(ipaddress.ip_network(text) for text in settings.trusted_clients)

    def submit(self, mail: Mail, envelope: Envelope, received_at: datetime) -> Future[str]:
        """Have a mail checked; the future gives the evidence.

        What servers of ours forward is everybody's mail, and has no share.
        """
        if self._is_ours(envelope.client):
            return self._pool.submit(self.check, mail, envelope, received_at)
        work = partial(self.check, mail, envelope, received_at)
        return self._shares.submit(client_of(envelope.client), work)

    def close(self) -> None:
        """Begin no more checks; those under way end by their deadline."""
        self._shares.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def check(self, mail: Mail, envelope: Envelope, received_at: datetime) -> str:
        """Check a mail now and return the evidence; takes `settings.seconds` at most."""
        limits = self.settings
        budget = Budget(self._resolver, limits.lookups, limits.seconds)
        domain = _domain_of(mail.identity)
        texts = self._policy_texts(budget, domain) if domain else ()
        is_ours = self._is_ours(envelope.client)
        result, asked = (SpfResult.NONE, "") if is_ours else _spf(budget, envelope)
        at = int(received_at.timestamp())
        signed = [_keyed(budget, one, at) for one in mail.signatures]
        found = Findings(
            domain=domain,
            policy=dmarc.policy(texts or ()),
            policy_failed=texts is None,
            spf=result,
            spf_domain=asked,
            signed=tuple(_signed(one) for one in signed),
            sealer=_sealer(budget, mail.seals, domain, limits.sealers) if domain else "",
            is_forwarded_by_us=is_ours,
        )
        return dmarc.field(found, self._writer, suffixes.organisation_of)

    def _policy_texts(self, budget: Budget, domain: str) -> spf.Answer:
        """The DMARC record of the domain, else of its organisation (RFC 7489 §6.6.3)."""
        for name in dict.fromkeys((domain, suffixes.organisation_of(domain))):
            texts = budget.ask(Question(f"_dmarc.{name}", Kind.TXT))
            if texts is None or dmarc.policy(texts) is not None:
                return texts
        return ()

    def _is_ours(self, client: str) -> bool:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._ours)


@dataclass(frozen=True, slots=True)
class _Keyed:
    """One signature together with what its key said."""

    signature: Signature
    result: Check
    why: str


def _domain_of(identity: str) -> str:
    """The domain of From in ASCII; empty for nobody, and for names that the DNS does not know."""
    domain = identity.rpartition("@")[2]
    return domain if domain.isascii() and "." in domain else ""


def _spf(budget: Budget, envelope: Envelope) -> tuple[SpfResult, str]:
    """Return the result and the domain that was asked about."""
    asking = spf.check(envelope.client, envelope.helo, envelope.mail_from)
    about = envelope.mail_from or envelope.helo
    domain = about.rpartition("@")[2].lower().rstrip(".")
    try:
        question = next(asking)
        while True:
            question = asking.send(budget.ask(question))
    except StopIteration as end:
        return SpfResult(end.value), domain


def _keyed(budget: Budget, one: Signature, at: int) -> _Keyed:
    """Look the key up and try it."""
    if one.problem:
        return _Keyed(one, Check.FAIL, one.problem)
    if one.expires is not None and one.expires < at:
        return _Keyed(one, Check.FAIL, "expired")
    name = f"{one.selector}._domainkey.{one.domain}"
    texts = budget.ask(Question(name, Kind.TXT))
    if texts is None:
        return _Keyed(one, Check.TEMPERROR, "the key could not be looked up")
    key, problem = dkim.public_key(texts, one.algorithm)
    if problem:
        return _Keyed(one, Check.PERMERROR, problem)
    problem = keys.problem(key, one.algorithm, one.digest, one.value)
    return _Keyed(one, Check.FAIL if problem else Check.PASS, problem)


def _signed(one: _Keyed) -> Signed:
    names = one.signature
    return Signed(domain=names.domain, selector=names.selector, result=one.result, why=one.why)


def _sealer(budget: Budget, seals: Sequence[Seal], domain: str, listed: Sequence[str]) -> str:
    """Return a listed sealer who saw a pass for the domain, if the whole chain holds.

    Only the newest sets count, as far as every one of them is of a listed sealer: behind the first
    stranger the mail may have become anybody's (RFC 8617 §5.2, and §9.2 about trust).
    """
    if not seals or seals[-1].seal.domain not in listed:
        return ""
    signed = [seals[-1].message, *(one.seal for one in reversed(seals))]
    if any(_keyed(budget, one, 0).result is not Check.PASS for one in signed):
        return ""
    for one in reversed(seals):
        if one.seal.domain not in listed:
            break
        if authresults.verdict([one.results], domain) is Verdict.PASS:
            return one.seal.domain
    return ""
