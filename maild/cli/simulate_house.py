"""The house that is simulated where no config is given: twelve agents, three queues."""

from __future__ import annotations

import shutil
from pathlib import Path

from maild import settings
from maild.settings import Settings

_HOUSE = """\
[maild]
name = "Example"
domain = "example.com"

[relay]
url = "maildir:never-written"

[report]
every = "week"
{boxes}
[[calendar]]
name = "office"
zone = "Europe/Berlin"
hours = {{ {days}, fri = "08:00-15:00" }}
holidays = "DE-BE"

[[calendar]]
name = "late"
zone = "Europe/Berlin"
hours = {{ {late}, fri = "11:00-20:00", sat = "10:00-14:00" }}
holidays = "DE-BE"
{agents}
[[sla]]
name = "enterprise"
match = 'customer.segment == "enterprise"'
calendar = "late"
first_response = {{ urgent = "30m", high = "1h", normal = "2h", low = "4h" }}
next_response = "4h"
resolution = "20h"
warn_at = ["80%"]

[[sla]]
name = "paid"
match = 'customer.segment == "paid"'
calendar = "office"
first_response = {{ urgent = "1h", high = "2h", normal = "4h", low = "8h" }}
next_response = "8h"
resolution = "40h"
warn_at = ["80%"]

[[sla]]
name = "free"
calendar = "office"
first_response = "9h"
resolution = "90h"
"""
_BOX = """
[[mailbox]]
name = "{title}"
address = "{name}@example.com"
queue = "{name}"

[[queue]]
name = "{name}"
lead = "{lead}1@example.com"
"""
_AGENT = """
[[agent]]
address = "{queue}{n}@example.com"
name = "{title} {n}"
queues = ["{queue}"]
tier = {tier}
languages = {languages}
calendar = "{calendar}"
"""
_RULES = """\
[[rule]]
name = "what is urgent"
on   = "ticket.created"
when = 'mail.subject.startsWith("urgent")'
do   = [ { priority = "urgent" } ]

[[rule]]
name = "what is important"
on   = "ticket.created"
when = 'mail.subject.startsWith("important")'
do   = [ { priority = "high" } ]

[[rule]]
name = "everybody has the same"
on   = "ticket.created"
do   = [ { assign = "least-loaded" } ]
"""
AGENTS = {"support": 6, "billing": 4, "sales": 2}
_LANGUAGES = ('["en", "de"]', '["en", "fr"]', '["en", "es"]')


def built_in(folder: Path) -> Settings:
    """Write the house into a folder and read it; it has the shipped rules and three more."""
    boxes = "".join(_BOX.format(name=q, title=q.title(), lead=q) for q in AGENTS)
    agents = "".join(
        _agent(queue, n) for queue, most in AGENTS.items() for n in range(1, most + 1)
    )
    shutil.copytree(settings.shipped("rules"), folder / "rules")
    (folder / "rules" / "15-simulated.toml").write_text(_RULES)
    file = folder / "config.toml"
    file.write_text(
        _HOUSE.format(
            boxes=boxes, agents=agents, days=_days("08:00-17:00"), late=_days("11:00-20:00")
        )
    )
    return settings.load(file, environ={})


def _days(hours: str) -> str:
    """The same hours from Monday to Thursday."""
    return ", ".join(f'{day} = "{hours}"' for day in ("mon", "tue", "wed", "thu"))


def _agent(queue: str, n: int) -> str:
    return _AGENT.format(
        queue=queue,
        title=queue.title(),
        n=n,
        tier=1 + (n % 2 == 0),
        languages=_LANGUAGES[n % 3],
        calendar="late" if n % 3 == 0 else "office",
    )
