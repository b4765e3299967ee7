"""The catalogue of faults: what is done to maild, what must happen, and which tests show it.

A row names its tests (`path::function`), or the reason why nothing shows it; it is never hidden.
`make faults` runs the tests of all rows and prints the table (`tests/faults/table.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault; `fault` and `expected` stand in the table as they are here."""

    id: str
    fault: str
    expected: str
    tests: tuple[str, ...] = ()
    reason: str = ""
    """Why no test shows it; empty when one does."""


def _row(name: str, fault: str, expected: str, *tests: str) -> Row:
    return Row(id=name, fault=fault, expected=expected, tests=tuple(f"tests/{t}" for t in tests))


def _open(name: str, fault: str, expected: str, reason: str) -> Row:
    return Row(id=name, fault=fault, expected=expected, reason=reason)


_POWER = "faults/test_power.py::test_"
_IMAP = "servers/test_imap_dovecot.py::test_"
_HOSTILE_IMAP = "intake/test_imap_hostile.py::test_"
_SMTP = "intake/test_smtp.py::test_"
_LIMITS = "intake/test_smtp_limits.py::test_"
_TRAVEL = "ontime/test_time_travel.py::test_"
_CONTAINER = "systemd/test_container.py::test_"
_INJECTION = "trust/test_injection.py::test_"

