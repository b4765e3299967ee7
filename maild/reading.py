"""One raw mail -> `core.mail.Mail`: what runs in the reader's child process.

Started as a program it is that child: it sets its own limits, then answers requests on standard
input until the parent closes it. Hostile text is touched nowhere else.

A message is a length (4 bytes, big endian) and that many bytes, plain JSON (`plainform`) but for
raw mail. The first one to the child holds the options, and the CPU seconds and memory bytes that
are allowed; then come, for each mail, its envelope and its raw bytes. Hostile text had its hands
on whoever writes the answers: the parent checks every type.
"""

from __future__ import annotations

import dataclasses
import hashlib
import resource
import struct
import sys
from typing import BinaryIO

from maild import plainform
from maild.core import bounce, classify, dkim, forwarding, replytext, spoken, subject
from maild.core.mail import Answer, Envelope, Mail, Parsed, ReadOptions, Source
from maild.errors import HostileMail
from maild.garbage import settle
from maild.parse import parse

_LENGTH = struct.Struct(">I")


def read(raw: bytes, envelope: Envelope, options: ReadOptions) -> Mail:
    """Understand a mail; `HostileMail` when it is outside the limits, and nothing else."""
    parsed = parse(raw, options.limits, options.phrases)
    found = bounce.examine(parsed)
    reply = replytext.split(
        parsed.text,
        html_reply=parsed.html_reply,
        delimiters=options.delimiters,
        phrases=options.phrases,
    )
    if reply.forwarded is None and subject.is_forward(parsed.subject):
        passed_on = forwarding.passed_on(parsed.text, options.phrases)
        reply = dataclasses.replace(reply, forwarded=passed_on)
    is_checked = options.authenticates and envelope.source is Source.SMTP
    return Mail(
        parsed=parsed,
        classification=classify.classify(parsed, envelope, options=options, bounce=found),
        bounce=found,
        reply=reply,
        language=spoken.language_of(reply.reply_text, parsed.subject),
        content_hash=content_hash(parsed),
        sha256=hashlib.sha256(raw).hexdigest(),
        signatures=dkim.signatures(raw, options.limits.dkim_signatures) if is_checked else (),
        seals=dkim.seals(raw) if is_checked else (),
    )


def content_hash(parsed: Parsed) -> str:
    """Return the hash of Date, Subject and decoded text: part of what makes a mail the same."""
    text = "\n".join(line.rstrip() for line in parsed.text.strip().splitlines())
    parts = (parsed.header("date"), parsed.subject, text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the parent closes the pipe."""
    hello = plainform.unpacked(tuple[ReadOptions, int, int], _receive(requests))
    options, cpu_seconds, memory_bytes = hello
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settle()
    _send(answers, plainform.packed(Answer(reason="ready")))
    while request := _receive(requests):
        envelope = plainform.unpacked(Envelope, request)
        _allow_cpu(cpu_seconds)
        _send(answers, _answer(_receive(requests), envelope, options))


def _answer(raw: bytes, envelope: Envelope, options: ReadOptions) -> bytes:
    """Return the mail as the parent reads it, or why it could not be read."""
    try:
        return plainform.packed(Answer(mail=read(raw, envelope, options)))
    except HostileMail as error:
        failure = Answer(is_hostile=True, reason=str(error))
    except MemoryError:
        failure = Answer(reason="the reader ran out of memory")
    except Exception as error:  # noqa: BLE001 - loop top: the parent counts the failed try
        failure = Answer(reason=f"{type(error).__name__}: {str(error)[:200]}")
    return plainform.packed(failure)


def _allow_cpu(seconds: int) -> None:
    """Let the next mail use this much CPU time and no more; then SIGXCPU ends the child."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _receive(stream: BinaryIO) -> bytes:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    return stream.read(_LENGTH.unpack(head)[0])


def _send(stream: BinaryIO, data: bytes) -> None:
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
