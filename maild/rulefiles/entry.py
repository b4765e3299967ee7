"""One `[[rule]]` of a file -> `core.rule.Rule`, or sentences about what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from maild.core.house import House
from maild.core.rule import CHANGING, Action, After, Rule, RuleEvent, Step, Verb, tables_of
from maild.core.survey import Kind, Sampling
from maild.core.terms import Terms
from maild.rulefiles import condition, ladders, sampling, terms, verbs
from maild.rulefiles.condition import Compiled
from maild.rulefiles.words import VALUES, Misfit
from maild.settings.lines import Path, line_of
from maild.settings.problems import Problems, nearest

KEYS = ("name", "on", "when", "after", "do", "stop", "anytime", "step", "example")
_DAY_SECONDS = 86_400
_OF_MAIL = frozenset({Verb.HOLD, Verb.IGNORE})
"""They set a mail aside: only where one is in hand."""
_OPTIONS = dict.fromkeys((Verb.NOTIFY, Verb.PAGE), frozenset({"anytime"}))
"""What may stand beside a verb and its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a rule is checked against."""

    file: str
    """Name of the file, for people."""
    text: str
    lines: dict[Path, int]
    house: House
    templates: frozenset[str]
    """Names that `reply` may use; empty when they are not known."""
    problems: Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A rule of a file with its place."""

    table: dict[str, Any]
    path: Path
    around: Surroundings

    @property
    def label(self) -> str:
        """The rule's name as problems show it."""
        name = self.table.get("name")
        return f"rule {name!r}" if isinstance(name, str) else "a rule without a name"

    def line(self, *inside: str | int) -> int:
        """Return the line of a key of this rule."""
        return line_of(self.around.lines, (*self.path, *inside))

    def tell(self, text: str, *inside: str | int) -> None:
        """Note a problem at a key of this rule."""
        self.around.problems.add_line(self.line(*inside), f"{self.label}: {text}")


def rule(entry: Entry) -> Rule | None:
    """Check one entry; None when something is wrong, which is noted then."""
    before = len(entry.around.problems.found)
    for key in entry.table:
        if key not in KEYS:
            entry.tell(f"there is no key {key!r}{nearest(key, KEYS)}", key)
    name, event = _name(entry), _event(entry)
    when = _when(entry, event)
    after = _after(entry, event)
    actions = tuple(_actions(entry, event))
    steps = _steps(entry, event)
    for key in ("stop", "anytime"):
        if not isinstance(entry.table.get(key, False), bool):
            entry.tell(f"{key!r} must be true or false", key)
    if event is None or len(entry.around.problems.found) > before:
        return None
    holds, judge = condition.ask(when)
    source = f"{entry.around.file}:{entry.line()}"
    return Rule(
        name=name,
        on=event,
        condition=holds,
        actions=actions,
        stop=entry.table.get("stop", False),
        steps=steps,
        anytime=entry.table.get("anytime", False),
        source=source,
        judge=judge,
        after=after,
        when=entry.table.get("when", ""),
        tables=_tables(when),
    )


def _tables(when: Compiled) -> frozenset[str]:
    """The tables that a condition names; what changes by itself counts as the time does."""
    changes = {"now"} if when.fields & CHANGING else set()
    return frozenset(table for table, _ in when.fields) | changes


def _name(entry: Entry) -> str:
    """Require a name in one line."""
    name = entry.table.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        entry.tell("'name' must be a text in one line, such as name = \"outage\"", "name")
        return ""
    return name


def _event(entry: Entry) -> RuleEvent | None:
    """Require one of the events."""
    given = entry.table.get("on")
    known = [str(event) for event in RuleEvent]
    if given is None:
        entry.tell(f"'on' is missing; write one of {', '.join(known)}")
        return None
    if not isinstance(given, str) or given not in known:
        entry.tell(f"there is no event {given!r}{nearest(str(given), known)}", "on")
        return None
    return RuleEvent(given)


