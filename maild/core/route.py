"""Which mailbox a mail belongs to; its queue follows, and rules may move it on."""

from __future__ import annotations

from maild.core.address import recipient
from maild.core.house import House, Mailbox
from maild.core.mail import Envelope, Mail


def mailbox_of(mail: Mail, envelope: Envelope, house: House) -> Mailbox:
    """Return the first mailbox of ours named in To, then Cc, then the envelope, then by IMAP.

    A mail to two mailboxes is one post in the queue of the first; one that names none of ours
    (Bcc to a catch-all, an alias of the server) belongs to the mailbox it was fetched from, or
    to the first one.
    """
    parsed = mail.parsed
    named = (*(a.addr for a in parsed.to), *(a.addr for a in parsed.cc), *envelope.rcpt_to)
    for address in named[:200]:
        ours = recipient(address, house)
        if ours is not None:
            return ours.mailbox
    return house.mailbox(envelope.mailbox)
