"""How mail programs write a reply and a forward: fields, layout of the quote, signature, parts.

Each dialect is written anew after what its program does: the elements, ids and words by which it
marks what it quotes, its encodings, and what it adds of its own. `source` tells where that is
known from.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from html import escape

DATE = "2 March 2026"
LOGO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6"
    "kgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The mail that is answered or forwarded."""

    sender: str
    """As `Name <address>`."""
    to: str
    subject: str
    text: str
    html: str
    """The inside of its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody types into a mail program."""

    words: str
    """Paragraphs, parted by blank lines."""
    signature: str = ""
    original: Original


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What the program makes of it."""

    plain: str
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One mail program."""

    name: str
    source: str
    reply: Callable[[Draft], Body]
    forward: Callable[[Draft], Body]
    fields: tuple[str, ...] = ()
    prefix: str = "Re: "
    forward_prefix: str = "Fwd: "
    mobile: str = "Sent from my phone"
    """What it adds below on a phone."""
    encoding: str = "quoted-printable"
    params: dict[str, str] = field(default_factory=dict)
    """Of its text/plain."""


def quoted(text: str, width: int = 0, mark: str = "> ") -> str:
    """Quote a text; a width folds its lines as Gmail does."""
    lines = text.splitlines()
    if width:
        lines = [part for line in lines for part in textwrap.wrap(line, width) or [""]]
    return "\n".join(f"{mark}{line}".rstrip() for line in lines)


def paragraphs(text: str, form: str) -> str:
    """Put each paragraph into markup; `{}` is its text."""
    parts = [escape(part).replace("\n", "<br>") for part in text.split("\n\n") if part]
    return "".join(form.format(part) for part in parts)


def _block(draft: Draft, names: tuple[str, str, str, str]) -> list[tuple[str, str]]:
    """The fields that Outlook shows above what it quotes."""
    original = draft.original
    values = (original.sender, f"Monday, {DATE} 09:00", original.to, original.subject)
    return list(zip(names, values, strict=True))


def _outlook(draft: Draft, names: tuple[str, str, str, str]) -> Body:
    rows = _block(draft, names)
    shown = "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in rows)
    below = "\n\n".join(filter(None, (draft.words, draft.signature)))
    sign = paragraphs(draft.signature, '<p class="MsoNormal"><span>{}<o:p></o:p></span></p>')
    html = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!--\n'
        "p.MsoNormal {margin:0cm; font-size:11.0pt}\n--></style></head>"
        '<body lang="EN-GB" link="#0563C1"><div class="WordSection1">'
        + paragraphs(draft.words, '<p class="MsoNormal">{}<o:p></o:p></p>')
        + f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{sign}<div>'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal">{shown}<o:p></o:p></p></div></div>'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{draft.original.html}</div></body></html>'
    )
    head = "\n".join(f"{name}: {value}" for name, value in rows)
    return Body(plain=f"{below}\n\n{head}\n\n{draft.original.text}", html=html)


def outlook(draft: Draft) -> Body:
    """Outlook for Windows."""
    return _outlook(draft, ("From", "Sent", "To", "Subject"))


def outlook_german(draft: Draft) -> Body:
    """The same in German."""
    return _outlook(draft, ("Von", "Gesendet", "An", "Betreff"))


def _web_outlook(draft: Draft, words: str, signature: str) -> Body:
    rows = _block(draft, ("From", "Sent", "To", "Subject"))
    shown = "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in rows)
    html = (
        f'<html><body dir="ltr">{words}{signature}<div id="appendonsend"></div>'
        '<hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif">{shown}</font>'
        f"<div>&nbsp;</div></div><div>{draft.original.html}</div></body></html>"
    )
    head = "\n".join(f"{name}: {value}" for name, value in rows)
    above = "\n\n".join(filter(None, (draft.words, draft.signature)))
    plain = f"{above}\n\n{'_' * 32}\n{head}\n\n{draft.original.text}"
    return Body(plain=plain, html=html)


def outlook_web(draft: Draft) -> Body:
    """Outlook in a browser, and the new Outlook."""
    font = '<div class="elementToProof" style="font-family: Aptos, sans-serif">{}</div>'
    signature = f'<div id="Signature">{paragraphs(draft.signature, "<p>{}</p>")}</div>'
    return _web_outlook(draft, paragraphs(draft.words, font), signature if draft.signature else "")


def outlook_mobile(draft: Draft) -> Body:
    """Outlook on a phone."""
    signature = f'<div id="ms-outlook-mobile-signature"><div>{escape(draft.signature)}</div></div>'
    words = paragraphs(draft.words, '<div dir="auto">{}<br></div>')
    return _web_outlook(draft, words, signature if draft.signature else "")


