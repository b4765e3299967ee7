"""The command line: finds the command, turns errors into words and exit codes [typer].

Exit codes: 0 done, 1 failed, 2 usage, 75 try again, 78 configuration.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from maild import __version__
from maild.cli import mailboxes, opinions, outgoing, people, private, reporting, upkeep, wall
from maild.cli.place import Json, Place
from maild.errors import ConfigError, MaildError, TemporaryError

GARBAGE = 50_000
"""Objects between two looks for garbage: Python's 700 cost a tenth of every start."""

KEYS = "key=value; key: state, queue, priority, tier, assignee, tag, subject, language."

app = typer.Typer(
    name="maild",
    help="Mail becomes tickets, tickets become mail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
ticket = typer.Typer(help="Look at tickets, or change one.", no_args_is_help=True)
held = typer.Typer(help="Mails that were set aside with a reason.", no_args_is_help=True)
address = typer.Typer(help="Addresses that gave our mail back.", no_args_is_help=True)
rules = typer.Typer(help="The rules: try them, see how often each fired.", no_args_is_help=True)
sla = typer.Typer(help="What is promised, and what became of it.", no_args_is_help=True)
app.add_typer(upkeep.commands)
app.add_typer(reporting.commands)
app.add_typer(ticket, name="ticket")
app.add_typer(people.agent, name="agent")
app.add_typer(people.customer, name="customer")
app.add_typer(people.organisation, name="organisation")
app.add_typer(opinions.survey, name="survey")
app.add_typer(held, name="held")
app.add_typer(outgoing.outbox, name="outbox")
app.add_typer(mailboxes.mailbox, name="mailbox")
app.add_typer(address, name="address")
app.add_typer(rules, name="rules")
app.add_typer(sla, name="sla")
app.add_typer(wall.wall, name="wall")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"maild {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    config: Annotated[
        Path | None, typer.Option(help="Config file; without it config.toml here, if any.")
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Say the version.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    """Mail becomes tickets, tickets become mail."""
    here = Path("config.toml")
    Place.config = config or (here if here.exists() else None)


@app.command()
def run(
    only: Annotated[
        str, typer.Option(help="Roles, comma separated: intake,work,send,clock,web.")
    ] = "",
) -> None:
    """Run the daemon; SIGTERM ends it, SIGHUP reads settings, rules and templates anew."""
    from maild.cli import run as command

    command.run(Place.config, only)


@app.command()
def deliver(
    to: Annotated[list[str], typer.Option(help="Recipient; may be given several times.")],
    sender: Annotated[str, typer.Option("--from", help="Return path.")] = "",
) -> None:
    """Take one mail from standard input: 0 when it is durable, 75 when to try again."""
    from maild.cli import deliver as command

    command.deliver(Place.config, to, sender)


@app.command()
def work() -> None:
    """Handle whatever is due once (mails in, mails out), then end."""
    from maild.cli import work as command

    command.work(Place.config)


@app.command()
def explain(
    files: Annotated[list[Path], typer.Argument(help="Mails, in the order of their history.")],
    fresh: Annotated[bool, typer.Option(help="In an empty throw-away database.")] = False,
    json: Json = False,
) -> None:
    """Say what each mail is, why, and what would be done; writes nothing."""
    from maild.cli import explain as command

    command.explain(Place.config, files, fresh=fresh, as_json=json)


@app.command()
def replay(
    since: Annotated[str, typer.Option(help="How far back: 7d, or 2026-11-01.")] = "7d",
    json: Json = False,
) -> None:
    """Ask today's rules about mail that came in before: what would come out differently."""
    from maild.cli import replay as command

    command.replayed(Place.config, since, as_json=json)


@app.command()
def simulate(  # noqa: PLR0913 - the options of one command
    *,
    tickets: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many come.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="In how many days.")] = 365,
    seed: Annotated[int, typer.Option(help="Another one is another history.")] = 1,
    built_in: Annotated[
        bool, typer.Option("--built-in", help="With a made-up house of twelve agents.")
    ] = False,
    keep: Annotated[Path | None, typer.Option(help="A new folder for what is left.")] = None,
    against: Annotated[Path | None, typer.Option(help="Compare with an earlier --json.")] = None,
    json: Json = False,
) -> None:
    """Run a made-up year through your rules, promises and agents; writes and sends nothing."""
    from maild.cli import simulate as command

    size = command.Size(tickets=tickets, days=days, seed=seed)
    command.simulate(None if built_in else Place.config, size, keep, against, as_json=json)


@app.command()
def status(json: Json = False) -> None:
    """Say how things stand: journal, outbox, tickets, mailboxes."""
    from maild.cli import status as command

    command.status(Place.config, as_json=json)


@app.command()
def demo(
    keep: Annotated[Path | None, typer.Option(help="Folder to play in; kept afterwards.")] = None,
) -> None:
    """Play one whole story through real sockets, in a temporary folder."""
    from maild.cli import demo as command

    command.demo(keep)