CRASHES = (
    _row(
        "C01",
        "kill -9 at random while mail comes in",
        "nothing acknowledged is lost, no ticket is doubled",
        "crash/test_kill.py::test_nothing_is_lost_or_doubled",
    ),
    _row(
        "C02",
        "power cuts, as what was not synced may be lost; the control is synchronous=NORMAL",
        "nothing acknowledged is lost, nothing is half there; the control loses",
        f"{_POWER}no_power_cut_loses_what_was_acknowledged",
        f"{_POWER}a_daemon_that_does_not_wait_for_the_disk_loses_mail",
    ),
    _row(
        "C08",
        "each write and each sync of the database fails in turn, then power cuts",
        "451 and nothing acknowledged that is not there; goes on by itself",
        f"{_POWER}a_sync_or_write_that_fails_acknowledges_nothing_that_is_not_there",
    ),
    _row(
        "C03",
        "kill -9 at every step of a whole story, from mail in to the customer's thanks",
        "the same end whatever the step, no mail twice",
        "faults/test_every_step.py::test_a_death_at_any_step_changes_nothing_of_the_story",
    ),
    _row(
        "C04",
        "kill -9 just before and just after the relay's last 250",
        "nothing is lost; a mail may come twice, with the same bytes",
        "faults/test_last_word.py::test_a_death_around_the_last_word_loses_nothing",
    ),
    _row(
        "C07",
        "the disk is full; then there is room",
        "452 and never 250, IMAP mail stays unseen; goes on by itself",
        "faults/test_disk_full.py::test_a_full_disk_takes_nothing_and_room_is_used_at_once",
        "faults/test_full_file_system.py::test_a_full_file_system_takes_nothing_and_room_is_used_at_once",
    ),
    _row(
        "C09",
        "somebody else has the database locked",
        "451, and the listener answers meanwhile",
        "faults/test_locked.py::test_a_locked_database_means_later_and_stalls_nobody",
    ),
    _row(
        "C06",
        "the client drops after the dot: closed, reset, half closed",
        "the mail is committed once, or not at all; sent again, it is still one post",
        "flows/06-one-mail-twice/test_one_mail_twice.py::test_who_drops_after_the_dot_and_sends_again_has_written_once",
        f"{_SMTP}a_client_that_drops_after_the_dot_leaves_exactly_one_mail",
        f"{_SMTP}a_client_that_closes_its_side_still_hears_the_answer",
        f"{_SMTP}a_stop_waits_for_a_commit_whose_client_has_gone",
    ),
    _row(
        "C05",
        "kill -9 between IMAP fetch, commit and flag, with Dovecot",
        "each mail is journalled once",
        "servers/test_imap_kill.py::test_kill_at_any_step_loses_and_doubles_nothing",
    ),
    _row(
        "C11",
        "two daemons on one database, also with the lock files taken away by hand",
        "the second is sent away; nothing is sent twice",
        "flows/19-stop-and-lock/test_stop_and_lock.py::test_a_second_daemon_in_the_same_folder_is_sent_away",
        "faults/test_two_daemons.py::test_without_their_lock_two_daemons_send_nothing_twice",
    ),
    _row(
        "C12",
        "PostgreSQL crashes under load and comes back, turns read-only, or falls silent",
        "451, goes on once it answers, nothing acknowledged is lost; a silent one holds up no end",
        "faults/test_database_server.py::test_a_server_that_restarts_or_only_reads_loses_nothing",
        "faults/test_silent_server.py::test_a_silent_server_is_told_of_and_work_goes_on_when_it_speaks",
    ),
    _row(
        "C13",
        "of several nodes on one PostgreSQL each is killed in turn, under load by SMTP and IMAP",
        "nothing is lost or doubled or out of order; the others take over within the lease",
        "nodes/test_killed.py::test_nodes_killed_in_turn_lose_and_double_nothing",
    ),
    _row(
        "O08",
        "nodes are upgraded one by one under load; and a schema that they may not use",
        "nothing is lost or doubled, old ones work on; later they refuse, and say which version is needed",
        "nodes/test_roles.py::test_older_nodes_work_on_while_a_newer_one_adds_to_the_tables",
        "nodes/test_roles.py::test_nodes_are_upgraded_one_by_one_under_load",
    ),
    _row(
        "C14",
        "mails that make their reader fail or die, among many good ones",
        "three tries, then held; no good one waits; released later, they pass",
        "faults/test_poison.py::test_poison_is_held_and_the_good_ones_pass",
    ),
    _row(
        "C15",
        "SIGTERM under load of 20 customers, the socket held as systemd holds it",
        "no connection is refused, nothing acknowledged is lost",
        "faults/test_restart.py::test_no_connection_is_refused_while_daemons_come_and_go",
        f"{_CONTAINER}no_connection_is_refused_while_it_is_restarted_under_load",
    ),
    _row(
        "C10",
        "pages of the database are overwritten",
        "refuses to start and names restore; no mail is taken; comes back from its backup",
        "faults/test_damaged.py::test_a_daemon_with_a_damaged_page_takes_no_mail_until_its_backup_is_back",
        "store/test_pages.py::test_a_damaged_tree_is_refused_and_restore_is_named",
        "store/test_pages.py::test_a_large_file_is_looked_at_beside_the_work_which_damage_ends",
    ),
)
AWAY = (
    _row(
        "U01",
        "the IMAP server is gone for six hours and comes back",
        "tried again with growing waits up to 5 minutes, told once, then caught up",
        "servers/test_imap_away.py::test_six_hours_away_are_few_tries_one_line_and_nothing_missed",
        f"{_IMAP}a_server_that_was_away_is_caught_up_with",
        "intake/test_imap_settings.py::test_the_wait_stays_between_half_a_second_and_five_minutes",
    ),
    _row(
        "U02",
        "the mailbox gets a new UIDVALIDITY",
        "every mail is known again, none is doubled",
        f"{_IMAP}a_renumbered_mailbox_gives_no_second_journal_row",
    ),
    _row(
        "U03",
        "IDLE goes silent without an end",
        "noticed, and connected anew",
        f"{_IMAP}a_connection_that_went_silent_is_noticed",
    ),
    _row(
        "U04",
        "the IMAP server sends garbage, a huge literal, or nothing",
        "memory bounded, connected anew, no other mailbox hindered",
        f"{_HOSTILE_IMAP}a_greeting_that_is_none_is_left_with_back_off",
        f"{_HOSTILE_IMAP}nonsense_ends_the_connection_and_not_the_poller",
        f"{_HOSTILE_IMAP}a_mail_that_is_far_larger_than_told_is_left_for_good",
        f"{_HOSTILE_IMAP}a_chatty_server_does_not_keep_us_busy",
    ),
    _row(
        "U05",
        "the same mail twice: two mailboxes, two ways in, two UIDs",
        "one post; other content under the same Message-ID is a post of its own",
        "flows/06-one-mail-twice/test_one_mail_twice.py::test_a_mail_to_two_mailboxes_is_one_post_in_the_queue_of_the_first",
        "flows/06-one-mail-twice/test_one_mail_twice.py::test_a_mail_by_smtp_and_by_pipe_is_one_post",
        "flows/06-one-mail-twice/test_one_mail_twice.py::test_the_same_message_id_with_other_content_is_a_post_of_its_own",
        f"{_IMAP}the_same_bytes_twice_in_a_mailbox_are_journalled_once",
    ),
    _row(
        "U06",
        "the relay is down, defers at each stage, hangs up (also after the dot), greylists, refuses some",
        "waits by its schedule, each recipient apart, a refusal is told; then each mail once",
        "faults/test_relay.py::test_a_relay_in_trouble_gets_each_mail_once_when_it_is_back",
        "flows/15-relay-down-and-back/test_relay_down_and_back.py::test_mail_waits_for_the_relay_and_goes_out_once",
        "flows/15-relay-down-and-back/test_relay_down_and_back.py::test_a_refusal_for_good_is_told_to_the_ticket_and_the_agent",
        "outbox/test_send.py::test_each_stage_decides_what_a_failure_means",
        "outbox/test_send.py::test_a_refused_mail_does_not_harm_the_next_one_on_the_connection",
    ),
    _row(
        "U07",
        "the relay is slow after the dot, or drops there",
        "waited for ten minutes while other mails go out; silence is answered with the same bytes, twice at most",
        "faults/test_held_up.py::test_a_relay_that_keeps_silent_about_two_mails_holds_up_no_other",
        "faults/test_held_up.py::test_a_relay_that_keeps_silent_about_all_mails_leaves_a_sender_to_the_others",
        "faults/test_held_up.py::test_two_dead_relays_leave_a_sender_to_the_third",
        "outbox/test_send.py::test_a_slow_answer_after_the_dot_is_awaited",
        "outbox/test_send.py::test_by_default_ten_minutes_are_waited_after_the_dot",
        "outbox/test_send.py::test_silence_after_the_dot_is_unknown_and_before_it_temporary",
        "outbox/test_delivery.py::test_silence_is_answered_twice_with_the_same_bytes",
    ),
    _row(
        "U08",
        "the DNS fails or keeps silent",
        "proves nothing, accuses nobody, holds up no other mail",
        "authenticate/test_authenticate.py::test_a_failing_dns_neither_proves_nor_accuses",
        "flows/41-checked-by-ourselves/test_checked_by_ourselves.py::test_a_dns_that_keeps_silent_holds_up_nobody_else",
    ),
    _row(
        "U09",
        "an OAuth token is revoked, rotated, and we are killed 200 times in between",
        "no token lost of 200 kills, the mailbox waits and says so; a clock hours off harms nothing",
        "oauth/test_killed.py::test_a_rotated_token_survives_two_hundred_kills",
        "oauth/test_killed.py::test_where_a_provider_forgives_nothing_the_operator_is_told",
        "oauth/test_access.py::test_a_revoked_token_pauses_until_somebody_authorises_anew",
        "oauth/test_access.py::test_a_clock_that_is_hours_off_harms_no_grant",
        "servers/test_oauth.py::test_a_revoked_permission_pauses_the_mailbox_until_it_is_given_again",
        "servers/test_oauth.py::test_mail_waits_while_the_permission_is_revoked",
    ),
)
TIME = (
    _row(
        "T01",
        "three days down over a thousand deadlines",
        "each fires once, marked late, told in one mail a reader and ticket",
        f"{_TRAVEL}after_three_days_of_silence_each_deadline_fires_once_merged_and_marked",
    ),
    _row(
        "T02",
        "summer time begins and ends, in seven zones",
        "working time is what a counter of single minutes counts",
        "core/test_calendar.py::test_working_time_is_what_a_counter_of_minutes_counts",
        "core/test_calendar.py::test_an_hour_that_is_skipped_is_not_worked",
        "core/test_calendar.py::test_an_hour_that_is_repeated_is_worked_twice",
        "core/test_calendar.py::test_lord_howe_shifts_by_half_an_hour",
        "core/test_sla.py::test_a_resolution_is_due_when_a_counter_of_minutes_has_counted_it",
    ),
    _row(
        "T03",
        "the clock jumps two hours back, ten years ahead, and back",
        "no mail early, none twice; no token has ended because of it",
        "reader/test_pipeline.py::test_a_clock_that_leapt_ahead_ends_no_token",
        f"{_TRAVEL}the_clock_two_hours_back_gives_no_mail_twice",
        f"{_TRAVEL}the_clock_ten_years_ahead_fires_nothing_until_it_is_right_again",
        f"{_TRAVEL}a_start_with_a_clock_ten_years_ahead_fires_nothing_until_somebody_says_so",
    ),
)
LOOPS = (
    _row(
        "L01",
        "eleven kinds of robots, and two of our own houses, answer all we send",
        "silence after three mails at most",
        "flows/30-two-desks/test_two_desks.py::test_a_machine_that_answers_all_we_send_is_soon_left_alone",
        "flows/30-two-desks/test_two_desks.py::test_two_houses_set_on_each_other_fall_silent",
    ),
    _row(
        "L02",
        "a flood with a victim as From and a link in the subject",
        "one acknowledgement a day, without a word of the sender's",
        "trust/test_floods.py::test_a_forged_sender_is_acknowledged_once_a_day_and_reads_nothing_of_the_forgers",
        "trust/test_floods.py::test_the_breaker_stops_all_automatic_mail_and_lets_it_flow_again",
    ),
    _row(
        "L03",
        "a flood with a victim in Cc, Reply-To and Sender",
        "the victim gets nothing",
        "trust/test_floods.py::test_who_is_named_in_cc_or_reply_to_of_strangers_mails_gets_nothing",
    ),
    _row(
        "L04",
        "an agent's address is a mailbox; our own mail comes back",
        "refused by the settings; ignored at run time",
        "flows/22-own-mail-back/test_own_mail_back.py::test_it_is_ignored_wherever_it_comes_back_to",
        "settings/test_bad.py::test_a_bad_config_is_refused_with_every_problem[agent-is-mailbox]",
    ),
)
IDENTITY = (
    _row(
        "S01",
        "forged agent replies: forms of From x tokens x evidence, three policies",
        "none is carried out, no honest one is refused",
        "trust/test_forgery.py::test_nobody_but_the_agent_speaks_as_the_agent",
        "trust/test_forgery.py::test_who_was_an_agent_speaks_no_more",
        "trust/test_forgery.py::test_nobody_is_taken_for_the_customer_without_proof",
    ),
    _row(
        "S05",
        "From that can be read in two ways, and what OpenDMARC reads in it",
        "proves nobody; where one is trusted, OpenDMARC's domain is ours",
        "parse/test_mailboxes.py::test_anything_but_one_plain_mailbox_proves_nobody",
        "parse/test_mailboxes.py::test_two_from_fields_prove_nobody",
        "servers/test_from_opendmarc.py::test_what_opendmarc_reads_otherwise_proves_nobody",
    ),
    _row(
        "S06",
        "forged Authentication-Results",
        "only the boundary's own counts",
        "core/test_authresults.py::test_what_the_sender_wrote_into_it_proves_nothing",
        "core/test_proof.py::test_only_the_boundary_judges_the_domain",
        "core/test_boundary.py::test_marks_that_may_be_forged_prove_nothing",
    ),
    _row(
        "S07",
        "a note that clients quote, forward, or bounce",
        "no customer reads it",
        f"{_INJECTION}a_note_reaches_no_customer_by_any_way",
        "flows/08-note/test_note.py::test_no_mail_to_the_customer_knows_of_the_note",
    ),
    _row(
        "S09",
        "line breaks, NUL and long names in every text of a mail",
        "one header block, no field of theirs",
        f"{_INJECTION}no_field_of_a_mail_becomes_a_field_of_ours",
        "outbox/test_headers.py::test_no_field_can_end_the_header_or_add_to_it",
    ),
    _row(
        "S10",
        "template code in mails",
        "printed, never run",
        f"{_INJECTION}a_template_in_a_mail_is_text",
    ),
    _row(
        "S11",
        "SMTP smuggling, in and out",
        "one mail or 5xx; what we send is never two",
        "trust/test_smuggling.py::test_nothing_is_smuggled_in",
        "trust/test_smuggling.py::test_nothing_is_smuggled_out",
        "trust/test_smuggling.py::test_a_server_that_forbids_bare_line_ends_refuses_nothing_of_ours",
    ),
    _row(
        "S12",
        "text before STARTTLS, AUTH in clear, guessed passwords",
        "dropped; not offered; five tries a minute",
        f"{_SMTP}what_is_sent_in_clear_behind_starttls_is_dropped",
        f"{_SMTP}passwords_are_not_asked_for_in_clear",
        f"{_SMTP}passwords_can_be_tried_five_times_a_minute",
        "servers/test_imap_tls.py::test_text_smuggled_in_before_tls_is_not_read_as_if_it_came_inside",
    ),
    _row(
        "S14",
        "IMAP commands inside names and passwords",
        "refused before connecting, or quoted",
        "intake/test_imap_settings.py::test_a_setting_that_could_be_a_second_command_is_refused_before_connecting",
        "intake/test_imap_settings.py::test_odd_names_stay_inside_their_quotes",
        "intake/test_imap_settings.py::test_a_control_character_in_the_password_never_reaches_the_wire",
    ),
    _row(
        "S17",
        "the listener as a relay: foreign domains, %, source routes",
        "550",
        "intake/test_smtp_session.py::test_nothing_is_relayed",
    ),
)
ABUSE = (
    _row(
        "P01",
        "64 kinds of MIME bombs, at their size and ten times that",
        "read or refused inside the child's limits; an ordinary mail is read next",
        "reader/test_hostile_table.py::test_a_hostile_mail_is_read_or_refused_inside_the_limits",
    ),
    _row(
        "P02",
        "a line without end, a slow drip, 500 connections, 3000 recipients",
        "cut off or told to come later; memory bounded",
        f"{_LIMITS}memory_stays_bounded_whatever_is_sent",
        f"{_LIMITS}five_hundred_connections_are_turned_away_above_the_limit",
        f"{_LIMITS}three_thousand_recipients_are_told_to_come_in_parts",
        f"{_LIMITS}a_slow_drip_is_cut_off_and_leaves_nothing",
    ),
    _row(
        "P03",
        "header lines of 1,000 to 32,000 bytes, also beyond ASCII; and monsters",
        "taken and read; monsters are answered",
        "faults/test_long_lines.py::test_a_long_header_line_is_taken_and_read",
    ),
    _row(
        "P06",
        "charsets that are unknown, are none, lie, or are misspelled",
        "the text that the bytes are known to be, and no codec that is no charset",
        "parse/test_charset.py::test_codecs_that_are_no_charsets_can_never_be_reached",
        "parse/test_charset.py::test_text_is_read_whatever_its_label_claims",
        "parse/test_charset.py::test_labels_as_mailers_write_them_are_understood",
        "parse/test_charset.py::test_known_bytes_are_read_under_every_name_of_their_charset",
    ),
    _row(
        "P07",
        "what makes readers of replies and HTML hang, 1 MB each",
        "twice the text costs at most 2.5 times",
        "parse/test_linear.py::test_the_cost_grows_with_the_length_alone",
    ),
    _row(
        "A01",
        "hostile names of attachments",
        "no name becomes a path",
        f"{_INJECTION}no_name_of_a_file_becomes_a_path",
        "parse/test_parse.py::test_a_file_bears_the_name_that_was_meant_and_never_a_path",
    ),
)
OPERATION = (
    _row(
        "W01",
        "scripts and remote content in names, subjects, texts, HTML and file names, shown by Chromium",
        "none runs, nothing is fetched; the control runs and fetches",
        "faults/test_scripts.py::test_a_browser_runs_and_fetches_nothing_that_a_mail_brought",
    ),
    _row(
        "O01",
        "bad configurations, one folder each",
        "exit 78 with every problem, by file and line",
        "settings/test_bad.py::test_a_bad_config_is_refused_with_every_problem",
        "flows/17-broken-config/test_broken_config.py::test_the_daemon_says_everything_that_is_wrong",
    ),
    _row(
        "O03",
        "backups under load, killed while written, and restored",
        "each comes back whole, nothing is sent twice",
        "crash/test_backup.py::test_backups_under_load_come_back_whole_and_send_nothing_twice",
        "crash/test_backup.py::test_killed_while_it_is_written_a_backup_is_the_old_one_or_the_new",
        "crash/test_backup.py::test_killed_while_it_comes_back_a_house_is_empty_or_whole",
    ),
    _row(
        "O04",
        "a migration killed at every step; a newer schema; no room for the copy",
        "whole or not begun; refused; not migrated",
        "store/test_migrate.py::test_killed_at_any_step_of_a_migration_it_is_whole_or_not_begun",
        "store/test_migrate.py::test_a_newer_schema_that_needs_a_newer_maild_is_refused_and_left_alone",
        "store/test_migrate.py::test_an_sqlite_file_is_copied_before_its_tables_change_and_three_copies_are_kept",
        "store/test_migrate.py::test_without_room_for_the_copy_nothing_is_migrated",
    ),
    _row(
        "O02",
        "SIGHUP with bad files, again and again, under load",
        "the old settings go on, nothing is refused or lost",
        "faults/test_reload.py::test_bad_files_under_load_change_and_lose_nothing",
    ),
    _row(
        "O05",
        "the database is locked, or the loop hangs",
        "systemd hears nothing until it works again; READY comes first",
        "faults/test_watchdog.py::test_a_daemon_that_hangs_falls_silent",
        f"{_CONTAINER}a_daemon_that_hangs_is_ended_and_started_again",
    ),
    _row(
        "O07",
        "12 planted secrets, all used",
        "in no log, command line, environment, status or metric",
        "faults/test_secrets.py::test_a_planted_secret_shows_nowhere",
    ),
    _row(
        "O06",
        "systemd's own judgement of the unit; a whole story where a denied call kills",
        "exposure 1.5 at most, no call is denied",
        "systemd/test_units.py::test_the_daemon_is_shut_in",
        f"{_CONTAINER}it_is_shut_in_as_far_as_systemd_can_tell_of_a_loaded_unit",
        f"{_CONTAINER}a_whole_story_makes_no_call_that_is_denied",
    ),
    _row(
        "soak",
        "something breaks again and again under load: kills, relays, IMAP, locks, readers, reloads",
        "nothing is lost or doubled, no note leaves the house, all is at rest again soon",
        "soak/test_soak.py::test_whatever_breaks_under_load_no_invariant_does",
    ),
)
ROWS = (*CRASHES, *AWAY, *TIME, *LOOPS, *IDENTITY, *ABUSE, *OPERATION)
WANTED = """
C01 C02 C03 C04 C05 C06 C07 C08 C09 C10 C11 C12 C14 C15 U01 U02 U03 U04 U05 U06 U07 U08 U09
T01 T02 T03 L01 L02 L03 L04 S01 S05 S06 S07 S09 S11 S12 S14 S17 P01 P02 P03 P06 P07 A01 W01
O01 O02 O03 O04 O05 O06 O07
"""
"""Every row that was promised; `ROWS` may hold more."""
