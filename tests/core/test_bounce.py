"""Non-delivery reports of many mail systems, and people who only write about them."""

from __future__ import annotations

import time

import pytest

from maild.core.bounce import examine, tells_success
from maild.core.mail import Address, BounceClass, Parsed, Report

PERMANENT = BounceClass.PERMANENT
TEMPORARY = BounceClass.TEMPORARY

ORIGINAL = (
    "Received: from desk (desk [192.0.2.7]) by out.sender.example; Mon, 1 Jan 2024 10:00:00 +0000\n"
    "Message-ID: <original-1@sender.example>\n"
    "From: Sam Sender <sam@sender.example>\n"
    "To: gone@away.example\n"
    "Subject: the roof\n\nHello there\n"
)


def mail(
    sender: str, subject: str, text: str, *, headers: tuple[tuple[str, str], ...] = ()
) -> Parsed:
    bare = sender.partition("<")[2].rstrip(">") if "<" in sender else sender
    return Parsed(
        headers=(("from", sender), ("subject", subject), *headers),
        from_=(Address(addr=bare),) if "@" in bare else (),
        from_fields=1,
        to=(Address(addr="sam@sender.example"),),
        subject=subject,
        text=text,
    )


def status(*blocks: tuple[tuple[str, str], ...], **more: object) -> Parsed:
    return Parsed(
        headers=(("from", "MAILER-DAEMON@mx.example"),),
        from_=(Address(addr="MAILER-DAEMON@mx.example"),),
        content_type="multipart/report",
        content_params=(("report-type", "delivery-status"),),
        part_types=("multipart/report", "text/plain", "message/delivery-status"),
        reports=(
            Report(
                type="message/delivery-status",
                fields=((("reporting-mta", "dns; mx.example"),), *blocks),
            ),
        ),
        **more,  # type: ignore[arg-type]
    )


def recipient(
    address: str, action: str, code: str, diagnostic: str = ""
) -> tuple[tuple[str, str], ...]:
    block = (("final-recipient", f"rfc822; {address}"), ("action", action), ("status", code))
    return (*block, ("diagnostic-code", diagnostic)) if diagnostic else block


