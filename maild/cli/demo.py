"""`maild demo`: one whole story through real sockets, for a newcomer.

A customer writes, an agent answers from a mail client, the customer answers, the agent solves,
the customer opens it again. Every step is checked; what does not happen ends the demo with 1.
"""

from __future__ import annotations

import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from maild.cli.demo_house import House, Person, has_mutt, text_of
from maild.cli.demo_imap import ImapServer, find_dovecot
from maild.cli.show import printable
from maild.errors import NotAllowed

WIDTH = 88
SUPPORT, ORDERS = "support@example.com", "orders@example.com"


def demo(keep: Path | None) -> None:
    """Play the story in `keep` (made when absent), or in a new folder; either is kept."""
    folder = _folder(keep)
    started = time.monotonic()
    program = find_dovecot()
    server = ImapServer(program) if program else None
    try:
        house = House(folder, server.port if server else 0)
        try:
            house.start()
            _Story(house, server).play()
        finally:
            code = house.stop()
        _expect(code == 0, f"the daemon ends with exit code 0, not {code}")
    finally:
        if server:
            server.stop()
    _farewell(folder, time.monotonic() - started)


class _Story:
    """The people, and what they do in turn."""

    def __init__(self, house: House, server: ImapServer | None) -> None:
        self._house = house
        self._server = server
        people = house.folder / "people"
        self._anna = Person(
            name="Anna Berg", address="anna@customer.example", maildir=people / "anna"
        )
        self._otto = Person(
            name="Otto Lund", address="otto@customer.example", maildir=people / "otto"
        )
        self._tom = Person(name="Tom Reed", address="tom@example.com", maildir=people / "tom")

    def play(self) -> None:
        """Play every step, then show the ticket."""
        _title("A customer writes to support. maild is their mail server's next hop, by SMTP.")
        answered = self._question()
        _title("Anna has a further question, and simply answers.")
        solved = self._solution(answered)
        _title("It is not solved. Anna's answer opens the ticket again.")
        self._reopened(solved)
        self._by_imap()
        self._ticket()

    def _question(self) -> EmailMessage:
        text = "Hello,\n\nour printer in room 12 smokes when we print in colour. What now?\n\nAnna"
        self._send(self._anna, SUPPORT, "The printer smokes", text, None)
        acknowledgement = self._get(self._anna)
        _expect("[Support #1]" in str(acknowledgement["Subject"]), "the ticket has number 1")
        _expect(
            acknowledgement["Auto-Submitted"] == "auto-replied", "machines know it for automatic"
        )
        notice = self._get(self._tom)
        _title("Tom, an agent, reads this in his own mail client and presses Reply.")
        text = "Hello Anna,\n\nplease switch it off. I come by at two with a new drum.\n\nTom"
        self._answer(self._tom, notice, text)
        answer = self._get(self._anna)
        _expect(
            parseaddr(str(answer["From"])) == ("Tom Reed", SUPPORT), "Tom's address is not shown"
        )
        _expect("new drum" in text_of(answer), "Tom's words arrive")
        _expect("How to answer" not in text_of(answer), "the quoted notice is taken away")
        return answer

    def _solution(self, answered: EmailMessage) -> EmailMessage:
        self._answer(self._anna, answered, "Thank you! May we print in black until then?")
        notice = self._get(self._tom)
        _expect("May we print in black" in text_of(notice), "Tom reads Anna's question")
        _title("Tom answers once more. His first line is a command: #solve.")
        self._answer(
            self._tom, notice, "#solve\nYes, black is fine. The new drum is in now.\n\nTom"
        )
        answer = self._get(self._anna)
        _expect("#solve" not in text_of(answer), "the command stays in the house")
        transcript = self._get(self._tom)
        _expect("#solve" in text_of(transcript), "Tom is told what his command did")
        return answer

    def _reopened(self, solved: EmailMessage) -> None:
        self._answer(self._anna, solved, "I am sorry, it smokes again.")
        notice = self._get(self._tom)
        _expect("it smokes again" in text_of(notice), "Tom is told")

    def _by_imap(self) -> None:
        if self._server is None:
            _title("No Dovecot is installed here, so the mail by IMAP is left out.")
            return
        _title("Another customer's mail lies in a mailbox, and maild fetches it by IMAP.")
        text = "Good morning,\n\nwhere is my order 4711?\n\nOtto Lund"
        mail = self._otto.write(ORDERS, "Order 4711", text, None)
        self._server.put(mail.as_bytes())
        self._keep_sent(self._otto, mail)
        _show(mail, text)
        acknowledgement = self._get(self._otto)
        _expect("[Orders #2]" in str(acknowledgement["Subject"]), "the ticket has number 2")
        self._get(self._tom)

    def _ticket(self) -> None:
        with ThreadPoolExecutor() as pool:
            document = pool.submit(self._house.ticket, 1)
            shown = pool.submit(self._house.command, "ticket", "show", "1")
            story, page = document.result(), shown.result()
        kinds = [post["kind"] for post in story["posts"]]
        _expect(kinds == ["customer", "agent", "customer", "agent", "customer"], f"posts: {kinds}")
        moves = [e["data"]["to"] for e in story["events"] if e["kind"] == "state.changed"]
        _expect(moves == ["pending", "open", "solved", "open"], f"the states went: {moves}")
        _expect(story["assignee"] == self._tom.address, "the ticket is Tom's")
        _title("What an operator sees: maild ticket show 1")
        for line in page.splitlines():
            _print(f"  {line}")

    def _send(
        self, person: Person, to: str, subject: str, text: str, answers: EmailMessage | None
    ) -> None:
        mail = person.write(to, subject, text, answers)
        self._house.submit(mail)
        self._keep_sent(person, mail)
        _show(mail, text)

    def _answer(self, person: Person, letter: EmailMessage, text: str) -> None:
        subject = str(letter["Subject"])
        reply = subject if subject.startswith("Re: ") else f"Re: {subject}"
        self._send(person, str(letter["Reply-To"]), reply, text, letter)

    def _get(self, person: Person) -> EmailMessage:
        mail = self._house.post_to(person)
        _show(mail, _without_quotes(text_of(mail)))
        return mail

    def _keep_sent(self, person: Person, mail: EmailMessage) -> None:
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        person.keep(mail.as_bytes(), f"{name}.sent")


