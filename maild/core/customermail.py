"""A mail from outside: it joins its ticket when the proof allows it, or opens a new one."""

from __future__ import annotations

from maild.core import heading, machinenotice, naming, newcomers, proof, ruling, subject
from maild.core.address import ADDRESS_BYTES_MAX
from maild.core.created import created
from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.invitation import invitation
from maild.core.mail import Mail, Source
from maild.core.quick import replace
from maild.core.reason import Reason, Why
from maild.core.rule import RuleEvent
from maild.core.scene import Scene
from maild.core.thread import By, Found
from maild.core.ticket import (
    Customer,
    Move,
    Participant,
    Post,
    PostKind,
    Role,
    State,
    Ticket,
    moved,
    next_state,
)
from maild.core.token import Purpose
from maild.core.trust import Answer, Deed, Level, Standing, may

KEYS_MAX = 100
KEY_BYTES_MAX = 998
"""A longer Message-ID stands on no line (RFC 5322 §2.1.1), and in no index of PostgreSQL."""
THREAD_INDEX_CHARACTERS_MIN = 30


def decide(scene: Scene, found: Found | None, level: Level) -> Decision:
    """Decide about a customer's mail; `found` is the ticket it points at, `level` its proof."""
    start = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.TRUST, detail=level.label),),
        trust=level.label,
    )
    if level is Level.FAILED:
        return replace(start, outcome=Outcome.HELD, reasons=(*start.reasons, _false(scene)))
    if not sender(scene.mail):
        reason = Reason(why=Why.NO_SENDER, detail=scene.mail.parsed.from_defect or "no From")
        return replace(start, outcome=Outcome.HELD, reasons=(*start.reasons, reason))
    if _is_blocked(scene, level) and not _goes_on(found, level):
        reason = Reason(why=Why.BLOCKED, detail="a ticket of the sender's is marked as spam")
        return replace(start, outcome=Outcome.HELD, reasons=(*start.reasons, reason))
    start = ruling.run(scene, start, RuleEvent.MAIL_RECEIVED, level)
    if start.outcome is not Outcome.POSTED:
        return start
    if found is None:
        return _open(scene, start, level, Reason(why=Why.NEW_TICKET, detail="it answers nothing"))
    return _join(scene, start, level, found)


def automatic(scene: Scene, found: Found, level: Level) -> Decision:
    """Put a machine's mail on the ticket it answers; it is nobody's action.

    It must prove as much as a person's; the token of our return path is enough, since machines
    answer to it (RFC 3834 §4). One that proves too little is held.
    """
    ticket = found.view.ticket
    start = Decision(
        outcome=Outcome.POSTED,
        reasons=(Reason(why=Why.TRUST, detail=level.label),),
        trust=level.label,
    )
    start = ruling.run(scene, start, RuleEvent.MAIL_RECEIVED, level)
    if start.outcome is not Outcome.POSTED:
        return start
    kind = scene.mail.classification.kind
    level = _known(scene, found, level)
    if not _may_add_automatic(scene, found, level):
        words = f"{kind} for #{ticket.number}, but {level.label} proves too little"
        reason = Reason(why=Why.LINKED_UNPROVEN, detail=words)
        return replace(start, outcome=Outcome.HELD, reasons=(*start.reasons, reason))
    post = post_of(scene, PostKind.AUTO, found.view.post_count + 1, level)
    reason = Reason(why=Why.AUTOMATIC, detail=f"{kind} on #{ticket.number}")
    decision = replace(
        start,
        reasons=(*start.reasons, reason),
        before=ticket,
        after=moved(ticket, Move.SILENT, scene.snapshot.now),
        thread_by=found.by,
        posts=(post,),
        keys=keys_of(scene.mail),
        events=_events(ticket, ticket, post),
    )
    return machinenotice.told(scene, decision)


def sender(mail: Mail) -> str:
    """Return the address to treat as the customer: the identity, else the best guess.

    What is longer than an address can be (RFC 5321 §4.5.3.1) is none, and stands in no index.
    """
    guess = mail.parsed.from_[0].addr.lower() if mail.parsed.from_ else ""
    address = mail.identity or guess
    return address if len(address.encode("utf-8", "replace")) <= ADDRESS_BYTES_MAX else ""