FREE_FORM: dict[str, tuple[str, str, str, BounceClass]] = {
    "sendmail": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: see transcript for details",
        (
            "The original message was received at Mon, 1 Jan 2024 10:00:00 GMT\n\n"
            "   ----- The following addresses had permanent fatal errors -----\n"
            "<gone@away.example>\n    (reason: 550 5.1.1 No such person)\n\n"
            "   ----- Transcript of session follows -----\n>>> RCPT To:<gone@away.example>\n"
            "<<< 550 5.1.1 No such person\n"
        ),
        PERMANENT,
    ),
    "sendmail, still trying": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Warning: could not send message for past 4 hours",
        (
            "    **  THIS IS A WARNING MESSAGE ONLY  **\n\n"
            "   ----- The following addresses had transient non-fatal errors -----\n"
            "<gone@away.example>\n\n   ----- Transcript of session follows -----\n"
            "gone@away.example... Deferred: Connection refused by away.example.\n"
        ),
        TEMPORARY,
    ),
    "sendmail 5": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: User unknown",
        (
            "   ----- Transcript of session follows -----\n550 away.example (TCP)... 550 Host gone\n"
            "554 <gone@away.example>... 550 Host gone\n\n   ----- Unsent message follows -----\n"
        ),
        PERMANENT,
    ),
    "postfix": (
        "MAILER-DAEMON@mx.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        (
            "This is the mail system at host mx.example.\n\nYour message could not be\n"
            "delivered to one or more recipients.\n\n                   The mail system\n\n"
            "<gone@away.example>: host in.away.example[192.0.2.9] said: 550\n"
            "    No such mailbox (in reply to RCPT TO command)\n"
        ),
        PERMANENT,
    ),
    "postfix, queue ran out": (
        "MAILER-DAEMON@mx.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        (
            "This is the mail system at host mx.example. Your message could not be delivered.\n\n"
            "<gone@away.example> (expanded from\n    <alias@mx.example>): delivery suspended:\n"
            "    host in.away.example refused to talk to me: 421 Busy\n"
        ),
        TEMPORARY,
    ),
    "exim": (
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        (
            "A message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n"
            "  gone@away.example\n    Unrouteable address\n\n"
            "------ This is a copy of the message, including all the headers. ------\n\n"
        ),
        PERMANENT,
    ),
    "exim, host away for days": (
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        (
            "A message that you sent could not be delivered to one or more of its\n"
            "recipients. The following address(es) failed:\n\n  gone@away.example\n"
            "    host in.away.example [192.0.2.9]: retry timeout exceeded\n\n"
            "------ This is a copy of the message, including all the headers. ------\n\n"
        ),
        TEMPORARY,
    ),
    "exim, still trying": (
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Warning: message 1abcDE-000001-2F delayed 24 hours",
        (
            "A message that you sent has not yet been delivered to one or more of its\n"
            "recipients after more than 24 hours.\n\n"
            "The address to which the message has not yet been delivered is:\n\n"
            "  gone@away.example\n\nNo action is required on your part.\n"
        ),
        TEMPORARY,
    ),
    "qmail": (
        "MAILER-DAEMON@mx.example",
        "failure notice",
        (
            "Hi. This is the qmail-send program at mx.example.\n"
            "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
            "<gone@away.example>:\n192.0.2.9 does not like recipient.\n"
            "Remote host said: 550 nobody here\nGiving up on 192.0.2.9.\n\n"
            "--- Below this line is a copy of the message.\n\n"
        ),
        PERMANENT,
    ),
    "qmail, queue too long": (
        "MAILER-DAEMON@mx.example",
        "failure notice",
        (
            "Hi. This is the qmail-send program at mx.example.\n\n<gone@away.example>:\n"
            "I wasn't able to establish an SMTP connection. (#4.4.1)\n"
            "I'm not going to try again; this message has been in the queue too long.\n\n"
            "--- Below this line is a copy of the message.\n\n"
        ),
        TEMPORARY,
    ),
    "courier": (
        '"Courier mail server at mx.example" <postmaster@mx.example>',
        "NOTICE: mail delivery status.",
        (
            "                           UNDELIVERABLE MAIL\n\n"
            "Your message to the following recipients cannot be delivered:\n\n"
            "<gone@away.example>:\n    in.away.example [192.0.2.9]:\n"
            ">>> RCPT TO:<gone@away.example>\n<<< 550 nobody here\n"
        ),
        PERMANENT,
    ),
    "Exchange 5.5": (
        "System Administrator <postmaster@mx.example>",
        "Undeliverable: the roof",
        (
            "Your message\n\n  To:      gone@away.example\n  Subject: the roof\n\n"
            "did not reach the following recipient(s):\n\n"
            "gone@away.example on Mon, 1 Jan 2024 10:00:00 +0000\n"
            "    The recipient name is not recognized\n"
        ),
        PERMANENT,
    ),
    "Exchange with an X.400 name": (
        "System Administrator <postmaster@mx.example>",
        "Undeliverable: the roof",
        (
            "Your message did not reach the following recipient(s):\n\n"
            "c=US;a= ;p=Away;o=MAIN;dda:SMTP=gone@away.example; on Mon, 1 Jan 2024\n"
            "    The recipient name is not recognized\n"
        ),
        PERMANENT,
    ),
    "Domino": (
        "Postmaster@mx.example",
        "DELIVERY FAILURE: User gone (gone@away.example) not listed in Domino Directory",
        (
            "Your message\n\n  Subject: the roof\n\nwas not delivered to:\n\n  gone@away.example\n\n"
            "because:\n\n  User gone (gone@away.example) not listed in Domino Directory\n"
        ),
        PERMANENT,
    ),
    "Notes": (
        "postmaster@mx.example",
        "Undeliverable message",
        (
            "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\n"
            "gone@away.example\n\n\n------- Returned Message --------\n\n"
        ),
        PERMANENT,
    ),
    "GroupWise": (
        "Mailer-Daemon@mx.example",
        "Message status - undeliverable",
        (
            "The message that you sent was undeliverable to the following:\n"
            "\tgone@away.example (user not found)\n"
        ),
        PERMANENT,
    ),
    "Gmail": (
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        (
            "Delivery to the following recipient failed permanently:\n\n     gone@away.example\n\n"
            "Technical details of permanent failure: \nThe other server said: 550 550 nobody here\n\n"
            "----- Original message -----\n\n"
        ),
        PERMANENT,
    ),
    "Gmail, still trying": (
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Delay)",
        (
            "THIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\n"
            "Delivery to the following recipient has been delayed:\n\n     gone@away.example\n\n"
            "Message will be retried for 2 more day(s)\n\n----- Original message -----\n\n"
        ),
        TEMPORARY,
    ),
    "Yahoo": (
        "MAILER-DAEMON@yahoo.com",
        "Failure Notice",
        (
            "Sorry, we were unable to deliver your message to the following address.\n\n"
            "<gone@away.example>:\n554: delivery error: dd This user doesn't have an account\n\n"
            "--- Below this line is a copy of the message.\n\n"
        ),
        PERMANENT,
    ),
    "Zoho": (
        "mailer-daemon@mail.zoho.com",
        "Undelivered Mail Returned to Sender",
        (
            "A message that you sent could not be delivered to one or more of its recipients.\n\n"
            "gone@away.example, ERROR CODE :550 - 5.1.1 nobody here\n\n\n"
        ),
        PERMANENT,
    ),
    "mail.ru": (
        "mailer-daemon@corp.mail.ru",
        "Ваше сообщение не доставлено. Mail failure.",
        (
            "К сожалению, Ваше письмо не может быть доставлено одному получателю:\n\n"
            "  gone@away.example\n    SMTP error: host in.away.example: 550 nobody here\n\n"
        ),
        PERMANENT,
    ),
    "Yandex": (
        "mailer-daemon@yandex.ru",
        "Недоставленное сообщение",
        (
            "Это письмо отправлено почтовым сервером.\n\nПисьмо не было доставлено:\n\n"
            "<gone@away.example>: host in.away.example said: 550 5.1.1 nobody here\n"
        ),
        PERMANENT,
    ),
    "1&1": (
        "Mail Delivery System <mailer-daemon@kundenserver.example>",
        "Mail delivery failed: returning message to sender",
        (
            "A message that you sent could not be delivered to one or more of\nits recipients. "
            "The following addresses failed:\n\n<gone@away.example>:\nSMTP error 552 5.2.2 full\n\n"
            "--- The header of the original message is following. ---\n\n"
        ),
        PERMANENT,
    ),
    "OpenSMTPD": (
        "Mailer Daemon <MAILER-DAEMON@mx.example>",
        "Delivery status notification: error",
        (
            "    Hi!\n\n    An error has occurred while attempting to deliver a message for\n"
            "    the following list of recipients:\n\ngone@away.example: 550 nobody here\n\n"
            "    Below is a copy of the original message:\n\n"
        ),
        PERMANENT,
    ),
    "DragonFly": (
        "MAILER-DAEMON <>",
        "Mail delivery failed",
        (
            "This is the DragonFly Mail Agent v0.13 at mx.example.\n\n"
            "There was an error delivering your mail to <gone@away.example>.\n\n"
            "in.away.example did not like our RCPT TO:\n550 nobody here\n\nMessage headers follow.\n\n"
        ),
        PERMANENT,
    ),
    "IMail": (
        '"Postmaster" <postmaster@mx.example>',
        "Undeliverable Mail",
        "Unknown user: gone@away.example\n\n\nOriginal message follows.\n\n",
        PERMANENT,
    ),
    "MailMarshal": (
        "MailMarshal Notification <notify@mx.example>",
        'Undeliverable Mail: "the roof"',
        (
            "Your message:\n   From:    sam@sender.example\n   Subject: the roof\n\n"
            "Could not be delivered because of\n\n550 5.1.1 nobody here\n\n"
            "The following recipients were affected: \n    gone@away.example\n"
        ),
        PERMANENT,
    ),
    "InterScan": (
        '"InterScan MSS" <postmaster@mx.example>',
        "Mail could not be delivered",
        (
            "****** Message from InterScan Messaging Security Suite ******\n\n"
            "Sent <<< RCPT TO:<gone@away.example>\nReceived >>> 550 nobody here\n\n"
            "Unable to deliver message to <gone@away.example>.\n\n"
            "************************     End of message     **********************\n"
        ),
        PERMANENT,
    ),
    "m-FILTER": (
        "POSTMASTER <postmaster@mx.example>",
        "failure notice",
        (
            "下記の理由によりこのメールは送信できませんでした。\n\n"
            "以下のメールアドレスへの送信に失敗しました。\ngone@away.example\n\n"
            "-------server message\n550 nobody here\n-------SMTP command\nDATA\n"
            "-------original message\n"
        ),
        PERMANENT,
    ),
    "au": (
        "Postmaster@ezweb.ne.jp",
        "Mail System Error - Returned Mail",
        (
            "The user(s) account is disabled.\n\n   <gone@away.example>: 550 User unknown\n\n"
            "--- original mail follows ---\n"
        ),
        PERMANENT,
    ),
    "KDDI": (
        "no-reply@app.carrier.example",
        "Your message could not be delivered",
        (
            "Your mail sent on: Mon, 1 Jan 2024 10:00:00 \nAs their mailbox is full:\n"
            "   <gone@away.example>\nCould not be delivered to: <gone@away.example>\n"
        ),
        PERMANENT,
    ),
    "Biglobe": (
        "postmaster@biglobe.example",
        "Returned mail: Mail could not be delivered",
        (
            "   ----- The following addresses had delivery problems -----\n"
            "********************\n\n<gone@away.example>\n\n"
            "   ----- Non-delivered information -----\nThe number of messages in recipient's "
            "mailbox exceeded the local limit.\n"
        ),
        PERMANENT,
    ),
    "a phone's mail gateway": (
        "post_master@phones.example",
        "Undeliverable Message",
        (
            "Error: Invalid user address\nMessage details:\n  Subject: the roof\n"
            "  MAIL FROM: sam@sender.example\n  RCPT TO: gone@away.example\n"
        ),
        PERMANENT,
    ),
    "James": (
        "postmaster@mx.example",
        "Re: the roof",
        (
            "Hi. This is the James mail server at mx.example.\nI'm afraid I wasn't able to deliver "
            "your message to the following addresses.\n\ngone@away.example\n\n"
            "Error message below:\n550 - nobody here\n"
        ),
        PERMANENT,
    ),
    "MDaemon": (
        "MDaemon@mx.example",
        "Message Delivery Failure",
        (
            "The following addresses did NOT receive a copy of your message:\n\n"
            "> gone@away.example\n\n--- Session Transcript ---\n <-- 550 nobody here\n"
        ),
        PERMANENT,
    ),
    "LSMTP": (
        '"LSMTP for Windows NT v1.1b" <listserv@mx.example>',
        "Undelivered mail",
        (
            "An error was detected while processing the enclosed message.\n\n"
            "--> Error description:\nError-for:  gone@away.example\nError-Code: 3\n"
            "Error-Text: 550 nobody here\n\nError-End:  One error reported.\n"
        ),
        PERMANENT,
    ),
    "Smail": (
        "<MAILER-DAEMON@mx.example>",
        "mail failed, returning to sender",
        (
            "|------------------------- Failed addresses follow: ---------------------|\n"
            " <gone@away.example> ... unknown host\n"
            "|------------------------- Message text follows: ------------------------|\n"
        ),
        PERMANENT,
    ),
    "a security gateway": (
        "Symantec_AntiVirus_for_SMTP_Gateways@mx.example",
        "Delivery failure notification",
        (
            "Your message with Subject: the roof\ncould not be delivered to the following "
            "recipients:\n\ngone@away.example\n\nPlease do not resend your original message.\n"
        ),
        PERMANENT,
    ),
    "a full mailbox, postponed": (
        "<Postmaster@mx.example>",
        "Mail Delivery Warning",
        (
            'Delivery of email to this address\n\n"gone@away.example"\n\n'
            "has been postponed due to a full mailbox.\n\nWe will continue to try.\n"
        ),
        TEMPORARY,
    ),
    "a Chinese provider": (
        "Postmaster@provider.example",
        "系统退信/Systems bounce",
        "很抱歉，您的邮件无法投递。\n\n收件人：gone@away.example\n550 User not found\n",
        PERMANENT,
    ),
    "Exchange in French": (
        "postmaster@mx.example",
        "Non remis : the roof",
        (
            "Échec de la remise pour ces destinataires :\n\ngone@away.example\n\n"
            "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n"
        ),
        PERMANENT,
    ),
    "fields in plain text": (
        "MAILER-DAEMON@mx.example",
        "Delivery Status Notification (Failure)",
        (
            "Technical report:\n\nReporting-MTA: dsn; mx.example\n\nAction: failed\n"
            "Final-Recipient: rfc822; gone@away.example\nDiagnostic-Code: smtp; 554 4.4.7 expired\n"
            "Status: 4.4.7\n"
        ),
        TEMPORARY,
    ),
}


