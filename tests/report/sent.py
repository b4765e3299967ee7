"""The report of the last week of a simulation that was kept: sent, looked at and read.

    make simulate OPTIONS="--keep FOLDER"
    .venv/bin/python -m tests.report.sent FOLDER OUT

The clock rings on the Monday after; the mails go through the real outbox into a Maildir in OUT.
The first one is rendered in Chromium, at two widths, and read as text in mutt.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as hours
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from maild import settings
from maild.core.token import Keys
from maild.delivery import Delivery
from maild.furnish import office_of
from maild.handle import Office
from maild.reporting import Reporter
from maild.settings import RelaySettings
from maild.simulation import kept
from maild.store.database import open_database
from tests.flows import mutt
from tests.pages.browser import Looks, chromium, open_page

WIDTHS = (360, 900)
_EIGHT = timedelta(hours=8)


@contextmanager
def office_after(folder: Path, out: Path) -> Iterator[Office]:
    """Open a copy of a kept house, on the Monday after its last week at eight."""
    said = json.loads((folder / kept.SAID).read_text())
    known = settings.load(folder / "config.toml", environ={})
    place = ZoneInfo(known.house.zone)
    last = date.fromisoformat(said["began"]) + timedelta(days=int(said["days"]))
    monday = last - timedelta(days=last.weekday())
    now = datetime.combine(monday, hours(), place) + _EIGHT
    shutil.copyfile(folder / kept.FILE, out / "maild.db")
    database = open_database(f"sqlite:///{out / 'maild.db'}")
    relay = RelaySettings(scheme="maildir", path=out / "sent")
    try:
        office = office_of(known, database, Keys(current=0, by_id={0: bytes(32)}))
        yield replace(office, relays={"": relay}, now=lambda: now)
    finally:
        database.close()


def sent(office: Office) -> list[EmailMessage]:
    """Let the clock ring and the outbox send; return the mails that went out."""
    Reporter(lambda: office).ring()
    Delivery(lambda: office, "report", "report.example").step()
    folder = office.relays[""].path
    assert folder is not None
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    return [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]


def page(message: EmailMessage) -> str:
    """Return the HTML of a mail, its pictures within it."""
    body = message.get_body(("html",))
    assert body is not None
    html = str(body.get_content())
    for part in message.walk():
        if part["Content-ID"]:
            data = base64.b64encode(part.get_content()).decode()
            name = str(part["Content-ID"]).strip("<>")
            html = html.replace(f"cid:{name}", f"data:image/png;base64,{data}")
    return html


def photograph(html: str, out: Path) -> list[Path]:
    """Render a mail at each width; return the pictures."""
    file = out / "mail.html"
    file.write_text(html, "utf-8")
    pictures = []
    with chromium() as browser:
        for width in WIDTHS:
            with open_page(browser, Looks(width=width)) as seen:
                seen.page.goto(file.as_uri())
                seen.settle()
                assert not seen.is_too_wide(), width
                assert seen.trouble == []
                pictures.append(out / f"weekly-report-{width}.png")
                seen.page.screenshot(path=pictures[-1], full_page=True)
    return pictures


def main(folder: Path, out: Path) -> int:
    """Send, photograph and read; print where what is."""
    out.mkdir(parents=True)
    with office_after(folder, out) as office:
        mails = sent(office)
    for picture in photograph(page(mails[0]), out):
        print(picture)
    text = mutt.text_of(out / "sent", out / "weekly-report.txt")
    print(f"{len(mails)} mails in {out / 'sent'}; the first one, as mutt shows it:\n\n{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve()))
