"""The words by which mail systems announce that a mail came back, as plain tables.

Strategy: every phrase is kept in lower case with single spaces and is looked for by plain
substring search in a text folded the same way, so that the work is linear whatever the input.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from maild.core.mail import Parsed

HEAD_CHARACTERS = 65536
"""How much of a text is read for wording and addresses: reports say what matters at the top."""

_SPACE = re.compile(r"\s+")

_CERTAIN = re.compile(
    r"mailer.?daemon|mail.?daemon|\bdaemon@|\bmdaemon\b|^\s*\"?\"?\s*<>|returned.?mail"
    r"|\bmail[\s._-]{0,2}deliver(?:y|er)?[\s._-]{0,2}(?:sub)?-?system|\bmail[\s._-]delivery@"
    r"|internet mail delivery|smtp_mail_service|\bndr@|undeliverable"
)
_LIKELY = re.compile(
    r"poo?st[_.-]?master|postoffice@|postbote|sysadmin@|\bmailsweeper|\bmailmarshal|interscan"
    r"|system ?administrator|systemadministrat|administrateur syst|administrador del sist"
    r"|amministratore di sist|systeembeheer|content.filter|\be?-?mail[\s._-]{0,2}administrator"
    r"|deliver[yv]?[\s._-]{0,2}(?:system|subsystem|status|report|agent)|mail[\s._-]{0,2}system"
    r"|barracuda|mimecast|\bmailadmin@|mail[\s._-]service|\bmailer@"
)
_POSSIBLE = re.compile(
    r"virus|gateway|bounces?[+.=@-]|\bmail[\s._-]{0,2}server|\bexchange\b|lsmtp|spam|\bmail@"
    r"|(?:no|not)[._-]?reply|\badmin(?:istrator)?@|\bsystem@|-admin@|\bsmtp\b|\bmta\b|\broot@"
)


class Speaker(IntEnum):
    """How surely a mail's sender is a mail system."""

    PERSON = 0
    POSSIBLE = 1
    """A security gateway, an unattended address, the null path, a report of unknown type."""
    LIKELY = 2
    """Postmaster and the like: usually a program, sometimes a person."""
    CERTAIN = 3
    """Mailer-daemon, the mail delivery subsystem: nobody else has such a name."""


SUBJECTS: tuple[str, ...] = (
    # English
    "undeliver", "not deliver", "nondeliver", "non-deliver", "n't deliver", "deliver your m",
    "delivery fail", "delivery has failed", "delivery status", "delivery notif", "delivery prob",
    "delivery err", "delivery delay", "delivery report", "delivery warning", "delivery unsucc",
    "delivery subsystem", "delivery incident", "delivery agent", "delivery issue",
    "delivery deferr", "delivery was delay", "mail delivery", "message delivery",
    "failed delivery", "failed to deliver", "failed mail", "failure notice", "failure delivery",
    "mail failure", "email failure", "mail failed", "message failed", "mail error", "mail status",
    "permanent delivery", "permanent fail", "returned mail", "returned email", "returned to",
    "returned message", "returning message", "return to sender", "returned:", "mail returned",
    "mail system error", "error sending", "could not send", "could not be sent", "cannot be sent",
    "could not be delivered", "cannot be delivered", "unable to deliver", "was not delivered",
    "delayed mail", "message delayed", "mail delayed", "warning: message", "is delayed",
    "has been delayed", "transmission of mail", "automatically rejected", "rejected mail",
    "message rejected", "mail rejected", "was rejected", "error report", "nameserver error",
    "user unknown", "unknown user", "host unknown", "unknown address", "invalid recipient",
    "mailbox unavailable", "message blocked", "message not sent", "bounced mail", "bounce notif",
    "postmaster notify", "malformed recipient", "address not found", "mail non-delivery", "ndn:",
    "ndr:", "mta-blocked", "system bounce", "systems bounce", "you sent blocked",
    "not member article", "reject mail", "message you sent", "sending your mail",
    "problem with your message", "problem delivering", "mail could not", "message could not",
    "mail not sent", "warning - delayed",
    # German
    "unzustellbar", "nicht zugestellt", "zustellung fehl", "zustellung nicht", "zustellungsfehl",
    "zustellfehler", "nicht zustellbar", "unzustellbarkeit", "übermittlungsstatus",
    "zustellungsstatus", "verzögert", "zurückgewiesen",
    # French
    "non remis", "échec de la remise", "echec de la remise", "non délivré", "non distribu",
    "échec de distribution", "retour à l'expéditeur", "impossible de remettre",
    "erreur de remise", "avis de non", "état de remise", "statut de remise", "stato del recapito",
    "estado de entrega", "estado da entrega", "配信状態", "配信状況", "remise différée",
    # Italian
    "non recapitabile", "mancato recapito", "recapito non riuscito", "mancata consegna",
    "non consegnat", "impossibile recapitare",
    # Spanish, Portuguese
    "no se puede entregar", "no entregado", "no se ha podido entregar", "no se entreg",
    "devuelto", "error de entrega", "fallo en la entrega", "error en la entrega", "no entregable",
    "não é possível entregar", "não entregue", "falha na entrega", "não pôde ser entregue",
    "devolvid", "undelivered",
    # Dutch, Scandinavian, Finnish
    "onbestelbaar", "niet afgeleverd", "niet bezorgd", "kan inte levereras", "ej levererat",
    "kunde inte levereras", "olevererat", "kan ikke leveres", "ikke levert", "kunne ikke leveres",
    "ikke leveret", "toimitus epäonnistui", "ei voida toimittaa", "toimittamaton",
    # Slavic, Hungarian, Turkish, Greek
    "недостав", "не доставлен", "не может быть доставлен", "невозможно доставить",
    "не удалось доставить", "возвращен", "niedostarcz", "nie dostarczono", "nie można dostarczyć",
    "nedoručit", "nedoručen", "nelze doručit", "kézbesíthetetlen", "kézbesítés",
    "teslim edilemedi", "αδύνατη η παράδοση", "δεν παραδόθηκε",
    # Japanese, Chinese, Korean
    "配信不能", "配信できません", "配信に失敗", "送信できません", "送信エラー", "送信不能",
    "不達", "エラーメール", "届きません", "配信エラー", "配信遅延", "无法送达", "無法傳遞",
    "无法投递", "退信", "未送達", "发送失败", "投递失败", "未传递", "배달 못 함", "전송 실패",
    "배달되지 않음", "반송",
)  # fmt: skip
"""What the subject of a returned mail says."""

