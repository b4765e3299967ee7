"""The trust table, every cell, under every policy."""

from __future__ import annotations

from itertools import product

import pytest

from maild.core.house import AgentTrust
from maild.core.trust import TABLE, Answer, Deed, Level, Standing, may

# failed E0 E1 E2 E3 E4, first letters: Yes Hold Confirm No Fixed Linked
STRANGER = {
    "open": "HYYYYY",
    "be-acknowledged": "NFFYYY",
    "add": "HLYLYY",
    "join-by-subject": "NNNNYY",
    "reopen": "NNYNYY",
    "change-cc": "NNNNNN",
    "confirm": "HNYNYY",
}
PARTICIPANT = STRANGER | {
    "add": "HLYYYY",
    "join-by-subject": "NNNYYY",
    "reopen": "NNYYYY",
    "change-cc": "NNNYYY",
}
AGENT = PARTICIPANT | {
    "change-cc": "NNNYYY",
    "agent-reply": "HHCCYY",
    "agent-note": "HHYYYY",
    "agent-commands": "NNNCYY",
    "open-for-another": "HHCYYY",
    "agent-desk": "HHHYYY",
}
BY_TOKEN = AGENT | {
    "agent-reply": "HHYCYY",
    "agent-commands": "NNYCYY",
    "open-for-another": "HHYYYY",
}
CONFIRM_ALL = AGENT | {
    "agent-reply": "HHCCCC",
    "agent-commands": "NNNCCC",
    "open-for-another": "HHCCCC",
}
LETTERS = {answer.value[0].upper(): answer for answer in Answer}
DEFAULT = AgentTrust.TOKEN_AND_DOMAIN
SHEETS = [
    *((STRANGER, Standing.STRANGER, policy) for policy in AgentTrust),
    *((PARTICIPANT, Standing.PARTICIPANT, policy) for policy in AgentTrust),
    (AGENT, Standing.AGENT, DEFAULT),
    (BY_TOKEN, Standing.AGENT, AgentTrust.TOKEN),
    (CONFIRM_ALL, Standing.AGENT, AgentTrust.CONFIRM_ALL),
]
CELLS = [
    (level, standing, Deed(deed), policy, LETTERS[row[n]])
    for sheet, standing, policy in SHEETS
    for deed, row in sheet.items()
    for n, level in enumerate(Level)
]


@pytest.mark.parametrize(("level", "standing", "deed", "policy", "expected"), CELLS)
def test_every_cell_of_the_trust_table(
    level: Level, standing: Standing, deed: Deed, policy: AgentTrust, expected: Answer
) -> None:
    assert may(level, standing, deed, policy) is expected


def test_the_table_names_every_deed_and_level() -> None:
    assert set(TABLE) == set(Deed)
    assert all(len(row) == len(Level) for row in TABLE.values())


@pytest.mark.parametrize(("deed", "policy"), list(product(Deed, AgentTrust)))
def test_a_failed_proof_is_never_worth_more_than_none(deed: Deed, policy: AgentTrust) -> None:
    for standing in Standing:
        failed = may(Level.FAILED, standing, deed, policy)

        assert failed in (Answer.NO, Answer.HOLD)


def test_levels_are_called_as_they_are_stored() -> None:
    assert [level.label for level in Level] == ["failed", "E0", "E1", "E2", "E3", "E4"]