@pytest.mark.parametrize("system", FREE_FORM)
def test_a_report_in_free_form_is_understood(system: str) -> None:
    sender, subject, text, bounce_class = FREE_FORM[system]

    bounce = examine(mail(sender, subject, text + ORIGINAL))

    assert bounce is not None
    assert bounce.addresses == ("gone@away.example",)
    assert bounce.bounce_class is bounce_class
    assert bounce.message_id == "original-1@sender.example"
    assert bounce.reasons


PEOPLE: dict[str, tuple[str, str, str]] = {
    "asks about a bounce": (
        "Ann <ann@customer.example>",
        "Undelivered Mail Returned to Sender?",
        (
            "Hello, I got this:\n\nA message that you sent could not be delivered.\n550 5.1.1 "
            "<gone@away.example>: User unknown\n\nWhat shall I do?"
        ),
    ),
    "answers a bounce": (
        "Ann <ann@customer.example>",
        "Re: Mail delivery failed: returning message to sender",
        "No idea why.\n\n> The following address(es) failed:\n>  gone@away.example\n",
    ),
    "is called postmaster": (
        "Pat Postmaster <postmaster@customer.example>",
        "Question about our invoice",
        "Hello, our address changed.\nbilling@customer.example is the new one.\n",
    ),
    "is a postmaster who answers": (
        "postmaster@customer.example",
        "Re: Returned mail",
        "We repaired it.\n\n> <gone@away.example>: host said: 550 User unknown\n",
    ),
    "runs a mail system and warns of a full mailbox": (
        "System Administrator <postmaster@desk.example>",
        "Your mailbox is almost over quota",
        "Please delete some mail.\n",
    ),
    "is told of a delivery": (
        "no-reply@sns.example",
        "AWS Notification Message",
        '{"notificationType":"Delivery","mail":{"destination":["here@away.example"]}}',
    ),
    "misses a parcel": (
        "no-reply@parcels.example",
        "Your parcel",
        "Your parcel could not be delivered. Please choose another day.",
    ),
    "works at an exchange": (
        "Stock Exchange Ltd <info@exchange.example>",
        "Returned to you: the contract",
        "The clause of page 5 does not exist. Call 555 for questions.",
    ),
}


