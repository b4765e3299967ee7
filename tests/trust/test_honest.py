"""The honest matrix: what people's mail programs write must get through, and get through whole.

Customers and agents, eleven programs, nine habits, with and without a proven domain. A mail is
held wrongly when it does not do what its writer plainly meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from itertools import product
from zlib import crc32

import pytest

from maild.core.decision import Decision, Outcome
from maild.core.house import AgentTrust
from maild.core.ticket import PostKind
from tests.core.scenes import ALICE, ANNA, BEN, BOB, HOUSE
from tests.trust.clients import CLIENTS, Body, Client, Draft, Original, written
from tests.trust.house import LMTP, InMemory, letter, proven

# Many cases in one test: the machine may be slow.
pytestmark = pytest.mark.timeout(300)
TO = "support@co.example"
CARL = "carl@customer.example"
HABITS = (
    "reply",
    "reply-all",
    "forward",
    "mobile",
    "signature",
    "HTML only",
    "delegate",
    "list footer",
    "fresh mail",
)
WORDS = "Thank you for your mail.\n\nPlease pull the plug at once, and open a window."
SAID = ("Thank you for your mail.", "Please pull the plug at once, and open a window.")
SIGNATURE = "Kind regards\nAlex Miller | Example Ltd | +44 20 7946 0000"
OURS = ("reply above this line", "How to answer", "Assigned to", "#note keeps", "Nobody has taken")
FOOTER = (
    "_______________________________________________\n"
    "helpers mailing list\nhttps://lists.co.example/mailman/listinfo/helpers\n"
)
WRONG_SHARE_MAX = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mail of the matrix."""

    client: Client
    habit: str
    person: str
    is_proven: bool

    def __str__(self) -> str:
        domain = "proven" if self.is_proven else "unproven"
        return f"{self.client.name} / {self.habit} / {self.person} / {domain}"


@pytest.fixture(scope="module")
def house() -> Iterator[InMemory]:
    made = InMemory()
    made.receive(
        letter(f"Anna <{ANNA}>", f"{TO}\r\nCc: {BEN}", "It smokes.", proven("customer.example"))
    )
    yield made
    made.close()


