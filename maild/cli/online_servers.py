"""`maild check --online`: the servers that mail comes from and goes to, tokens, clock and disk."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from maild.access import Access, State
from maild.cli.looked import Looked, failed, ok, warning
from maild.cli.room import room
from maild.core.oauth import WARN_BEFORE, AccessToken
from maild.errors import MaildError, NotAllowed
from maild.intake.imap_session import Session, Waits
from maild.intake.imap_wire import Cord
from maild.oauth.post import Answer, post
from maild.outbox.send import Relay, Timeouts
from maild.settings import ImapSettings, RelaySettings, Settings

TIMEOUTS = Timeouts(connect_seconds=10, command_seconds=30)
CLOCK_OFF = timedelta(seconds=5)


class Clocks:
    """Asks providers as `post` does, and keeps what their answers say of the time."""

    def __init__(self) -> None:
        """Start without an answer."""
        self.off: dict[str, timedelta] = {}

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Ask; raises `ServerAway`."""
        begun = datetime.now(UTC)
        answer = post(url, form)
        if answer.date is not None:
            # The answer was dated between question and arrival, and cut to whole seconds.
            middle = begun + (datetime.now(UTC) - begun) / 2
            self.off[url.split("/")[2]] = answer.date + timedelta(seconds=0.5) - middle
        return answer


def tokens(known: Settings, access: Access | None) -> Iterator[Looked]:
    """Ask every provider for a token, and say what ends soon."""
    if access is None:
        return
    for name, user in known.oauth_users:
        about = f"oauth {name} for {user}"
        try:
            access.token(name, user)
        except NotAllowed as error:
            yield failed(about, str(error), "maild mailbox authorize MAILBOX, or mend [[oauth]]")
            continue
        except MaildError as error:
            yield failed(about, str(error), "look at the network, and at token_url")
            continue
        access.look([(name, user)])
        yield expiry(about, access.states()[0], datetime.now(UTC))


def expiry(about: str, state: State, now: datetime) -> Looked:
    """Say when a login ends."""
    if state.expires_at is None:
        return ok(about, "it gives tokens; nobody knows an end of it")
    words = f"{state.why_expires} ends on {state.expires_at:%F}"
    if state.expires_at <= now:
        return failed(about, f"it gives tokens, but {words}", "make a new one: see README, OAuth2")
    if state.expires_at - now <= WARN_BEFORE:
        todo = "make a new secret and write its `expires`, or authorise anew"
        return warning(about, f"it gives tokens; {words}", todo)
    return ok(about, f"it gives tokens; {words}")


def mailboxes(known: Settings, access: AccessToken | None) -> Iterator[Looked]:
    """Log in to every mailbox and open its folder; nothing is changed there."""
    for box in known.imap:
        yield _mailbox(box, access)


def relays(known: Settings, access: AccessToken | None) -> Iterator[Looked]:
    """Greet every relay, encrypt, log in; nothing is sent."""
    named = (("", known.relay), *known.mailbox_relays)
    for settings in dict.fromkeys(relay for _, relay in named):
        yield _relay(settings, access)


def clock(off: Mapping[str, timedelta]) -> Looked:
    """Compare our clock with those of servers that were asked anyway."""
    if not off:
        return ok("clock", "not compared: no server that was asked tells its time")
    host, most = max(off.items(), key=lambda one: abs(one[1]))
    seconds = most.total_seconds()
    if abs(most) > CLOCK_OFF:
        words = f"it differs by {seconds:+.0f} s from {host}: deadlines and mails bear wrong times"
        return failed("clock", words, "let systemd-timesyncd or chrony set it")
    return ok("clock", f"as {host} has it, to {abs(seconds):.0f} s")


def disk(known: Settings) -> Looked:
    """Is there room for the mail to come?"""
    found = room(known)
    words = f"{_mb(found.free)} of {_mb(found.total)} are free in {found.folder}"
    todo = "make room, or set [retention]"
    if found.is_short:
        words = f"{words}, and {_mb(found.wanted)} are wanted: mail is refused"
        return failed("disk", words, todo)
    if found.free < max(2 * found.wanted, found.total // 20):
        return warning("disk", f"{words}; below {_mb(found.wanted)} mail is refused", todo)
    return ok("disk", words)


def _mb(size: int) -> str:
    return f"{size // 1_000_000} MB"


def _mailbox(box: ImapSettings, access: AccessToken | None) -> Looked:
    about = f"mailbox {box.mailbox} at {box.host}:{box.port}"
    try:
        session = Session(box, Waits(), Cord(), access)
    except NotAllowed as error:
        todo = "look at user and password, and whether the provider lets IMAP in"
        return failed(about, f"it does not let {box.user} in: {error}", todo)
    except MaildError as error:
        return failed(about, f"it cannot be reached: {error}", "look at host, port and tls")
    try:
        selected = session.select()
    except MaildError as error:
        return failed(about, f"{box.folder} cannot be opened: {error}", "look at folder")
    finally:
        session.close()
    return ok(about, f"{box.user} is let in; {selected.exists} mails in {box.folder}")


def _relay(settings: RelaySettings, access: AccessToken | None) -> Looked:
    if settings.scheme == "maildir":
        words = f"mail is written to {settings.path}: nothing leaves this machine"
        return warning("relay", words, "set [relay] url when customers are to get answers")
    about = f"relay {settings.host}:{settings.port}"
    out = Relay(settings, local_hostname=socket.gethostname(), timeouts=TIMEOUTS, access=access)
    trouble = out.greet()
    out.close()
    if trouble:
        return failed(about, trouble, "look at [relay] url, user and password; then at the relay")
    how = f"{settings.user} is let in" if settings.user else "it wants no login"
    return ok(about, f"it answers; {how}; nothing was sent")
