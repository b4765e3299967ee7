"""Carry out an agent's commands on a ticket, one after the other; pure, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from maild.core import (
    asking,
    callback,
    customership,
    labels,
    merging,
    people,
    phrases,
    placing,
    presence,
    splitting,
    takeback,
)
from maild.core.command import Command
from maild.core.commandtable import Word
from maild.core.ticket import Move, State, moved
from maild.core.told import Done
from maild.core.work import Misfit, Work

_MOVES: Mapping[Word, Move] = {
    Word.SOLVE: Move.SOLVE,
    Word.CLOSE: Move.CLOSE,
    Word.REOPEN: Move.REOPEN,
    Word.PENDING: Move.PENDING,
    Word.HOLD: Move.HOLD,
    Word.SPAM: Move.SPAM,
}
_ENDS = (State.CLOSED, State.MERGED, State.SPAM)
_ENDED_BY = {State.CLOSED: Move.CLOSE, State.SPAM: Move.SPAM}


def carried_out(work: Work, commands: tuple[Command, ...]) -> Work | Misfit:
    """Return the work after every command but one that moves the state, or the first misfit.

    What is taken back is taken back first, whatever line it stands on.
    """
    first = [command for command in commands if command.word is Word.UNDO]
    for command in (*first, *(one for one in commands if one.word is not Word.UNDO)):
        act = _ACTS.get(command.word)
        if act is None:
            continue
        done = act(work, command)
        if isinstance(done, Misfit):
            return done
        work = done
    return work


def state_moved(work: Work, commands: tuple[Command, ...]) -> Work:
    """Return the work after the one command that moves the state; it comes after the reply."""
    started = work.view.ticket.state
    for command in commands:
        move = _MOVES.get(command.word)
        if move is None:
            continue
        ticket = moved(work.ticket, move, work.scene.snapshot.now)
        done = Done.STATE
        if ticket.state is started:
            is_wanted = ticket.state not in _ENDS or move is _ENDED_BY.get(ticket.state)
            done = Done.UNCHANGED if is_wanted else Done.ENDED
        work = replace(work, ticket=ticket).tell(command, done, ticket.state.value)
        work = callback.promised(work, command)
    return work


_ACTS: Mapping[Word, Callable[[Work, Command], Work | Misfit]] = {
    Word.TEMPLATE: phrases.template,
    Word.ASSIGN: placing.assign,
    Word.QUEUE: placing.queue,
    Word.TIER: placing.tier,
    Word.ESCALATE: placing.escalate,
    Word.PRIORITY: placing.priority,
    Word.TAG: labels.tag,
    Word.SUBJECT: labels.subject,
    Word.LANG: labels.language,
    Word.LINK: labels.link,
    Word.MERGE: merging.merge,
    Word.CC: people.cc,
    Word.ACCEPT: people.accept,
    Word.CUSTOMER: customership.customer,
    Word.SPLIT: splitting.split,
    Word.PENDING: callback.pending,
    Word.ACK: placing.acknowledge,
    Word.UNDO: takeback.undo,
    Word.SHOW: asking.show,
    Word.LIST: asking.mine,
    Word.SEARCH: asking.search,
    Word.AWAY: presence.away,
    Word.BACK: presence.back,
    Word.HELP: asking.commands,
}