def _after(entry: Entry, event: RuleEvent | None) -> After | None:
    """Require how long to wait where the event is a matter of time, and nowhere else."""
    text = entry.table.get("after")
    if event is None or not event.is_timed:
        if text is not None and event is not None:
            timed = ", ".join(one for one in RuleEvent if one.is_timed)
            entry.tell(f"'after' belongs to {timed}, not to {event}", "after")
        return None
    wait = ladders.wait(text)
    if wait is None:
        wanted = 'after = "36h" or after = "3 working days"'
        entry.tell(f"{event} needs to know after how long; write {wanted}", "after")
    elif event is RuleEvent.SURVEY_DUE and wait.working_days == 0 and wait.seconds < _DAY_SECONDS:
        entry.tell(f'{event} comes after a day or more, such as after = "91d"', "after")
    return wait


def _when(entry: Entry, event: RuleEvent | None) -> Compiled:
    """Compile the condition; without one the rule always fires."""
    text = entry.table.get("when")
    if text is None:
        return condition.ALWAYS
    if not isinstance(text, str):
        entry.tell("'when' must be a condition in quotes", "when")
        return condition.ALWAYS
    made = condition.compiled(text, _values(entry.around.house))
    misfits = _unknown_there(made, text, event) if isinstance(made, Compiled) else made
    line = entry.line("when")
    multi = _opens_multiline(entry.around.text, line)
    for misfit in misfits:
        above = text.count("\n", 0, misfit.start)
        column = misfit.start - (text.rfind("\n", 0, misfit.start) + 1) + 1
        at = line + multi + above
        place = f"'when', character {column}" if not above and not multi else "'when'"
        entry.around.problems.add_line(at, f"{entry.label}: {place}: {misfit.text}")
    return made if isinstance(made, Compiled) else condition.ALWAYS


def _unknown_there(made: Compiled, text: str, event: RuleEvent | None) -> tuple[Misfit, ...]:
    """Return the fields that nobody can tell when the event happens."""
    if event is None:
        return ()
    known = tables_of(event)
    foreign = [(t, n) for t, n in sorted(made.fields) if t not in known]
    if not event.has_mail and ("customer", "verified") in made.fields:
        foreign.append(("customer", "verified"))
    return tuple(
        Misfit(
            start=max(text.find(f"{table}.{name}"), 0),
            text=f"{table}.{name} is not known on {event}",
        )
        for table, name in foreign
    )


def _values(house: House) -> dict[str, frozenset[str]]:
    """Return what the fields with a fixed choice can be in this house."""
    return dict(VALUES) | {
        "ticket.queue": frozenset(queue.name for queue in house.queues),
        "mail.mailbox": frozenset(box.name for box in house.mailboxes),
    }


def _opens_multiline(text: str, line: int) -> int:
    """Return 1 when the text begins on the line after its key, as after three quotes, else 0."""
    lines = text.splitlines()
    opener = lines[line - 1].rstrip() if 0 < line <= len(lines) else ""
    return int(opener.endswith(("'''", '"""')) and opener.count(opener[-3:]) == 1)


def _steps(entry: Entry, event: RuleEvent | None) -> tuple[Step, ...]:
    """Check every `[[rule.step]]`; one with `every` and `times` becomes so many steps."""
    given = entry.table.get("step", [])
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        entry.tell("steps are written as [[rule.step]] tables, with two brackets", "step")
        return ()
    if given and event is RuleEvent.MAIL_RECEIVED:
        entry.tell(f"there is no ticket yet on {event} that steps could be about", "step")
    steps: list[Step] = []
    for n, table in enumerate(given):
        named = table | {"name": entry.table.get("name")}
        own = Entry(table=named, path=(*entry.path, "step", n), around=entry.around)
        times, misfit = ladders.times(table)
        if misfit:
            entry.tell(misfit.text, "step", n, *misfit.inside)
        actions = tuple(_actions(own, RuleEvent.DEADLINE_MISSED))
        if steps and times and times[0] <= steps[-1].after_seconds:
            entry.tell("each step comes later than the one before", "step", n, "after")
        steps += [Step(after_seconds=at, actions=actions) for at in times]
    if len(steps) > ladders.STEPS_MAX:
        entry.tell(f"a ladder has at most {ladders.STEPS_MAX} steps, not {len(steps)}", "step")
    return tuple(steps)


