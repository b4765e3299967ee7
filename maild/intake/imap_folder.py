"""Take what is new in one IMAP folder: journal it, then flag, move or delete it.

    select -> what is new -> sizes -> bodies -> journal and ledger -> after -> confirm

Strategy: the ledger is written in the transaction of the journal, the server is told only after
it, and the ledger is finished only when the server confirmed. So a stop at any arrow is mended by
going through again: each mail is journalled exactly once. A mail that cannot be fetched is tried
last, alone and ever more seldom, so that it never stands in the way of its neighbours.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum

from maild import log
from maild.core.mail import Envelope, Source
from maild.core.oauth import AccessToken
from maild.errors import HostileMail, MaildError, NotAllowed, StoreBusy, TemporaryError
from maild.intake import imap_since
from maild.intake.imap_session import UIDS_PER_COMMAND, Body, Selected, Session, Size
from maild.intake.newlines import canonical
from maild.log import Event
from maild.settings import ImapSettings
from maild.store.ledger import Digest, Ledger, Place
from maild.store.writer import Journal, LedgerKey

GROUP_BYTES_MAX = 2 * 1024 * 1024
"""Mails fetched by one command; a larger one is fetched alone."""
GROUP_MAILS_MAX = 100
UIDS_PER_PASS = 10_000
"""So many new mails are listed at once; the rest is listed afterwards."""
_FULL_LOOK_SECONDS = 3600
_SUSPECT_SECONDS_MAX = 3600
_JOURNAL_SECONDS_MAX = 120
_TELL_SECONDS = 5


class Step(StrEnum):
    """The points between which the daemon may die; tests stop at each."""

    FETCHED = "fetched"
    JOURNALLED = "journalled"
    AFTER_SENT = "after sent"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where mails go, shared by all mailboxes."""

    journal: Journal
    ledger: Ledger
    mail_bytes_max: int
    """A larger mail is left on the server, with a reason in the ledger."""
    on_step: Callable[[Step], None] = lambda _step: None
    access: AccessToken | None = None
    """Gives tokens for mailboxes that are opened by OAuth."""
    holds: Callable[[str], bool] = lambda _mailbox: True
    """Tells whether a mailbox is ours to poll; False while another node does."""
    lets_go: Callable[[str], None] = lambda _mailbox: None
    """Leaves a mailbox to other nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one look through the folder gave."""

    taken: int
    behind: int
    complaint: str
    """What did not work although the mails were taken; empty for nothing."""
    has_more: bool
    """Whether to look again at once."""


@dataclass(slots=True, kw_only=True)
class _Suspicion:
    failures: int
    not_before: float
    """On the monotonic clock."""