def body_of(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def original_of(notice: EmailMessage) -> Original:
    """A mail of ours as its reader's program shows it."""
    html = body_of(notice, "html")
    return Original(
        sender=f"Support <{TO}>",
        to=str(notice["To"]),
        subject=str(notice["Subject"]),
        text=body_of(notice, "plain"),
        html=html.partition("<body")[2].partition(">")[2].partition("</body>")[0],
    )


FORWARDED = Original(
    sender=f"Carl Customer <{CARL}>",
    to=f"Alice <{ALICE}>",
    subject="My cup",
    text="Hello,\n\nmy cup broke.\n\nCarl",
    html="<p>Hello,</p><p>my cup broke.</p><p>Carl</p>",
)


def draft_of(case: Case, notice: EmailMessage) -> Draft:
    signature = {"mobile": case.client.mobile, "signature": SIGNATURE, "delegate": SIGNATURE}
    return Draft(
        words=WORDS,
        signature=signature.get(case.habit, ""),
        original=FORWARDED if case.habit == "forward" else original_of(notice),
    )


def fields_of(case: Case, notice: EmailMessage) -> Iterator[tuple[str, str]]:
    """The fields of the header, as far as they follow from the habit."""
    prefix, subject = case.client.prefix, str(notice["Subject"])
    to = str(notice["Reply-To"])
    if case.habit == "forward":
        prefix, subject, to = case.client.forward_prefix, FORWARDED.subject, TO
    if case.habit == "fresh mail":
        prefix, subject, to = "", "My own question", TO
    yield "From", f"Somebody <{case.person}>"
    yield "To", to
    if case.habit == "delegate":
        yield "Sender", f"Secretary <secretary@{case.person.partition('@')[2]}>"
    if case.habit == "reply-all":
        yield "Cc", f"{notice['To']}, Support <{TO}>"
    list_name = "[helpers] " if case.habit == "list footer" else ""
    yield "Subject", f"{list_name}{prefix}{subject}"
    yield "Date", "Mon, 2 Mar 2026 08:59:00 +0000"
    yield "Message-ID", f"<{crc32(str(case).encode()):x}@mail.client.example>"
    if case.habit not in ("forward", "fresh mail"):
        yield "In-Reply-To", str(notice["Message-ID"])
        yield "References", f"{notice['References'] or ''} {notice['Message-ID']}".strip()
    if case.habit == "list footer":
        yield "List-Id", "Helpers <helpers.lists.co.example>"
        yield "List-Unsubscribe", "<mailto:helpers-leave@lists.co.example>"
        yield "Precedence", "list"
    yield "MIME-Version", "1.0"


def mail_of(case: Case, notice: EmailMessage) -> bytes:
    draft = draft_of(case, notice)
    body = (case.client.forward if case.habit == "forward" else case.client.reply)(draft)
    if case.habit == "fresh mail":
        body = Body(plain=WORDS, html=body.html and f"<div>{WORDS}</div>")
    has_logo = case.habit == "signature" and bool(body.html)
    last = "+44 20 7946 0000"
    if has_logo:
        body = replace(body, html=body.html.replace(last, f'{last}<img src="cid:logo@client">', 1))
    if case.habit == "list footer":
        foot = f"<pre>{FOOTER}</pre>"
        html = body.html.replace("</body>", f"{foot}</body>") if "</body>" in body.html else ""
        html = html or (body.html and body.html + foot)
        body = Body(plain=f"{body.plain}\n{FOOTER}", html=html)
    raw = written(
        case.client,
        body,
        fields_of(case, notice),
        html_only=case.habit == "HTML only",
        logo=has_logo,
    )
    above = "Received: from client.example by mx.co.example; Mon, 2 Mar 2026 08:59:00 +0000\n"
    if case.is_proven:
        above = f"{proven(case.person.partition('@')[2])}\n{above}"
    return (above.encode() + raw).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def fault(case: Case, decision: Decision) -> str:
    """What went wrong with an honest mail; empty for nothing."""
    if decision.outcome is not Outcome.POSTED:
        return f"{decision.outcome}: {[str(reason) for reason in decision.reasons]}"
    post, is_new = decision.posts[0], decision.before is None
    if case.habit in ("forward", "fresh mail"):
        return "it joined a ticket" if not is_new else _misplaced(case, decision)
    if is_new:
        return f"a new ticket: {[str(reason) for reason in decision.reasons]}"
    wanted = PostKind.CUSTOMER if case.person == ANNA else PostKind.AGENT
    if post.kind is not wanted:
        return f"taken for {post.kind}"
    text = " ".join((post.text if wanted is PostKind.AGENT else post.reply_text).split())
    lost = [words for words in SAID if words not in text]
    kept = [words for words in OURS if words in text + post.html] * (wanted is PostKind.AGENT)
    return f"lost {lost}, kept {kept}" if lost or kept else ""


def _misplaced(case: Case, decision: Decision) -> str:
    """Whose ticket a mail opened, and with which words, if these are not right."""
    assert decision.after is not None
    passed_on = case.habit == "forward" and case.person != ANNA
    wanted = CARL if passed_on else case.person
    text = "".join(post.text for post in decision.posts)
    words = ("my cup broke." if case.habit == "forward" else "", *SAID)
    is_whole = all(one in " ".join(text.split()) for one in words)
    is_theirs = decision.after.customer.address == wanted
    return "" if is_theirs and is_whole else f"{decision.after.customer.address}: {text!r}"


def cases(people: tuple[str, ...]) -> Iterator[Case]:
    for client, habit, person, is_proven in product(CLIENTS, HABITS, people, (True, False)):
        if habit == "forward" and person in (ALICE, BOB) and not is_proven:
            continue  # who forwards for somebody must prove who they are
        yield Case(client=client, habit=habit, person=person, is_proven=is_proven)


@pytest.mark.parametrize("policy", [AgentTrust.TOKEN, AgentTrust.TOKEN_AND_DOMAIN])
def test_honest_mail_of_every_program_gets_through(house: InMemory, policy: AgentTrust) -> None:
    world = replace(house.office.world, house=replace(HOUSE, agent_trust=policy))
    office, house.office = house.office, replace(house.office, world=world)
    notices = {ANNA: house.to(ANNA)[0], ALICE: house.to(ALICE)[0], BOB: house.to(BOB)[0]}
    wrong: list[str] = []
    tried: Counter[str] = Counter()
    for case in cases((ANNA, ALICE, BOB)):
        if policy is AgentTrust.TOKEN_AND_DOMAIN and case.person != ANNA and not case.is_proven:
            continue  # this house asks for the proof
        tried[case.client.source] += 1
        envelope = replace(LMTP, mail_from=case.person)
        found = fault(case, house.decide(mail_of(case, notices[case.person]), envelope))
        wrong += [f"{case}: {found}"] if found else []
    house.office = office

    total = sum(tried.values())
    for source, count in tried.items():
        print(f"\nhonest, {policy}: {count} mails by {source}", end="")
    print(f"\nhonest, {policy}: {total} mails, {len(wrong)} held or taken wrongly")
    assert total > 300
    assert len(wrong) <= total * WRONG_SHARE_MAX, "\n".join(wrong[:40])
