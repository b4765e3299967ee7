"""Who may do what by mail: the one table (invariant I7), from evidence stored with the mail.

| action                        | failed | E0     | E1      | E2          | E3      | E4      |
|-------------------------------|--------|--------|---------|-------------|---------|---------|
| open a ticket as that customer| hold   | yes    | yes     | yes         | yes     | yes     |
| be acknowledged               | no     | fixed  | fixed   | yes         | yes     | yes     |
| add to a ticket               | hold   | linked | yes     | participant | yes     | yes     |
| join by subject number alone  | no     | no     | no      | participant | yes     | yes     |
| reopen, stop a clock          | no     | no     | yes     | participant | yes     | yes     |
| change Cc                     | no     | no     | no      | participant | part.   | part.   |
| agent's reply to the customer | hold   | hold   | confirm | confirm     | yes     | yes     |
| agent's note                  | hold   | hold   | yes     | yes         | yes     | yes     |
| agent's commands              | no     | no     | no      | confirm     | yes     | yes     |
| open a ticket for another     | hold   | hold   | confirm | yes         | yes     | yes     |
| commands about no ticket      | hold   | hold   | hold    | yes         | yes     | yes     |
| confirm, by that token        | hold   | no     | yes     | no          | yes     | yes     |
| vote, by that token           | no     | no     | yes     | yes         | yes     | yes     |

*confirm*: held, and the agent's registered address is asked (`core/confirm.py`). *participant*:
yes for somebody who takes part in the ticket, else as at E0; *part.*: else no. Agents change Cc by
their commands. *linked*: a new ticket that names the old one to agents only. *fixed*: a text that
holds nothing of the sender's.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from maild.core.house import AgentTrust


class Level(IntEnum):
    """What a mail proves about its sender."""

    FAILED = -1
    """A proof was offered and is false: worse than none."""
    CLAIMED = 0
    """E0: the text of From, nothing more."""
    TOKEN = 1
    """E1: a valid token."""
    DOMAIN = 2
    """E2: the From domain is proven."""
    TOKEN_AND_DOMAIN = 3
    """E3: a token made for that very person, and their domain."""
    SESSION = 4
    """E4: submitted with AUTH over TLS, or signed by a key on file."""

    @property
    def label(self) -> str:
        """Return `failed` or `E0` to `E4`, as it is stored and shown."""
        return "failed" if self is Level.FAILED else f"E{self.value}"


PROVEN = frozenset(level.label for level in Level if level >= Level.DOMAIN)
"""As a post or a decision names its level: nobody else can have written it."""
UNPROVEN = frozenset(level.label for level in Level) - PROVEN


class Deed(StrEnum):
    """What somebody may want to do by mail."""

    OPEN = "open"
    BE_ACKNOWLEDGED = "be-acknowledged"
    ADD = "add"
    JOIN_BY_SUBJECT = "join-by-subject"
    REOPEN = "reopen"
    CHANGE_CC = "change-cc"
    AGENT_REPLY = "agent-reply"
    AGENT_NOTE = "agent-note"
    AGENT_COMMANDS = "agent-commands"
    OPEN_FOR_ANOTHER = "open-for-another"
    """By forwarding their mail; nothing is sent to them."""
    AGENT_DESK = "agent-desk"
    """Commands that are about no ticket, in a mail to a support address: they only ask, or say
    that the agent is away."""
    CONFIRM = "confirm"
    """By the address that the question came from, or on its page."""
    VOTE = "vote"
    """By the address that a survey came from, or on its page."""


class Answer(StrEnum):
    """What the table says."""

    YES = "yes"
    HOLD = "hold"
    CONFIRM = "confirm"
    NO = "no"
    FIXED = "fixed"
    LINKED = "linked"


class Standing(StrEnum):
    """What somebody is to the ticket in question."""

    STRANGER = "stranger"
    PARTICIPANT = "participant"
    AGENT = "agent"


_Y, _H, _C, _N, _F, _L = (
    Answer.YES,
    Answer.HOLD,
    Answer.CONFIRM,
    Answer.NO,
    Answer.FIXED,
    Answer.LINKED,
)
_COLUMNS = tuple(Level)
TABLE: dict[Deed, tuple[Answer, ...]] = {
    Deed.OPEN: (_H, _Y, _Y, _Y, _Y, _Y),
    Deed.BE_ACKNOWLEDGED: (_N, _F, _F, _Y, _Y, _Y),
    Deed.ADD: (_H, _L, _Y, _Y, _Y, _Y),
    Deed.JOIN_BY_SUBJECT: (_N, _N, _N, _Y, _Y, _Y),
    Deed.REOPEN: (_N, _N, _Y, _Y, _Y, _Y),
    Deed.CHANGE_CC: (_N, _N, _N, _Y, _Y, _Y),
    Deed.AGENT_REPLY: (_H, _H, _C, _C, _Y, _Y),
    Deed.AGENT_NOTE: (_H, _H, _Y, _Y, _Y, _Y),
    Deed.AGENT_COMMANDS: (_N, _N, _N, _C, _Y, _Y),
    Deed.OPEN_FOR_ANOTHER: (_H, _H, _C, _Y, _Y, _Y),
    Deed.AGENT_DESK: (_H, _H, _H, _Y, _Y, _Y),
    Deed.CONFIRM: (_H, _N, _Y, _N, _Y, _Y),
    Deed.VOTE: (_N, _N, _Y, _Y, _Y, _Y),
}
_PARTICIPANTS_AT_DOMAIN = (Deed.ADD, Deed.JOIN_BY_SUBJECT, Deed.REOPEN, Deed.CHANGE_CC)


def may(level: Level, standing: Standing, deed: Deed, policy: AgentTrust) -> Answer:
    """Look up one cell; `policy` is `[trust] agents`, which moves the agents' line."""
    row = TABLE[deed]
    if deed is Deed.CHANGE_CC and standing is Standing.STRANGER:
        return Answer.NO
    if deed in _PARTICIPANTS_AT_DOMAIN and level is Level.DOMAIN:
        cell = Level.CLAIMED if standing is Standing.STRANGER else level
        return row[_COLUMNS.index(cell)]
    answer = row[_COLUMNS.index(level)]
    if deed not in (Deed.AGENT_REPLY, Deed.AGENT_COMMANDS, Deed.OPEN_FOR_ANOTHER):
        return answer
    return _moved(answer, level, policy)


def _moved(answer: Answer, level: Level, policy: AgentTrust) -> Answer:
    if policy is AgentTrust.TOKEN and level is Level.TOKEN:
        return Answer.YES
    if policy is AgentTrust.CONFIRM_ALL and answer is Answer.YES:
        return Answer.CONFIRM
    return answer