class Folder:
    """The folder of one mailbox; lives longer than its connections, used by one thread."""

    def __init__(self, settings: ImapSettings, desk: Desk) -> None:
        """Start knowing nothing but what the ledger knows."""
        self._settings = settings
        self._desk = desk
        self._suspects: dict[int, _Suspicion] = {}
        self._place: Place | None = None
        self._settled_below = 0
        self._full_look_at = 0.0
        self._told_at = 0.0

    def look(self, session: Session) -> Tally:
        """Take everything new. Raises `MaildError`; what was taken until then is safe."""
        selected = session.select()
        place, first = self._begin(session, selected)
        self._renew(place)
        new = self._new(session, selected, first)
        taken = 0
        for group in self._groups(session, place, new):
            taken += self._take(session, place, group)
            self._finish(session, selected, place)
            self._tell(place, len(new) - taken)
        complaint = self._finish(session, selected, place)
        behind = len(self._suspects)
        self._desk.ledger.note_success(place.mailbox, behind, complaint)
        has_more = len(new) >= UIDS_PER_PASS or session.has_news
        return Tally(taken=taken, behind=behind, complaint=complaint, has_more=has_more)

    def forget_position(self) -> None:
        """Look at everything again in the next look, as after a lost connection."""
        self._full_look_at = 0.0

    def _begin(self, session: Session, selected: Selected) -> tuple[Place, int]:
        """The place in its present numbering, and the first UID that is ours."""
        settings, ledger = self._settings, self._desk.ledger
        place = Place(
            mailbox=settings.mailbox, folder=settings.folder, uidvalidity=selected.uidvalidity
        )
        state = ledger.state(place.mailbox)
        if state is None or not state.uidvalidity or state.folder != place.folder:
            beginning = imap_since.at_first(session, selected, settings.since)
        elif state.uidvalidity == place.uidvalidity:
            return place, state.first_uid
        else:
            log.event(Event.MAILBOX_RENUMBERED, mailbox=place.mailbox, folder=place.folder)
            since = imap_since.began_at(ledger, state)
            beginning = imap_since.after_renumbering(session, selected, settings.since, since)
        reason = "was there before us"
        ledger.begin(place, beginning.first_uid, beginning.left_alone, reason)
        return place, beginning.first_uid

    def _renew(self, place: Place) -> None:
        """Forget what belongs to another numbering; now and then look at everything again."""
        if place != self._place:
            self._place = place
            self._suspects.clear()
            self._full_look_at = 0.0
        if time.monotonic() >= self._full_look_at:
            self._settled_below = 0
            self._full_look_at = time.monotonic() + _FULL_LOOK_SECONDS

    def _new(self, session: Session, selected: Selected, first: int) -> list[int]:
        """UIDs that the ledger does not know; suspects stand last."""
        place = self._place
        assert place is not None
        new: list[int] = []
        for window in session.uids(selected, max(first, self._settled_below)):
            known = self._desk.ledger.known(place, window)
            new += [uid for uid in window if uid not in known and uid not in self._suspects]
            self._settled_below = max(self._settled_below, *(uid + 1 for uid in window[-1:]), 0)
            if len(new) >= UIDS_PER_PASS:
                break
        now = time.monotonic()
        return new + [uid for uid, item in self._suspects.items() if item.not_before <= now]

    def _tell(self, place: Place, behind: int) -> None:
        """Note how far behind we are, not too often: each note is a transaction."""
        if time.monotonic() >= self._told_at + _TELL_SECONDS:
            self._told_at = time.monotonic()
            self._desk.ledger.note_behind(place.mailbox, max(behind, 0))

    def _groups(
        self, session: Session, place: Place, new: Sequence[int]
    ) -> Iterator[tuple[Size, ...]]:
        """Ask sizes, leave what is too large, and put together what is fetched together."""
        for start in range(0, len(new), UIDS_PER_COMMAND):
            part = new[start : start + UIDS_PER_COMMAND]
            sizes = self._sizes(session, place, part)
            for gone in set(part) - {size.uid for size in sizes}:
                self._suspects.pop(gone, None)
            fitting = [size for size in sizes if not self._is_left(place, size)]
            yield from grouped([size for size in fitting if size.uid not in self._suspects])
            yield from ((size,) for size in fitting if size.uid in self._suspects)

    def _sizes(self, session: Session, place: Place, uids: Sequence[int]) -> tuple[Size, ...]:
        """Ask together; when the server refuses because of one of them, ask one by one."""
        try:
            return session.sizes(uids)
        except NotAllowed:
            sizes: list[Size] = []
            for uid in uids:
                try:
                    sizes += session.sizes([uid])
                except NotAllowed as error:
                    self._suspect(place, [uid], error)
                    sizes.append(Size(uid=uid, size=0))
            return tuple(sizes)

    def _is_left(self, place: Place, size: Size) -> bool:
        if size.size <= self._desk.mail_bytes_max:
            return False
        self._pass_over(place, size.uid, f"{size.size} bytes: over limits.imap_fetch")
        return True

    def _pass_over(self, place: Place, uid: int, reason: str) -> None:
        self._desk.ledger.pass_over(place, uid, reason)
        self._suspects.pop(uid, None)
        log.event(Event.MAIL_REFUSED, mailbox=place.mailbox, uid=uid, reason=reason)

    def _take(self, session: Session, place: Place, group: Sequence[Size]) -> int:
        uids = [size.uid for size in group]
        expected = max(sum(size.size for size in group), self._desk.mail_bytes_max)
        try:
            bodies = session.bodies(uids, expected)
        except MaildError as error:
            self._suspect(place, uids, error)
            raise
        self._desk.on_step(Step.FETCHED)
        self._journal(place, [body for body in bodies if not self._is_swollen(place, body)])
        self._desk.on_step(Step.JOURNALLED)
        for uid in uids:
            self._suspects.pop(uid, None)
        return len(bodies)

    def _is_swollen(self, place: Place, body: Body) -> bool:
        """RFC822.SIZE is a guess on some servers."""
        return self._is_left(place, Size(uid=body.uid, size=len(body.raw)))

    def _suspect(self, place: Place, uids: Sequence[int], error: BaseException) -> None:
        """Try these last and alone; one that is twice more than it said is left for good."""
        for uid in uids:
            item = self._suspects.setdefault(uid, _Suspicion(failures=0, not_before=0.0))
            item.failures += len(uids) == 1
            wait = min(2.0**item.failures, _SUSPECT_SECONDS_MAX) if item.failures > 1 else 0.0
            item.not_before = time.monotonic() + wait
            if isinstance(error, HostileMail) and item.failures > 1:
                self._pass_over(place, uid, f"the server sends more than it said: {error}")

    def _journal(self, place: Place, bodies: Sequence[Body]) -> None:
        """Make mails durable, each of them once."""
        raws = {body.uid: canonical(body.raw) for body in bodies}
        digests = [
            Digest(uid=uid, sha256=hashlib.sha256(raw).hexdigest()) for uid, raw in raws.items()
        ]
        recognised = self._desk.ledger.recognise(place, digests)
        firsts = {item.sha256: item for item in reversed(digests) if item.uid not in recognised}
        wanted = sorted(firsts.values(), key=lambda item: item.uid)
        futures = [
            self._desk.journal.append(
                Envelope(source=Source.IMAP, mailbox=place.mailbox),
                raws[item.uid],
                LedgerKey(
                    mailbox=place.mailbox,
                    folder=place.folder,
                    uidvalidity=place.uidvalidity,
                    uid=item.uid,
                ),
            )
            for item in wanted
        ]
        self._await(place, zip(wanted, futures, strict=True))
        twins = [item for item in digests if firsts.get(item.sha256, item) is not item]
        self._desk.ledger.recognise(place, twins)

    def _await(self, place: Place, waiting: Iterable[tuple[Digest, Future[int]]]) -> None:
        """Wait until all are durable; one that the store can never take is tried alone, later."""
        errors = []
        for item, future in waiting:
            try:
                error = future.exception(timeout=_JOURNAL_SECONDS_MAX)
            except TimeoutError as trouble:
                raise StoreBusy("the journal did not answer in time") from trouble
            if error is None:
                continue
            errors.append(error)
            if not isinstance(error, TemporaryError):
                self._suspect(place, [item.uid], error)
        if errors:
            raise errors[0]

    def _finish(self, session: Session, selected: Selected, place: Place) -> str:
        """Flag, move or delete what is durable; return the server's words when it refuses.

        A refusal does not keep new mail from being taken; it is tried again at the next look.
        """
        while uids := self._desk.ledger.unfinished(place, UIDS_PER_COMMAND):
            try:
                self._after(session, selected, uids)
            except NotAllowed as error:
                gone = set(uids) - {size.uid for size in session.sizes(uids)}
                if not gone:
                    return str(error)
                uids = tuple(sorted(gone))  # some servers refuse what is not there any more
            self._desk.on_step(Step.AFTER_SENT)
            self._desk.ledger.confirm(place, uids)
            self._desk.on_step(Step.CONFIRMED)
        return ""

    def _after(self, session: Session, selected: Selected, uids: Sequence[int]) -> None:
        after, _, target = self._settings.after.partition(":")
        if after == "move":
            session.move(uids, target)
        elif after == "delete":
            session.delete(uids)
        else:
            session.flag(uids, keyword=selected.keeps_keyword)


def grouped(sizes: Sequence[Size]) -> Iterator[tuple[Size, ...]]:
    """Put neighbours together up to `GROUP_BYTES_MAX` and `GROUP_MAILS_MAX`."""
    group: list[Size] = []
    total = 0
    for size in sizes:
        if group and (total + size.size > GROUP_BYTES_MAX or len(group) >= GROUP_MAILS_MAX):
            yield tuple(group)
            group, total = [], 0
        group.append(size)
        total += size.size
    if group:
        yield tuple(group)