@pytest.mark.parametrize("who", PEOPLE)
def test_a_person_who_writes_about_mail_is_no_report(who: str) -> None:
    sender, subject, text = PEOPLE[who]

    bounce = examine(mail(sender, subject, text))

    assert bounce is None


def test_a_forwarded_report_is_the_forwarder_s_own_mail() -> None:
    inner = status(recipient("gone@away.example", "failed", "5.1.1"))

    bounce = examine(
        Parsed(
            headers=(("from", "Ann <ann@customer.example>"),),
            from_=(Address(addr="ann@customer.example"),),
            subject="Fwd: Undelivered Mail Returned to Sender",
            content_type="multipart/mixed",
            text="What is this?",
            reports=inner.reports,
        )
    )

    assert bounce is None


@pytest.mark.parametrize(
    ("action", "code", "diagnostic", "expected"),
    [
        ("failed", "5.1.1", "", PERMANENT),
        ("failed", "4.4.7", "", TEMPORARY),
        ("delayed", "4.4.1", "", TEMPORARY),
        ("delayed", "5.0.0", "", TEMPORARY),
        ("failure", "553 too big", "", PERMANENT),
        ("failed", "", "smtp; 452 4.2.2 full", TEMPORARY),
        ("failed", "", "smtp; 550 nobody", PERMANENT),
        ("failed", "", "", PERMANENT),
        ("Failed (addressee unknown)", "5.0.0 (gone)", "", PERMANENT),
    ],
)
def test_the_formal_fields_decide_the_class(
    action: str, code: str, diagnostic: str, expected: BounceClass
) -> None:
    bounce = examine(status(recipient("gone@away.example", action, code, diagnostic)))

    assert bounce is not None
    assert bounce.bounce_class is expected
    assert bounce.addresses == ("gone@away.example",)


