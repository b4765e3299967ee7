"""The command that tells figures: report [typer]."""

from __future__ import annotations

from typing import Annotated

import typer

from maild.cli.place import Json, Place

commands = typer.Typer()


@commands.command()
def report(  # noqa: PLR0913, PLR0917 - the options of one command
    since: Annotated[str, typer.Option(help="From when: 30d, 2026-11-01; else 4 weeks ago.")] = "",
    until: Annotated[str, typer.Option(help="To before when; without it now.")] = "",
    by: Annotated[
        str,
        typer.Option(
            help="day, week, month, queue, agent, tier, segment, language, tag, organisation, rule"
        ),
    ] = "",
    queue: Annotated[str, typer.Option(help="Only this queue.")] = "",
    agent: Annotated[str, typer.Option(help="Only this agent.")] = "",
    tier: Annotated[str, typer.Option(help="Only this tier.")] = "",
    segment: Annotated[str, typer.Option(help="Only this segment.")] = "",
    language: Annotated[str, typer.Option(help="Only this language.")] = "",
    tag: Annotated[str, typer.Option(help="Only tickets with this tag.")] = "",
    organisation: Annotated[str, typer.Option(help="Only this organisation.")] = "",
    rule: Annotated[str, typer.Option(help="Only tickets on which this rule fired.")] = "",
    form: Annotated[
        str, typer.Option("--format", help="table, json, csv, or html: one page.")
    ] = "table",
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each figure means; needs no database.")
    ] = False,
    send_now: Annotated[
        bool, typer.Option("--send-now", help="Send the newest report of [report] once more.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell the figures: volume, times, promises kept, what customers say."""
    from maild.cli import report as command
    from maild.core.scorecard import Only

    if explain:
        command.explain()
        return
    if send_now:
        command.send_now(Place.config)
        return
    only = Only(
        queue=queue,
        agent=agent,
        tier=tier,
        segment=segment,
        language=language,
        tag=tag,
        organisation=organisation,
        rule=rule,
    )
    order = command.Order(since=since, until=until, by=by, form="json" if json else form)
    command.report(Place.config, order, only)