def _folder(keep: Path | None) -> Path:
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="maild-demo-"))
    else:
        folder = keep.resolve()
        if folder.exists() and any(folder.iterdir()):
            raise NotAllowed(f"{folder} is not empty")
        folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    return folder


def _expect(condition: bool, words: str) -> None:
    """End the demo where something did not happen as told."""
    if not condition:
        raise NotAllowed(f"the demo found something wrong; it should be so: {words}")


def _console() -> Console:
    return Console(width=min(WIDTH, Console().width), highlight=False)


def _title(words: str) -> None:
    console = _console()
    console.print()
    console.print(Text(words, style="bold"), soft_wrap=True)


def _show(mail: EmailMessage, text: str) -> None:
    """Print a mail as somebody would read it: who, to whom, about what, and the words."""
    console = _console()
    sender, recipient = _person(mail["From"]), _person(mail["To"])
    is_ours = SUPPORT in sender or ORDERS in sender
    style = "cyan" if is_ours else "green"
    console.print()
    console.print(Rule(style=style))
    console.print(Text(f"{sender}  →  {recipient}", style=style))
    console.print(Text(printable(str(mail["Subject"])), style="bold"))
    console.print()
    for line in printable(text).splitlines():
        for part in textwrap.wrap(line, console.width - 4) or [""]:
            console.print(Text(f"    {part}"))


def _without_quotes(text: str) -> str:
    """Leave out what the reader has just read above; every other word stays."""
    kept: list[str] = []
    for line in text.splitlines():
        if not line.startswith(">"):
            kept.append(line)
        elif kept[-1:] != ["> …"]:
            kept.append("> …")
    return "\n".join(kept)


def _person(value: Any) -> str:
    """Name and address, without the long token of a reply address."""
    name, address = parseaddr(str(value))
    local, at, domain = address.rpartition("@")
    if "+" in local:
        local = f"{local.partition('+')[0]}+{local.partition('+')[2][:4]}…"
    return printable(f"{name} <{local}{at}{domain}>" if name else f"{local}{at}{domain}")


def _print(words: str) -> None:
    _console().print(Text(printable(words)), soft_wrap=True)


def _farewell(folder: Path, seconds: float) -> None:
    _title(f"That was the whole story, in {seconds:.0f} seconds. Everything lies in {folder}:")
    _print("  config.toml      the settings, 30 lines")
    _print("  outgoing/        every mail that maild sent, as a Maildir")
    _print("  people/*/        what each person wrote and got, as Maildirs")
    _print("  state/           database and secret")
    _print("  log              what the daemon logged")
    client = "" if has_mutt() else "  (apt-get install mutt)"
    _print(f"\nRead it as Anna does:  mutt -f {folder}/people/anna{client}")
    _print(f"As Tom does:           mutt -f {folder}/people/tom")
    _print(f"Look around:           maild --config {folder}/config.toml ticket list")
