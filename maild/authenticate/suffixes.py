"""Which domain does an organisation register? The list of public suffixes [publicsuffixlist]."""

from __future__ import annotations

from functools import cache, lru_cache

try:
    from publicsuffixlist import PublicSuffixList
except ImportError:
    IS_THERE = False
else:
    IS_THERE = True


@lru_cache(maxsize=10_000)
def organisation_of(domain: str) -> str:
    """Return the organisational domain (RFC 7489 §3.2); a public suffix has only itself."""
    return str(_list().privatesuffix(domain) or domain)


@cache
def _list() -> PublicSuffixList:
    """Return the list that came with the package; nothing is fetched."""
    return PublicSuffixList()