def _gmail(draft: Draft, direction: str, wrote: str) -> Body:
    original = draft.original
    name = original.sender.partition(" <")[0]
    address = original.sender.partition("<")[2].rstrip(">")
    line = wrote.format(name=name, address=f"<{address}>")
    shown = wrote.format(name=name, address=f'&lt;<a href="mailto:{address}">{address}</a>&gt;')
    signature = paragraphs(draft.signature, '<div class="gmail_signature">{}</div>')
    html = (
        f'<div dir="{direction}">{paragraphs(draft.words, "<div>{}</div><div><br></div>")}</div>'
        + (f'<span class="gmail_signature_prefix">-- </span><br>{signature}' if signature else "")
        + '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f'{shown}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        f'border-left:1px solid rgb(204,204,204);padding-left:1ex">{original.html}</blockquote></div>'
    )
    above = draft.words + (f"\n\n-- \n{draft.signature}" if draft.signature else "")
    folded = "\n".join(textwrap.wrap(line, 72))
    return Body(plain=f"{above}\n\n{folded}\n\n{quoted(original.text, 70)}\n", html=html)


def gmail(draft: Draft) -> Body:
    """Gmail in a browser."""
    return _gmail(draft, "ltr", "On Mon, Mar 2, 2026 at 9:00 AM {name} {address} wrote:")


def gmail_android(draft: Draft) -> Body:
    """Gmail on Android."""
    return _gmail(draft, "auto", "On Mon, Mar 2, 2026, 9:00 AM {name} {address} wrote:")


def gmail_french(draft: Draft) -> Body:
    """Gmail in French."""
    return _gmail(draft, "ltr", "Le lun. 2 mars 2026 à 09:00, {name} {address} a écrit :")


def apple(draft: Draft) -> Body:
    """Mail on a Mac."""
    line = f"On 2 Mar 2026, at 09:00, {draft.original.sender} wrote:"
    sign = paragraphs(draft.signature, '<div dir="auto">{}</div>')
    html = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: break-word; line-break: after-white-space;">'
        + paragraphs(draft.words, "<div>{}</div><div><br></div>")
        + f'{sign}<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite">'
        f'<div>{escape(line)}</div><br class="Apple-interchange-newline">'
        f"<div>{draft.original.html}</div></blockquote></div><br></body></html>"
    )
    above = "\n\n".join(filter(None, (draft.words, draft.signature)))
    below = quoted(f"{line}\n\n{draft.original.text}")
    return Body(plain=f"{above}\n\n{below}\n", html=html)


def iphone(draft: Draft) -> Body:
    """Mail on an iPhone."""
    line = f"On 2 Mar 2026, at 09:00, {draft.original.sender} wrote:"
    sign = f'<div dir="ltr">{escape(draft.signature)}</div>' if draft.signature else ""
    html = (
        '<html><head></head><body dir="auto">'
        + paragraphs(draft.words, "<div>{}</div><div><br></div>")
        + f'<br id="lineBreakAtBeginningOfSignature">{sign}<div dir="ltr"><br>'
        f'<blockquote type="cite">{escape(line)}<br><br></blockquote></div>'
        f'<blockquote type="cite"><div dir="ltr">{draft.original.html}</div></blockquote>'
        "</body></html>"
    )
    above = "\n\n".join(filter(None, (draft.words, draft.signature)))
    below = quoted(f"{line}\n\n{draft.original.text}")
    return Body(plain=f"{above}\n\n{below}\n", html=html)


def thunderbird(draft: Draft) -> Body:
    """Thunderbird as it comes: plain text, the answer below the quote."""
    line = f"On 02/03/2026 09:00, {draft.original.sender.partition(' <')[0]} wrote:"
    sign = f"\n\n-- \n{draft.signature}" if draft.signature else ""
    return Body(plain=f"{line}\n{quoted(draft.original.text)}\n\n{draft.words}{sign}\n")


def thunderbird_html(draft: Draft) -> Body:
    """Thunderbird with HTML, the answer above the quote."""
    line = f"On 02/03/2026 09:00, {draft.original.sender.partition(' <')[0]} wrote:"
    sign = f'<div class="moz-signature">-- <br>{escape(draft.signature)}</div>'
    html = (
        "<!DOCTYPE html><html><head></head><body>"
        + paragraphs(draft.words, "<p>{}</p>")
        + (sign if draft.signature else "")
        + f'<div class="moz-cite-prefix">{escape(line)}<br></div><blockquote type="cite" '
        f'cite="mid:x@co.example">{draft.original.html}</blockquote></body></html>'
    )
    above = draft.words + (f"\n\n-- \n{draft.signature}" if draft.signature else "")
    return Body(plain=f"{above}\n\n{line}\n{quoted(draft.original.text)}\n", html=html)