PHRASES: tuple[str, ...] = (
    # English
    "could not be delivered", "couldn't be delivered", "could not deliver", "cannot be delivered",
    "can not be delivered", "cannot deliver", "can't be delivered", "was not delivered",
    "wasn't delivered", "not been delivered", "not yet been delivered", "were not delivered",
    "not be delivered", "message not delivered", "not delivered to", "unable to deliver",
    "wasn't able to deliver", "was unable to deliver", "unable to be delivered", "undeliverable",
    "undelivered", "did not reach", "didn't reach", "did not receive a copy",
    "delivery has failed", "delivery failed", "delivery to the following", "delevery to the",
    "failed to deliver", "failed permanently", "delivery failure", "delivery error",
    "permanent fatal errors", "transient non-fatal errors", "had delivery problems",
    "had delivery errors", "had permanent", "had transient", "fatal error", "permanent error",
    "permanent failure", "temporary failure", "undelivered message", "transcript of session",
    "session transcript", "transcript of the attempts", "failed addresses follow",
    "failed recipients", "failed recipient", "failure reasons", "following address(es) failed",
    "following addresses failed", "following address failed", "the following recipients",
    "the following recipient(s)", "the following destination", "error delivering your mail",
    "error was detected while", "an error occurred while",
    "error has occurred while attempting to deliver", "problems delivering", "trouble delivering",
    "problem delivering", "delivery problem", "encountered delivery", "delivery delay",
    "has been delayed", "is delayed", "message is delayed", "delivery of email to this address",
    "has been postponed", "delivery attempts", "attempts to deliver", "attempted to be delivered",
    "was automatically rejected", "has been rejected", "was rejected by", "rejected your message",
    "were rejected by", "was rejected for", "email rejected", "message rejected",
    "recipient address rejected", "user unknown", "unknown user", "unknown recipient",
    "no such user", "user not found", "invalid user", "invalid recipient", "invalid address",
    "invalid final delivery", "recipient unknown", "host unknown", "unknown host",
    "does not exist", "doesn't exist", "did not exactly match", "not listed in",
    "no mailbox here", "mailbox is full", "mailbox full", "mailfolder is full",
    "exceeds allowed size", "over quota", "quota exceeded", "over disk quota", "exceeded storage",
    "mailbox exceeds", "has been returned", "is being returned", "mail is returned",
    "returned to you", "returning message", "returned message", "unsent message",
    "message returned", "could not be sent", "couldn't be sent", "was not sent",
    "was undeliverable", "may not exist, or you may not have permission to post",
    "email account that you tried", "address not found", "recipient's mailbox", "relaying denied",
    "relay access denied", "was not relayed", "retry timeout exceeded", "gave this error",
    "envelope expired", "smtp error from remote", "remote host said", "incorrectly constructed",
    "did not accept", "undeliverable address", "no matches to nameserver",
    "address you sent your message to", "error message below", "reason for the problem",
    "message blocked", "blocked by our", "out of memory", "sender address rejected",
    "mail system error", 'notificationtype":"bounce', 'eventtype":"bounce',
    "could not be reached", "couldn't find the recipient", "exceeded the maximum incoming",
    "not accepting mail", "refused to accept", "recipients were affected", "returned mail",
    "are not member", "not a member", "not member article", "is not allowed to post",
    "reject mail",
    # German
    "nicht zugestellt", "unzustellbar", "nicht zustellen", "zustellung ist fehlgeschlagen",
    "fehler bei der übermittlung", "möglicherweise nicht vorhanden", "nicht ausgeliefert",
    "nicht übermittelt", "unbekannter empfänger", "postfach ist voll",
    # French
    "n'a pas pu être remis", "n'a pas été remis", "n'a pas pu être distribu",
    "échec de la remise", "n'a pas pu être délivr", "impossible de remettre",
    "pas pu être envoyé", "non remis", "n'existe peut-être pas", "boîte aux lettres pleine",
    "destinataire inconnu",
    # Italian
    "recapito non riuscito", "non è riuscito", "non è stato recapitato", "impossibile recapitare",
    "non è stato consegnato", "non è stato possibile consegnare", "impossibile consegnare",
    # Spanish, Portuguese
    "no se pudo entregar", "no se ha podido entregar", "no se puede entregar",
    "error al entregar", "no ha sido entregado", "no pudo ser entregado", "não pôde ser entregue",
    "não foi possível entregar", "não foi entregue", "falha na entrega", "falha ao entregar",
    "não pode ser entregue",
    # Dutch, Scandinavian, Finnish
    "niet worden bezorgd", "niet afgeleverd", "niet worden afgeleverd", "kunde inte levereras",
    "kunne ikke leveres", "ei voitu toimittaa",
    # Slavic, Hungarian, Turkish
    "не может быть доставлен", "не было доставлено", "не доставлено", "не удалось доставить",
    "невозможно доставить", "не удалась доставка", "nie dostarczon", "nie można dostarczyć",
    "nie mogła zostać dostarczona", "nelze doručit", "nebyla doručena", "nepodařilo doručit",
    "kézbesítés", "teslim edilemedi",
    # Japanese, Chinese, Korean
    "送信できません", "送信に失敗", "配信できません", "配信不能", "配信に失敗",
    "お届けできません", "届けることができません", "配送できません", "配送に失敗",
    "リストにありません", "存在しない", "宛先不明", "不達", "配信されませんでした",
    "送信されませんでした", "受信者が見つかりません", "无法发送", "无法投递", "无法送达",
    "無法傳遞", "投递失败", "退信", "不存在", "发送失败", "배달하지 못", "전송하지 못",
    "전송 실패", "배달되지",
)  # fmt: skip
"""What the body of a returned mail says; counts only when a machine speaks."""

