"""`maild check` and `maild rules test`: is everything that an operator wrote right?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maild import authenticate, log, premises, rulefiles, settings
from maild.cli import check_store, choices, online
from maild.cli import show as out
from maild.cli.looked import Looked, Verdict, warning
from maild.core.house import Mailbox, Provider
from maild.core.oauth import WARN_BEFORE, Client
from maild.core.token import Keys
from maild.errors import ConfigError, NotAllowed, Problem
from maild.furnish import files_of, office_of, renderer_of
from maild.store.database import open_database


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How much is looked at, and how it is shown."""

    online: bool = False
    probe: bool = False
    selectors: tuple[str, ...] = ()
    """Names of DKIM keys that the relay uses."""
    as_json: bool = False


def check(config: Path | None, wish: Wish) -> None:
    """Say what is configured, or every problem with file and line; `online` also what is outside.

    Raises `ConfigError` with every problem, `NotAllowed` when something outside failed.
    """
    log.configure(environment=os.environ, level=log.Level.WARNING)
    known, problems = settings.read(config, environ=os.environ)
    problems += _of_files(known, problems)
    if problems:
        raise ConfigError(problems)
    premises.refuse_present(known)
    found: list[Looked] = []
    for one in _looked(known, wish):
        found.append(one)
        if not wish.as_json:
            out.line(_line(one))
    wrong = sum(one.verdict is Verdict.FAILED for one in found)
    warned = sum(one.verdict is Verdict.WARNING for one in found)
    if wish.as_json:
        out.as_document(
            {"failed": wrong, "warnings": warned, "lines": [_document(one) for one in found]}
        )
    if wrong:
        raise NotAllowed(f"{wrong} of {len(found)} failed, {out.counted(warned, 'warning')}")


def _looked(known: settings.Settings, wish: Wish) -> Iterator[Looked]:
    database = open_database("sqlite://")
    office = office_of(known, database, Keys(current=0, by_id={0: bytes(32)}))
    database.close()
    words = (
        f"{out.counted(len(known.house.mailboxes), 'mailbox', 'mailboxes')}, "
        f"{out.counted(len(known.house.agents), 'agent')}, "
        f"{out.counted(len(office.world.rules), 'rule')}, "
        f"templates in {', '.join(office.world.languages)}"
    )
    yield Looked(about="ok", verdict=Verdict.NOTE, found=words)
    told = (
        *_proofs(known),
        *choices.of_trust(known),
        *check_store.told(known, online=wish.online),
    )
    for line in told:
        about, _, words = line.partition(": ")
        yield Looked(about=about, verdict=Verdict.NOTE, found=words)
    yield from choices.of_proof(known)
    for client in known.oauth:
        yield from _ending(client)
    if wish.online:
        yield from online.everything(known, wish.selectors, has_probe=wish.probe)


def _of_files(known: settings.Settings, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Find what is wrong with rules and templates as well.

    Rules name queues, agents and webhooks: where one of these is wrong, rules are not judged.
    """
    named = ("[[queue]]", "[[agent]]", "[[mailbox]]", "[[webhook]]", "[[calendar]]", "[[sla]]")
    try:
        if any(problem.text.startswith(named) for problem in problems):
            renderer_of(known)
        else:
            files_of(known)
    except ConfigError as error:
        return tuple(one for one in error.problems if one not in problems)
    return ()


def _ending(client: Client) -> Iterator[Looked]:
    """Say when a client's secret ends within two weeks."""
    if client.expires is None or client.expires - datetime.now(UTC).date() > WARN_BEFORE:
        return
    words = f"its secret ends on {client.expires}: no mail comes or goes from then on"
    yield warning(f"oauth {client.name}", words, "make a new one, and write its `expires`")


def _line(one: Looked) -> str:
    is_note = one.verdict is Verdict.NOTE
    begin = f"{one.about}:" if is_note else f"{one.verdict.value}: {one.about}:"
    return f"{begin} {one.found}" + (f" -> {one.todo}" if one.todo else "")


def _document(one: Looked) -> dict[str, str]:
    return {
        "about": one.about,
        "verdict": one.verdict.value,
        "found": one.found,
        "todo": one.todo,
    }


def _proofs(known: settings.Settings) -> list[str]:
    """Say what mail can prove here; `ConfigError` where packages for a check are missing."""
    own = authenticate.of(known)
    if own is not None:
        own.close()
    checked = [box.name for box in known.house.mailboxes if _is_judged(box)]
    told = [
        "proof: SPF, DKIM and DMARC are checked by ourselves for mail that comes by SMTP"
        if own is not None
        else "proof: none by ourselves; [smtp] authenticate is false",
        f"proof: Authentication-Results are believed for {', '.join(checked)}"
        if checked
        else "proof: nobody's Authentication-Results are believed; see authserv_id and provider",
    ]
    silent = [account.user for account in known.house.accounts if not account.addresses]
    if silent:
        told.append(f"proof: no addresses, so that AUTH proves nobody: {', '.join(silent)}")
    return told


def _is_judged(box: Mailbox) -> bool:
    return bool(box.authserv_id) or box.provider is not Provider.GENERIC


def rules_test(config: Path | None) -> None:
    """Try the examples beside the rules; exit 1 when one is wrong."""
    log.configure(environment=os.environ, level=log.Level.WARNING)
    known = settings.load(config, environ=os.environ)
    names = frozenset(renderer_of(known).names)
    tried = rulefiles.check_examples(known.rules_dir, known.house, templates=names)
    wrong = [example for example in tried if not example.passed]
    for example in wrong:
        wanted = "fire" if example.expected else "stay silent"
        out.line(f"{example.source}: {example.rule} should {wanted} {example.error}")
    out.line(f"{len(tried) - len(wrong)} of {len(tried)} examples are right")
    if wrong:
        raise NotAllowed("a rule does not do what its example says")
