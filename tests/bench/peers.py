"""Help desks that others have written, fed with the same mails: Roundup and django-helpdesk.

They are no part of the project: a Python that has them is named, and each is driven by its own
commands, in a folder of its own, on SQLite. They do less than maild: mails are read from files, no
SMTP stands in front, and what they notify is written to files. What it takes their commands to start
is not counted. Each is set up as fast as its own settings make it: Roundup with the least rounds of
password hashing that it accepts, Django with SQLite's write-ahead log.
"""

from __future__ import annotations

import json
import mailbox
import os
import resource
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.bench.workload import TO, Letter

MAILS_MAX = 1000
"""They are slow, and their rate is steady."""
_ROUNDUP = {
    "mail_domain": "bench.example",
    "mail_host": "localhost",
    "mail_debug": "{folder}/sent",
    "tracker_web": "http://localhost/",
    "tracker_email": "support",
    "nosy_messages_to_author": "new",
    "mailgw_subject_prefix_parsing": "none",
    "mailgw_subject_suffix_parsing": "none",
    "password_pbkdf2_default_rounds": "1000",
}
"""Each new request is acknowledged, and a subject is no command."""
_ROUNDUP_OPEN = "\ndb.security.addPermissionToRole('Anonymous', 'Email Access')\n"
_DJANGO = f"""
INSTALLED_APPS += ["django.contrib.sites", "django.contrib.humanize", "helpdesk"]
SITE_ID = 1
HELPDESK_TEAMS_MODE_ENABLED = False
MEDIA_ROOT = BASE_DIR / "media"
DEFAULT_FROM_EMAIL = "{TO}"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / "sent"
DATABASES["default"]["OPTIONS"] = {{"init_command": "PRAGMA journal_mode=WAL"}}
"""
_DJANGO_URLS = """
from django.urls import include, path

urlpatterns = [path("", include("helpdesk.urls"))]
"""
_QUEUE = {
    "title": "Support",
    "slug": "support",
    "email_address": TO,
    "allow_email_submission": True,
    "email_box_type": "local",
    "email_box_local_dir": "box",
    "email_box_interval": 0,
    "logging_type": "none",
}
_COUNT = "from helpdesk.models import FollowUp, Ticket; print(Ticket.objects.count(), FollowUp.objects.count())"


class PeerError(Exception):
    """A peer that is installed could not be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What a peer made of the mails."""

    name: str
    """And its version."""
    tickets: int
    posts: int
    """New requests and answers: one a mail, if it took them all."""
    seconds: float
    processor: float
    """Processor time, in seconds."""

    @property
    def rate(self) -> float:
        """Mails a second that became posts."""
        return self.posts / self.seconds


class Peer(ABC):
    """A help desk, in a folder of its own."""

    package: ClassVar[str]

    def __init__(self, python: Path, folder: Path) -> None:
        """Make nothing yet."""
        self._python = python
        self._folder = folder

    def version(self) -> str:
        """Return which one that Python has, or nothing."""
        asked = f"import importlib.metadata as m; print(m.version('{self.package}'))"
        found = subprocess.run(
            [self._python, "-c", asked], capture_output=True, text=True, check=False
        )
        return found.stdout.strip()

    def feed(self, letters: Sequence[Letter]) -> Fed:
        """Set it up and let it take all mails.

        Raises PeerError where a command fails, or nothing became a ticket.
        """
        self._folder.mkdir()
        self._set_up()
        self._lay([])
        idle, idle_processor = self._taken()
        self._lay(letters)
        seconds, processor = self._taken()
        tickets, posts = self._made()
        if not tickets or not posts:
            raise PeerError(f"{len(letters)} mails made {tickets} tickets, {posts} posts")
        return Fed(
            name=f"{self.package} {self.version()}",
            tickets=tickets,
            posts=posts,
            seconds=seconds - idle,
            processor=processor - idle_processor,
        )

    def _taken(self) -> tuple[float, float]:
        """Let it take what was laid; return how long it took, and its processor time."""
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        self._take()
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return seconds, used

    def _run(self, *words: str) -> str:
        """Run a command with its Python, and return what it says."""
        ended = subprocess.run(
            [self._python, *words],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise PeerError(ended.stderr.strip().rpartition("\n")[2])
        return ended.stdout

    @abstractmethod
    def _set_up(self) -> None: ...

    @abstractmethod
    def _lay(self, letters: Sequence[Letter]) -> None:
        """Put mails where it takes them from."""

    @abstractmethod
    def _take(self) -> None: ...

    @abstractmethod
    def _made(self) -> tuple[int, int]:
        """Return how many tickets there are, and how many posts."""


class Roundup(Peer):
    """Its mail gateway reads a mailbox file."""

    package = "roundup"

    def _set_up(self) -> None:
        options = ",".join(f"{name}={value}" for name, value in _ROUNDUP.items())
        self._admin("install", "classic", "sqlite", options.format(folder=self._folder))
        with (self._folder / "tracker" / "schema.py").open("a", encoding="utf-8") as schema:
            schema.write(_ROUNDUP_OPEN)
        self._admin("initialise", "bench")

    def _lay(self, letters: Sequence[Letter]) -> None:
        box = mailbox.mbox(self._folder / "mails")
        for letter in letters:
            box.add(letter.raw.replace(b"\r\n", b"\n"))
        box.close()

    def _take(self) -> None:
        place = str(self._folder / "mails")
        self._run("-m", "roundup.scripts.roundup_mailgw", "tracker", "mailbox", place)

    def _made(self) -> tuple[int, int]:
        issues, messages = (self._admin("-s", "list", kind) for kind in ("issue", "msg"))
        return len(issues.split()), len(messages.split())

    def _admin(self, *words: str) -> str:
        return self._run("-m", "roundup.scripts.roundup_admin", "-i", "tracker", *words)


class DjangoHelpdesk(Peer):
    """Its command `get_email` reads the files of a folder."""

    package = "django-helpdesk"

    def _set_up(self) -> None:
        self._run("-m", "django", "startproject", "desk", ".")
        with (self._folder / "desk" / "settings.py").open("a", encoding="utf-8") as settings:
            settings.write(_DJANGO)
        (self._folder / "desk" / "urls.py").write_text(_DJANGO_URLS, encoding="utf-8")
        row = {"model": "helpdesk.queue", "pk": 1, "fields": _QUEUE}
        (self._folder / "queue.json").write_text(json.dumps([row]), encoding="utf-8")
        self._run("manage.py", "migrate")
        self._run("manage.py", "loaddata", "queue.json")

    def _lay(self, letters: Sequence[Letter]) -> None:
        box = self._folder / "box"
        box.mkdir(exist_ok=True)
        for number, letter in enumerate(letters):
            (box / f"{number:06}.eml").write_bytes(letter.raw)

    def _take(self) -> None:
        self._run("manage.py", "get_email", "--quiet")

    def _made(self) -> tuple[int, int]:
        said = self._run("manage.py", "shell", "-v", "0", "-c", _COUNT)
        tickets, posts = said.split()[-2:]
        return int(tickets), int(posts)


PEERS: tuple[type[Peer], ...] = (Roundup, DjangoHelpdesk)