@app.command()
def announce(  # noqa: PLR0913, PLR0917 - the options of one command
    name: Annotated[str, typer.Argument(help="Of the news; nobody hears the same one twice.")],
    text: Annotated[list[str], typer.Option(help="FILE, or LANGUAGE=FILE; may be repeated.")],
    segment: Annotated[str, typer.Option(help="Only customers of this segment.")] = "",
    organisation: Annotated[str, typer.Option(help="Only customers of it.")] = "",
    tag: Annotated[str, typer.Option(help="Only tickets with this tag.")] = "",
    queue: Annotated[str, typer.Option(help="Only tickets of this queue.")] = "",
    about: Annotated[str, typer.Option(help="Only tickets that hold these words.")] = "",
    per_minute: Annotated[int, typer.Option(min=1, max=6000, help="Mails a minute.")] = 60,
    send: Annotated[
        bool, typer.Option("--send", help="Do it; without it you are only told who is meant.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell customers with an open ticket some news, each on a ticket of their own."""
    from maild.cli import announce as command

    wish = command.Wish(
        segment=segment, organisation=organisation, tag=tag, queue=queue, about=about
    )
    order = command.Order(name=name, texts=tuple(text), per_minute=per_minute, is_sent=send)
    command.announce(Place.config, order, wish, as_json=json)


@ticket.command("list")
def ticket_list(
    state: Annotated[str, typer.Option(help="Only this state.")] = "",
    queue: Annotated[str, typer.Option(help="Only this queue.")] = "",
    search: Annotated[str, typer.Option(help="Only with all of these words.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.")] = 0,
    json: Json = False,
) -> None:
    """List tickets, newest first."""
    from maild.cli import tickets as command

    wanted = command.Wanted(state=state, queue=queue, search=search, limit=limit)
    command.list_tickets(Place.config, wanted, as_json=json)


@ticket.command("show")
def ticket_show(number: int, json: Json = False) -> None:
    """Show a ticket with its whole story."""
    from maild.cli import tickets as command

    command.show(Place.config, number, as_json=json)


@ticket.command("history")
def ticket_history(number: int, json: Json = False) -> None:
    """Show what happened to a ticket, event by event."""
    from maild.cli import tickets as command

    command.history(Place.config, number, as_json=json)


@ticket.command("set")
def ticket_set(
    number: int,
    changes: Annotated[list[str], typer.Argument(help=KEYS)],
) -> None:
    """Change a ticket as the operator: state, queue, priority, tier, assignee, tag, and more."""
    from maild.cli import ticket_set as command

    command.change(Place.config, number, changes)


@held.command("list")
def held_list(json: Json = False) -> None:
    """List held mails with their reasons."""
    from maild.cli import held as command

    command.list_held(Place.config, as_json=json)


@held.command("show")
def held_show(journal: int, json: Json = False) -> None:
    """Show a held mail: why it is held, and its raw bytes."""
    from maild.cli import held as command

    command.show(Place.config, journal, as_json=json)


@held.command("release")
def held_release(journals: list[int]) -> None:
    """Send held mails through the line once more."""
    from maild.cli import held as command

    command.release(Place.config, journals)


@held.command("drop")
def held_drop(
    journals: list[int],
    why: Annotated[str, typer.Option(help="Kept with the tombstone.")] = "dropped by the operator",
) -> None:
    """Erase held mails; SHA-256, size, time and reason stay."""
    from maild.cli import held as command

    command.drop(Place.config, journals, why)


@address.command("list")
def address_list(json: Json = False) -> None:
    """List addresses that gave mail of ours back for good, the suspended ones first."""
    from maild.cli import address as command

    command.list_addresses(Place.config, as_json=json)


@address.command("release")
def address_release(addresses: list[str]) -> None:
    """Write to suspended addresses again."""
    from maild.cli import address as command

    command.release(Place.config, addresses)


@rules.command("list")
def rules_list(json: Json = False) -> None:
    """Show the rules in their order, and how often each fired."""
    from maild.cli import rules as command

    command.list_rules(Place.config, as_json=json)


@rules.command("test")
def rules_test() -> None:
    """Try the examples that stand beside the rules."""
    from maild.cli import check as command

    command.rules_test(Place.config)


@sla.command("preview")
def sla_preview(
    policy: Annotated[str, typer.Option(help="Name of an [[sla]].")],
    priority: Annotated[str, typer.Option(help="urgent, high, normal or low.")],
    at: Annotated[str, typer.Option(help="When it comes: RFC 3339, or local without offset.")],
    json: Json = False,
) -> None:
    """Say what would be due for a ticket that comes at a time; needs no database."""
    from maild.cli import sla as command

    command.preview(Place.config, (policy, priority), at, as_json=json)


@sla.command("explain")
def sla_explain(number: int, json: Json = False) -> None:
    """Say what is due on a ticket, and every stretch of time that counts or does not."""
    from maild.cli import sla_explain as command

    command.explain(Place.config, number, as_json=json)


private.add(app)


def main() -> None:
    """Run a command; its errors become one line on stderr and an exit code."""
    gc.set_threshold(GARBAGE)
    try:
        app()
    except ConfigError as error:
        for problem in error.problems:
            _say(str(problem))
        sys.exit(error.exit_code)
    except TemporaryError as error:
        _say(f"try again later: {error}")
        sys.exit(error.exit_code)
    except MaildError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(MaildError.exit_code)


def _say(words: str) -> None:
    sys.stderr.write(f"maild: {words}\n")
