"""Somebody wants neither surveys nor announcements any more: written down, and told to the log."""

from __future__ import annotations

from maild.core.decision import Decision, EventDraft, Outcome
from maild.core.reason import Reason, Why
from maild.core.survey import CUSTOMER, UNSUBSCRIBED, Leaving


def decide(leaving: Leaving) -> Decision:
    """Return the decision; the log names no address, and tickets are not touched."""
    data = (("customer", str(leaving.customer)), ("via", leaving.via.value))
    return Decision(
        outcome=Outcome.IGNORED,
        reasons=(Reason(why=Why.UNSUBSCRIBED, detail=f"by {leaving.via}"),),
        events=(EventDraft(kind=UNSUBSCRIBED, actor=CUSTOMER, data=data),),
        leaving=(leaving,),
    )
