"""The commands about mails of ours: outbox [typer]."""

from __future__ import annotations

from typing import Annotated

import typer

from maild.cli.place import Json, Place, WrongUsage

outbox = typer.Typer(help="Mails of ours: under way, sent, failed.", no_args_is_help=True)


@outbox.command("list")
def outbox_list(
    state: Annotated[str, typer.Option(help="Only this state.")] = "", json: Json = False
) -> None:
    """List mails of ours, newest first."""
    from maild.cli import outbox as command

    command.list_outbox(Place.config, state, as_json=json)


@outbox.command("retry")
def outbox_retry(
    numbers: Annotated[list[int] | None, typer.Argument(show_default=False)] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every mail that failed.")] = False,
    since: Annotated[
        str, typer.Option(help="With --failed: last tried since 3h, or 2026-11-01; else 24h.")
    ] = "",
    answer: Annotated[str, typer.Option(help="With --failed: the relay's answer has this.")] = "",
) -> None:
    """Queue failed or held mails again, with the same bytes.

    With --failed those that were given up by `outbox drop` stay as they are, and without --answer
    those whose recipient was refused.
    """
    from maild.cli import outbox as command

    if failed == bool(numbers) or (not failed and bool(since or answer)):
        raise WrongUsage("say either numbers, or --failed with --since and --answer if you like")
    if failed:
        command.retry_failed(Place.config, since, answer)
    else:
        command.move(Place.config, numbers or [], "queued")


@outbox.command("hold")
def outbox_hold(numbers: list[int]) -> None:
    """Hold mails that are not under way."""
    from maild.cli import outbox as command

    command.move(Place.config, numbers, "held")


@outbox.command("drop")
def outbox_drop(numbers: list[int]) -> None:
    """Give mails up: they are marked as failed."""
    from maild.cli import outbox as command

    command.move(Place.config, numbers, "failed")


@outbox.command("release")
def outbox_release(
    resend: Annotated[
        bool, typer.Option("--resend", help="Also what was on its way when the backup was made.")
    ] = False,
    send_new: Annotated[
        bool, typer.Option("--send-new", help="Also what was written since the restore.")
    ] = False,
) -> None:
    """Let mail go out again after a restore; what may be sent already stays held."""
    from maild.cli import outbox as command

    command.release(Place.config, resend=resend, send_new=send_new)