def _actions(entry: Entry, event: RuleEvent | None) -> Iterator[Action]:
    """Check each entry of `do`."""
    given = entry.table.get("do")
    if given is None:
        entry.tell("'do' is missing; write do = [ { ... } ]")
        return
    if not isinstance(given, list) or not given:
        entry.tell("'do' must be a list of actions, such as [ { tag = \"vip\" } ]", "do")
        return
    for index, table in enumerate(given):
        action = _action(entry, index, table)
        wrong = _unfit(action, event) if action and event else ""
        if wrong:
            entry.tell(wrong, "do", index)
        elif action:
            yield action


def _unfit(action: Action, event: RuleEvent) -> str:
    """Say why an action makes no sense on an event; empty when it does."""
    if event.has_mail:
        return _unfit_survey(action, event)
    if action.verb in _OF_MAIL:
        return f"{action.verb}: there is no mail to set aside on {event}"
    if action.verb is Verb.REPLY and action.value.startswith("acknowledgement"):
        return f"reply: there is no mail to acknowledge on {event}"
    return _unfit_survey(action, event)


def _unfit_survey(action: Action, event: RuleEvent) -> str:
    """The same where it is about asking customers, and about what they answer."""
    is_due = event is RuleEvent.SURVEY_DUE
    if is_due and (action.verb is not Verb.SURVEY or action.value != Kind.NPS):
        return f'{action.verb}: on {event} there is nothing to do but {{ survey = "nps" }}'
    if action.verb is Verb.SURVEY and not is_due and action.value != Kind.CSAT:
        return f"survey: nps is about no ticket; ask it on {RuleEvent.SURVEY_DUE}"
    if action.verb is Verb.OPEN and event is not RuleEvent.SURVEY_ANSWERED:
        return f"open: there is a ticket on {event} already"
    return ""


def _action(entry: Entry, index: int, table: object) -> Action | None:
    """Check one action."""
    if not isinstance(table, dict) or len(tuple(v for v in Verb if v in table)) > 1 or not table:
        entry.tell('an action is one word and its value, such as { tag = "vip" }', "do", index)
        return None
    known = [str(verb) for verb in Verb]
    key = next((name for name in table if name in known), next(iter(table)))
    value = table[key]
    if key not in known:
        entry.tell(f"there is no action {key!r}{nearest(key, known)}", "do", index)
        return None
    verb = Verb(key)
    options = {name: given for name, given in table.items() if name != key}
    known_here = verbs.Known(house=entry.around.house, templates=entry.around.templates)
    wrong = verbs.wrong(verb, value, known_here) or _wrong_beside(verb, value, options, entry)
    if wrong:
        entry.tell(f"{key}: {wrong}", "do", index)
        return None
    text = str(value).lower() if value is True else str(value)
    found = terms.terms(options) if verb is Verb.ASSIGN else Terms()
    drawn = sampling.sampling(options) if verb is Verb.SURVEY else Sampling()
    anytime = options.get("anytime", False)
    return Action(verb=verb, value=text, terms=found, anytime=anytime, sampling=drawn)


def _wrong_beside(verb: Verb, value: object, options: dict[str, object], entry: Entry) -> str:
    """Say what is wrong with what stands beside a verb; empty for nothing."""
    if verb is Verb.ASSIGN:
        return terms.wrong(value, options, entry.around.house)
    if verb is Verb.SURVEY:
        return sampling.wrong(options)
    return _wrong_option(verb, options)


def _wrong_option(verb: Verb, options: dict[str, object]) -> str:
    """The same for all verbs whose options are true or false."""
    known = _OPTIONS.get(verb, frozenset())
    for name, given in options.items():
        if name not in known:
            hint = nearest(name, known) if known else "; an action is one word and its value"
            return f"there is no {name!r} beside it{hint}"
        if not isinstance(given, bool):
            return f"{name!r} must be true or false"
    return ""