def post_of(scene: Scene, kind: PostKind, n: int, level: Level) -> Post:
    """Make the post that a mail becomes."""
    mail, parsed = scene.mail, scene.mail.parsed
    meeting = None if parsed.text.strip() else invitation(parsed)
    return Post(
        n=n,
        kind=kind,
        author=sender(mail),
        author_name=naming.outside(parsed.from_[0].name, scene.house) if parsed.from_ else "",
        at=scene.arrival.received_at,
        text=meeting.text if meeting else parsed.text,
        reply_text=meeting.text if meeting else mail.reply.reply_text,
        html=parsed.html,
        language=mail.language,
        message_id=parsed.message_id if _is_key(parsed.message_id) else "",
        thread_index=parsed.thread_index,
        trust=level.label,
        journal_id=scene.arrival.journal_id,
        attachments=parsed.attachments,
    )


def keys_of(mail: Mail) -> tuple[str, ...]:
    """Return every id that a mail brings to its ticket: its own, those it answers, Outlook's."""
    own = (mail.parsed.message_id, thread_index_key(mail.parsed.thread_index))
    ids = (*own, *proof.answered_ids(mail)[:KEYS_MAX])
    return tuple(dict.fromkeys(key for key in ids if _is_key(key)))


def thread_index_key(thread_index: str) -> str:
    """Return the key of an Outlook conversation: its mails share the first 22 bytes (MS-OXOMSG).

    28 characters of base64 are the first 21 bytes; shorter values name no conversation.
    """
    if len(thread_index) < THREAD_INDEX_CHARACTERS_MIN:
        return ""
    return f"thread-index:{thread_index[:28]}"


def _false(scene: Scene) -> Reason:
    """Say which proof was offered and is false."""
    if not scene.snapshot.proofs.domain_failed:
        words = "a reply address that we never made, or whose key is gone"
        return Reason(why=Why.TOKEN_BROKEN, detail=words)
    domain = scene.mail.identity.rpartition("@")[2]
    whose = f"DMARC of {domain} fails" if domain else "DMARC fails"
    is_ours = scene.arrival.envelope.source is Source.SMTP
    remedy = "; [smtp] arc_sealers names those to believe" if is_ours else ""
    words = f"{whose}: forged, or changed by a forwarder{remedy}"
    return Reason(why=Why.DOMAIN_FAILED, detail=words)


def _is_blocked(scene: Scene, level: Level) -> bool:
    """A ticket of the sender's is spam; one in their name alone blocks nobody who proves it.

    Spammers have reply addresses of ours too: a token lets nobody out.
    """
    spam = scene.snapshot.blocked_up_to
    return spam is not None and (level < Level.DOMAIN or spam >= Level.DOMAIN)


def _goes_on(found: Found | None, level: Level) -> bool:
    """A block does not break off a conversation that we ourselves lead with the sender."""
    is_ours = found is not None and found.view.ticket.state is not State.SPAM
    return is_ours and level >= Level.TOKEN


def _is_key(text: str) -> bool:
    return 0 < len(text.encode("utf-8", "replace")) <= KEY_BYTES_MAX


def _may_add_automatic(scene: Scene, found: Found, level: Level) -> bool:
    returned = scene.snapshot.proofs.token(Purpose.RETURN)
    number = found.pointed
    if level is not Level.FAILED and returned is not None and returned.ticket == number:
        return True
    return _answer(scene, found, level) is Answer.YES


def _answer(scene: Scene, found: Found, level: Level) -> Answer:
    """Ask the table whether the sender may add to the ticket that was found."""
    known = found.view.ticket.participant(scene.mail.identity) is not None
    standing = Standing.PARTICIPANT if known else Standing.STRANGER
    return may(level, standing, _deed(found), scene.house.agent_trust)


def _known(scene: Scene, found: Found, level: Level) -> Level:
    """What the mail proves for the ticket that was found, by the fields that led to it."""
    if level is not Level.DOMAIN:
        return level
    proofs, keys, identity = scene.snapshot.proofs, scene.world.keys, scene.mail.identity
    return proof.level_by(proofs, keys, identity, found.pointed, found.by.fields)


def _deed(found: Found) -> Deed:
    return Deed.JOIN_BY_SUBJECT if found.by is By.SUBJECT else Deed.ADD