DELAYS: tuple[str, ...] = (
    "still being retried", "will be retried", "will continue to try", "will keep trying",
    "we will continue to", "delivery attempts will continue", "not yet been delivered",
    "this is a warning message only", "this is a warning only", "is delayed for more than",
    "has been delayed", "do not need to resend your message", "not need to re-send",
    "transient non-fatal errors", "warning: message still undelivered", "will be attempted again",
    "warning: could not send message", "will try again", "has been postponed", "will retry",
    "no action is required on your part", "will continue trying", "temporary failure report",
    "delivery is delayed", "is being delayed", "this is an advisory-only", "wird weiter versucht",
    "verzögert", "будут продолжены", "se seguirá intentando", "will be made again",
    "continue to be made",
)  # fmt: skip
"""The report is only a warning: the mail may still arrive."""

_TEMPORARY_WORDS: tuple[str, ...] = (
    "retry timeout exceeded", "retry time not reached", "all hosts have been failing",
    "technical details of temporary failure", "temp_failure", "try again later",
    "temporary failure", "temporarily unavailable", "temporary error", "connection timed out",
    'bouncetype":"transient',
)  # fmt: skip

_DELAY_SUBJECTS: tuple[str, ...] = (
    "delayed", "(delay)", "delay notif", "warning", "still being", "deferred", "delivery delay",
    "verzögert", "配信遅延", "retard", "wird verzögert",
)  # fmt: skip