@pytest.mark.parametrize(
    ("action", "code", "is_final"),
    [("failed", "5.1.1", True), ("failed", "4.4.7", True), ("delayed", "4.4.1", False)],
)
def test_only_a_delay_is_still_being_tried(action: str, code: str, *, is_final: bool) -> None:
    bounce = examine(status(recipient("gone@away.example", action, code, "")))

    assert bounce is not None
    assert bounce.is_final is is_final


@pytest.mark.parametrize(
    ("code", "diagnostic", "is_full"),
    [
        ("5.2.2", "", True),
        ("5.0.0", "smtp; 552 5.2.2 Mailbox full", True),
        ("5.2.21", "", False),
        ("5.1.1", "smtp; 550 5.1.1 at 15.2.2.1", False),
    ],
)
def test_a_full_mailbox_is_told_from_a_dead_one(
    code: str, diagnostic: str, *, is_full: bool
) -> None:
    bounce = examine(status(recipient("gone@away.example", "failed", code, diagnostic)))

    assert bounce is not None
    assert (bounce.bounce_class, bounce.is_full) == (PERMANENT, is_full)


@pytest.mark.parametrize(
    ("diagnostic", "detail"),
    [
        ("smtp; 552 5.2.2 Mailbox full", "552 5.2.2 Mailbox full"),
        ("X-Unix; 67", "67"),
        ("550 nobody", "550 nobody"),
        ("smtp; 550-no\n such\tuser", "550-no such user"),
        ("smtp; " + "x" * 1000, "x" * 200),
    ],
)
def test_the_words_of_the_server_that_refused_are_kept(diagnostic: str, detail: str) -> None:
    bounce = examine(status(recipient("gone@away.example", "failed", "5.1.1", diagnostic)))

    assert bounce is not None
    assert bounce.detail == detail


