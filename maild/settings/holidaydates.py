"""Public holidays by country and region [holidays].

The library knows them by code; here they become plain dates, a year at a time, when a calendar
first asks for that year. The library is loaded with the first calendar that names a region.
"""

from __future__ import annotations

import warnings
from datetime import date
from functools import lru_cache, partial

from maild.core.calendar import Holidays
from maild.settings.problems import nearest

YEAR_FIRST, YEAR_LAST = 1950, 2200
"""No holidays are known outside: what a law will say by then is nobody's to tell."""
_YEARS_KEPT = 2048
_CODE_LETTERS_MAX = 3


def wrong_region(region: str) -> str:
    """Return what is wrong with `COUNTRY` or `COUNTRY-REGION`; empty when holidays are known."""
    import holidays  # noqa: PLC0415

    country, _, part = region.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        return f"no holidays are known for {country!r}{nearest(country, known)}"
    if not part or part in known[country]:
        return ""
    parts = sorted(name for name in known[country] if len(name) <= _CODE_LETTERS_MAX)
    hint = f"; known are {', '.join(parts)}" if parts else "; write the country alone"
    return f"no holidays are known for the region {part!r} of {country!r}{hint}"


@lru_cache
def of_region(region: str) -> Holidays:
    """Return the holidays of a region that is known; the same value for the same region."""
    return partial(_dates, region)


@lru_cache(maxsize=_YEARS_KEPT)
def _dates(region: str, year: int) -> frozenset[date]:
    """Return the public holidays of one year, days off in lieu included."""
    return _of_year(region, year) if YEAR_FIRST <= year <= YEAR_LAST else frozenset()


def _of_year(region: str, year: int) -> frozenset[date]:
    """Ask the library about a region that is known.

    It warns of years for which a country has not yet told all dates: those that are told count.
    """
    import holidays  # noqa: PLC0415

    country, _, part = region.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