_RETURNED = re.compile(
    r"(?im)^[ \t>*]{0,20}(?:"
    r"[-=_*~#|]{2,80}[ \t]{0,4}(?=[^\n]{0,80}(?:original|returned|unsent|undelivered"
    r"|copy of|enclosed"
    r"|message text|message header|below the|mensaje|nachricht|原))[^\n]{3,120}"
    r"|(?:the )?original (?:message|mail|headers?)[^\n:]{0,40}"
    r"(?:follows?|attached|below|headers)[^\n]{0,40}"
    r"|original message headers?:?|the first \d+ lines of your"
    r"|message (?:headers?|text|contents?) follows?[^\n]{0,20}|old message:"
    r"|(?:below|included|here|this|following) is (?:a copy of |your )(?:the |your )?[^\n]{3,80}"
    r"|a copy of the original|returned mail follows|unsent message below"
    r"|-*\s?returned mail follows|en-tête[^\n]{0,40}d.origine|ursprüngliche nachricht[^\n]{0,40}"
    r"|intestazioni originali|original[- ]?kopfzeilen|encabezados de mensaje originales"
    r"|(?:received|return-path|dkim-signature|x-received|arc-seal)[ \t]{0,2}:"
    r")"
)

_MESSAGE_ID = re.compile(
    r"(?im)^[ \t>]{0,20}message-id[ \t]{0,4}:\s{0,80}<?([^\s<>]{1,900}@[^\s<>]{1,250})>?"
)


def fold(text: str) -> str:
    """Return `text` in lower case with every run of white space made one space."""
    return _SPACE.sub(" ", text.lower())


def found(phrases: tuple[str, ...], folded: str) -> str:
    """Return the first phrase of a table that stands in an already folded text, or ''."""
    return next((phrase for phrase in phrases if phrase in folded), "")


def head_of(text: str) -> str:
    """Return what the machine itself says: the text above the mail that came back."""
    start = text[:HEAD_CHARACTERS]
    for match in _RETURNED.finditer(start):
        above = start[: match.start()]
        if len(above.strip()) >= 20:  # noqa: PLR2004
            return above
    return start


def returned_message_id(text: str) -> str:
    """Return the Message-ID that a text quotes as a header line, or ''."""
    match = _MESSAGE_ID.search(text)
    return match.group(1).strip("<>") if match else ""


def speaker(parsed: Parsed) -> tuple[Speaker, str]:
    """Return how surely a mail system speaks, and the sentence that says why."""
    for name in ("from", "sender"):
        value = parsed.header(name).lower()[:500]
        grade = _grade(value) if value else Speaker.PERSON
        if grade >= Speaker.LIKELY:
            return grade, f"{name.title()} is a mail system ({value[:200]})"
    if parsed.header("x-ms-embedded-report") or parsed.header("x-ms-exchange-message-is-ndr"):
        return Speaker.LIKELY, "a field of Exchange marks a report"
    if ".fml" in parsed.message_id.lower():
        return Speaker.LIKELY, "Message-ID is one of the list manager fml"
    return _possible(parsed)


def has_null_path(parsed: Parsed) -> bool:
    """Whether the mail's own Return-Path says `<>` (RFC 5321 §4.5.5)."""
    values = parsed.header_all("return-path")
    return any(value.strip() in ("<>", "<MAILER-DAEMON>", "MAILER-DAEMON") for value in values)


@lru_cache(maxsize=64)
def _grade(sender: str) -> Speaker:
    """Return how surely a sender's field is that of a mail system; asked twice for each mail."""
    if _CERTAIN.search(sender):
        return Speaker.CERTAIN
    if _LIKELY.search(sender):
        return Speaker.LIKELY
    return Speaker.POSSIBLE if _POSSIBLE.search(sender) else Speaker.PERSON


def _possible(parsed: Parsed) -> tuple[Speaker, str]:
    if has_null_path(parsed):
        return Speaker.POSSIBLE, "Return-Path is empty"
    if parsed.content_type == "multipart/report":
        return Speaker.POSSIBLE, "it has the form of a report"
    sender = parsed.header("from").lower()[:500]
    if _grade(sender) is Speaker.POSSIBLE:
        return Speaker.POSSIBLE, f"From may be a mail system ({sender[:200]})"
    if parsed.header("auto-submitted").lower().startswith("auto-"):
        return Speaker.POSSIBLE, f"Auto-Submitted: {parsed.header('auto-submitted')[:80]}"
    return Speaker.PERSON, ""


def warns(subject: str, folded: str) -> str:
    """Return the phrase that makes a report a mere warning of delay, or ''."""
    lower = subject.lower()
    for word in _DELAY_SUBJECTS:
        if word in lower and not lower.startswith("undeliver"):
            return word
    return found(DELAYS, folded)


def says_temporary(folded: str) -> str:
    """Return the phrase by which a failure without code is called temporary, or ''."""
    return found(_TEMPORARY_WORDS, folded)