def _forwarded(draft: Draft, head: str, mark: str = "") -> Body:
    """Most programs forward alike: a line, the fields, the text."""
    original = draft.original
    fields = (
        f"From: {original.sender}\nDate: Mon, 2 Mar 2026 at 09:00\n"
        f"Subject: {original.subject}\nTo: {original.to}\n\n{original.text}"
    )
    below = quoted(fields, mark=mark) if mark else fields
    whole = f"{draft.words}\n\n{head}\n{below}\n"
    html = "" if mark else f"<div>{escape(whole)}</div>".replace("\n", "<br>")
    return Body(plain=whole, html=html)


def gmail_forward(draft: Draft) -> Body:
    """Gmail."""
    return _forwarded(draft, "---------- Forwarded message ---------")


def apple_forward(draft: Draft) -> Body:
    """Mail on a Mac or an iPhone."""
    return _forwarded(draft, "Begin forwarded message:\n", mark="> ")


def thunderbird_forward(draft: Draft) -> Body:
    """Thunderbird, inline."""
    return _forwarded(draft, "-------- Forwarded Message --------")


_WEB = ("X-MS-Has-Attach:", "Accept-Language: en-US", "Content-Language: en-US")
_MICROSOFT = "ids of its pages, MS-OXOMSG for Thread-Index"
_GOOGLE = "classes of its pages, folded plain part"
_APPLE = "type=cite, format=flowed (RFC 3676)"
_MOZILLA = "moz- classes, format=flowed (RFC 3676), its documented options"
OUTLOOK = ("X-Mailer: Microsoft Outlook 16.0", "Thread-Topic: The printer smokes", *_WEB[1:])
CLIENTS: tuple[Client, ...] = (
    Client(
        name="Outlook desktop", source=_MICROSOFT, reply=outlook, forward=outlook, fields=OUTLOOK,
        prefix="RE: ", forward_prefix="FW: ", encoding="base64",
    ),
    Client(
        name="Outlook desktop, German", source=_MICROSOFT, reply=outlook_german,
        forward=outlook_german, fields=OUTLOOK, prefix="AW: ", forward_prefix="WG: ",
    ),
    Client(
        name="Outlook web", source=_MICROSOFT, reply=outlook_web, forward=outlook_web, fields=_WEB,
        prefix="Re: ", forward_prefix="Fw: ",
    ),
    Client(
        name="Outlook mobile", source=_MICROSOFT, reply=outlook_mobile, forward=outlook_mobile,
        fields=_WEB, mobile="Get Outlook for iOS", forward_prefix="Fw: ",
    ),
    Client(name="Gmail web", source=_GOOGLE, reply=gmail, forward=gmail_forward),
    Client(name="Gmail web, French", source=_GOOGLE, reply=gmail_french, forward=gmail_forward),
    Client(name="Gmail Android", source=_GOOGLE, reply=gmail_android, forward=gmail_forward),
    Client(
        name="Apple Mail", source=_APPLE, reply=apple, forward=apple_forward,
        fields=("X-Mailer: Apple Mail (2.3826.300.87.4.3)",),
    ),
    Client(
        name="iPhone", source=_APPLE, reply=iphone, forward=apple_forward, encoding="base64",
        fields=("X-Mailer: iPhone Mail (22D72)",), mobile="Sent from my iPhone",
    ),
    Client(
        name="Thunderbird", source=_MOZILLA, reply=thunderbird, forward=thunderbird_forward,
        fields=("User-Agent: Mozilla Thunderbird",), encoding="8bit", params={"format": "flowed"},
    ),
    Client(
        name="Thunderbird HTML", source=_MOZILLA, reply=thunderbird_html,
        forward=thunderbird_forward, fields=("User-Agent: Mozilla Thunderbird",),
    ),
)  # fmt: skip


def written(
    client: Client, body: Body, fields: Iterable[tuple[str, str]], *, html_only: bool, logo: bool
) -> bytes:
    """Put a body and the fields of a mail into bytes, as the program does.

    With a logo the HTML shows a picture by `cid:logo@client`.
    """
    message = EmailMessage()
    for name, value in fields:
        message[name] = value
    for line in client.fields:
        name, _, value = line.partition(":")
        message[name] = value.strip()
    html = body.html
    if not (html_only and html):
        message.set_content(body.plain, cte=client.encoding, params=client.params or None)
    if html and html_only:
        message.set_content(html, subtype="html", cte=client.encoding)
    elif html:
        message.add_alternative(html, subtype="html", cte=client.encoding)
    if logo and html:
        part = message if html_only else list(message.iter_parts())[-1]
        assert isinstance(part, EmailMessage)
        part.add_related(
            LOGO, "image", "png", cid="<logo@client>", disposition="inline", filename="logo.png"
        )
    return bytes(message)