def _join(scene: Scene, start: Decision, level: Level, found: Found) -> Decision:
    ticket = found.view.ticket
    deed = _deed(found)
    known = _known(scene, found, level)
    if _answer(scene, found, known) is not Answer.YES:
        why = Why.SUBJECT_TAG_REFUSED if deed is Deed.JOIN_BY_SUBJECT else Why.LINKED_UNPROVEN
        words = f"{found.by} points at #{ticket.number}, but {known.label} proves too little"
        words += "" if known is level else ": the sender's domain did not sign it"
        linked = 0 if deed is Deed.JOIN_BY_SUBJECT else ticket.number
        return _open(scene, start, level, Reason(why=why, detail=words), linked)
    if next_state(ticket.state, Move.CUSTOMER_MAIL) is None:
        words = f"#{ticket.number} is {ticket.state}"
        reason = Reason(why=Why.LINKED_CLOSED, detail=words)
        return _open(scene, start, level, reason, ticket.number)
    return _add(scene, replace(start, trust=known.label), known, found)


def _add(scene: Scene, start: Decision, level: Level, found: Found) -> Decision:
    view = found.view
    after = moved(view.ticket, Move.CUSTOMER_MAIL, scene.snapshot.now)
    after = replace(after, participants=newcomers.joined(scene, view.ticket, level))
    post = _under_its_subject(
        scene, view.ticket, post_of(scene, PostKind.CUSTOMER, view.post_count + 1, level)
    )
    offered = newcomers.told(newcomers.offered(scene, after), post)
    people = (*newcomers.added(view.ticket.participants, after, post), *offered)
    words = f"by {found.by} to #{view.ticket.number}"
    decision = replace(
        start,
        before=view.ticket,
        after=after,
        thread_by=found.by,
        reasons=(*start.reasons, Reason(why=Why.THREADED, detail=words)),
        posts=(post,),
        keys=keys_of(scene.mail),
        events=(*_events(view.ticket, after, post), *people),
    )
    return ruling.run(scene, decision, RuleEvent.CUSTOMER_REPLIED, level)


def _under_its_subject(scene: Scene, ticket: Ticket, post: Post) -> Post:
    line = heading.of(scene, ticket)
    return replace(
        post,
        text=heading.above(line, post.text),
        reply_text=heading.above(line, post.reply_text),
        html=heading.above_html(line, post.html),
    )


def _events(before: Ticket, after: Ticket, post: Post) -> tuple[EventDraft, ...]:
    added = EventDraft(
        kind="post.added",
        actor=post.author,
        data=(("kind", post.kind), ("n", str(post.n))),
        at=post.at,
    )
    if before.state == after.state:
        return (added,)
    change = (("from", before.state.value), ("to", after.state.value))
    changed = EventDraft(kind="state.changed", actor=post.author, data=change, at=post.at)
    return (added, changed)


def _open(
    scene: Scene, start: Decision, level: Level, reason: Reason, linked: int = 0
) -> Decision:
    mail, house = scene.mail, scene.house
    customer = scene.snapshot.customer
    names = tuple(box.name for box in house.mailboxes)
    language = scene.language_back()
    ticket = Ticket(
        subject=subject.base(mail.parsed.subject, names),
        queue=scene.mailbox.queue,
        language=language,
        mailbox=scene.mailbox.name,
        customer=customer,
        participants=_customer(customer),
        linked=linked,
        created_at=scene.arrival.received_at,
    )
    ticket = replace(ticket, participants=newcomers.joined(scene, ticket, level))
    post = post_of(scene, PostKind.CUSTOMER, 1, level)
    added = EventDraft(
        kind="post.added", actor=post.author, data=(("kind", post.kind), ("n", "1")), at=post.at
    )
    decision = replace(
        start,
        after=ticket,
        reasons=(*start.reasons, reason),
        posts=(post,),
        keys=keys_of(mail),
        events=(
            created(ticket, post.author, at=post.at),
            added,
            *newcomers.told(newcomers.offered(scene, ticket), post),
        ),
    )
    return ruling.run(scene, decision, RuleEvent.TICKET_CREATED, level)


def _customer(customer: Customer) -> tuple[Participant, ...]:
    person = Participant(address=customer.address, name=customer.name, role=Role.CUSTOMER)
    return (person,)