def test_a_report_in_free_form_tells_the_line_with_the_code() -> None:
    sender, subject, text, _ = FREE_FORM["1&1"]

    bounce = examine(mail(sender, subject, text + ORIGINAL))

    assert bounce is not None
    assert bounce.detail == "SMTP error 552 5.2.2 full"
    assert (bounce.is_final, bounce.is_full) == (True, True)


def test_a_warning_in_free_form_is_still_being_tried() -> None:
    sender, subject, text, _ = FREE_FORM["sendmail, still trying"]

    bounce = examine(mail(sender, subject, text + ORIGINAL))

    assert bounce is not None
    assert not bounce.is_final


def test_the_address_as_the_sender_wrote_it_is_preferred() -> None:
    block = (
        ("original-recipient", "rfc822;Gone@Away.example"),
        ("final-recipient", "rfc822;u123@store-daemon"),
        ("action", "failed"),
        ("status", "5.0.0"),
    )

    bounce = examine(status(block))

    assert bounce is not None
    assert bounce.addresses == ("Gone@away.example",)


def test_several_recipients_are_told_and_the_delivered_one_is_not() -> None:
    bounce = examine(
        status(
            recipient("one@away.example", "delivered", "2.0.0"),
            recipient("two@away.example", "failed", "4.4.7"),
            recipient("three@away.example", "failed", "5.1.1"),
        )
    )

    assert bounce is not None
    assert bounce.addresses == ("two@away.example", "three@away.example")
    assert bounce.bounce_class is PERMANENT


def test_a_report_of_success_is_no_bounce() -> None:
    parsed = status(recipient("here@away.example", "relayed", "2.0.0"))

    assert examine(parsed) is None
    assert tells_success(parsed)


def test_the_header_of_exim_and_google_names_the_failed() -> None:
    parsed = mail(
        "robot@mx.example",
        "hello",
        "nothing to see",
        headers=(("x-failed-recipients", "one@away.example, two@away.example"),),
    )

    bounce = examine(parsed)

    assert bounce is not None
    assert bounce.addresses == ("one@away.example", "two@away.example")


def test_the_returned_header_tells_the_message_id() -> None:
    parsed = status(
        recipient("gone@away.example", "failed", "5.1.1"),
        returned_headers=(("message-id", "<abc@sender.example>"),),
    )

    bounce = examine(parsed)

    assert bounce is not None
    assert bounce.message_id == "abc@sender.example"


def test_a_mail_filter_that_refuses_by_receipt_is_a_bounce() -> None:
    bounce = examine(
        Parsed(
            headers=(("from", "Mail Delivery Subsystem <admin@mx.example>"),),
            subject="Automatically rejected mail",
            content_type="multipart/report",
            part_types=("multipart/report", "text/plain", "message/disposition-notification"),
            text="Your message to <gone@away.example> was automatically rejected:\nfull\n",
        )
    )

    assert bounce is not None
    assert bounce.addresses == ("gone@away.example",)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Permanent", PERMANENT), ("Transient", TEMPORARY), ("Undetermined", BounceClass.UNKNOWN)],
)
def test_a_notification_in_json_is_read(kind: str, expected: BounceClass) -> None:
    text = (
        '{"Message": "{\\"notificationType\\":\\"Bounce\\",\\"bounce\\":{\\"bounceType\\":\\"'
        + kind
        + '\\",\\"bouncedRecipients\\":[{\\"emailAddress\\":\\"gone@away.example\\"}]},'
        '\\"mail\\":{\\"messageId\\":\\"abc-1\\"}}"}'
    )

    bounce = examine(mail("no-reply@sns.example", "AWS Notification Message", text))

    assert bounce is not None
    assert bounce.addresses == ("gone@away.example",)
    assert bounce.bounce_class is expected
    assert bounce.message_id == "abc-1"


def test_a_vacation_answer_with_an_empty_return_path_is_no_bounce() -> None:
    parsed = mail(
        "Ann <ann@customer.example>",
        "Automatic reply: Undeliverable: the roof",
        "I am away until Monday. Mail to bob@customer.example will be read. 555 4455",
        headers=(("return-path", "<>"), ("auto-submitted", "auto-replied")),
    )

    assert examine(parsed) is None


@pytest.mark.parametrize(
    "piece",
    [
        "-",
        "* ",
        "> ",
        "a",
        "@",
        "a@b.c ",
        "<<<<",
        "5.1.1",
        ": ",
        "\n",
        "message-id:",
        "user ",
        "(",
    ],
)
def test_a_hostile_text_of_a_megabyte_takes_linear_time(piece: str) -> None:
    parsed = mail("MAILER-DAEMON@mx.example", "failure", piece * (1_000_000 // len(piece)))

    started = time.process_time()
    examine(parsed)

    assert time.process_time() - started < 3
