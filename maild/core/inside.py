"""What a customer wrote into our own words that their mail quotes, where nothing marks it as new.

Strategy: what we sent is known. Word for word, whatever a client folded, marked or linked anew,
the quote is laid beside it; words that stand between two stretches of ours and in nothing that was
ever said on the ticket are an answer. What stands above or below our words is none: banners, small
print, the headers of the quote and what other people wrote.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from maild.core import markup, subject
from maild.core.leak import UNSPACED
from maild.core.mail import Mail
from maild.core.markuptext import text_of
from maild.core.quick import replace
from maild.core.replycut import beginnings
from maild.core.replymarks import cleaned_lines
from maild.core.scene import Scene
from maild.core.thread import Found
from maild.core.ticket import Post, PostKind

RUN = 3
"""So many words in a row are known again; fewer follow each other by chance."""
PAIR = 2
NEAR = 12
"""Two words are enough for the first ones of a text and for the next ones, so far ahead."""
QUOTE_CHARACTERS_MAX = 60_000
TEXT_CHARACTERS_MAX = 30_000
"""Of a post."""
EXCERPT_LINES_MAX = 200
_CHUNK_MAX = 60
"""Characters; longer ones are what is left of an address that was folded."""
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_LINK = re.compile(r"(?:https?://|mailto:|cid:|tel:)[^\s<>\[\]()\"]*", re.IGNORECASE)
_PICTURE = re.compile(
    r"\[(?:(?:inline[ -])?(?:image|bild|imagen|imagem|immagine|afbeelding)[ \u00a0]?:[^\[\]]*"
    r"|[^\[\]/\\]*\.(?:png|jpe?g|gif|bmp|tiff?|svg|webp|heic)"
    r"|(?:image removed by sender|bild vom absender entfernt|imagen quitada por el remitente"
    r"|image supprimée par l['’]expéditeur)[^\[\]]*"
    r"|(?:ein bild, das|a picture containing|a screenshot of|une image contenant"
    r"|imagen que contiene)[^\[\]]*)\]?"
    r"|(?:description automatically generated|ai-generated content may be incorrect\."
    r"|automatisch generierte beschreibung|description générée automatiquement"
    r"|descripción generada automáticamente)\]"
    r"|<[^<>/\\]*\.(?:png|jpe?g|gif|bmp|tiff?|svg|webp|heic)>",
    re.IGNORECASE,
)
"""A line that stands where our picture stood."""
_LEAD = re.compile(r"(?:[>|*·•§–-]|o[ \t])[ \t]*(?=\S)")
_NUMBER = re.compile(r"(?<!\S)\d{1,2}[.)](?=[ \t])")
_E_FOR_DOTS = re.compile("(?<=[aou])e")
_Run = tuple[str, ...]


def read(scene: Scene, found: Found | None) -> Scene:
    """Return the scene with what a customer's mail says inside the quote of what we sent.

    It then counts as interleaved, and its new lines stand below its text, each under the line of
    ours that it answers. What an agent wrote is left as it is: `core.between` looks at that.
    """
    mail = scene.mail
    if found is None or mail.reply.interleaved or scene.house.agent_of(mail.identity):
        return scene
    ticket = found.view.ticket
    name = scene.house.mailbox(ticket.mailbox).name
    foot = f"\n{name} {subject.tag(name, ticket.number)}"
    words = _of_mail(mail, found.view.recent, foot)
    if not words:
        return scene
    text = f"{mail.reply.reply_text}\n\n{words}"
    reply = replace(mail.reply, reply_text=text, interleaved=True)
    mail = replace(mail, reply=reply)
    return replace(scene, arrival=replace(scene.arrival, mail=mail))


def answers(text: str, said: str, ours: Sequence[str], others: Sequence[str]) -> str:
    """Return the lines of `text`, a mail, that say something new inside one of our texts; or ''.

    `said` is what the mail says above its quote, `ours` what we sent, with the foot, and
    `others` whatever else was said. The cost grows with the length of the texts alone.
    """
    page = _page(text, said)
    wholes = [_words(whole[:TEXT_CHARACTERS_MAX].split("\n")) for whole in ours]
    rest = [_words(whole[:TEXT_CHARACTERS_MAX].split("\n")) for whole in others]
    known = page.known((*wholes, *rest))
    fresh = {line for words in wholes for line in page.fresh(words, known)}
    return _excerpt(page, sorted(fresh)[:EXCERPT_LINES_MAX], page.known(wholes, PAIR))


def _of_mail(mail: Mail, posts: Sequence[Post], foot: str) -> str:
    """Look at the texts that we sent and, where something seems new, at their HTML as well."""
    text, said = mail.parsed.text, mail.reply.unquoted_text
    sent = [post for post in posts if post.kind is PostKind.AGENT]
    if not sent or not text.strip():
        return ""
    ours = [post.text + foot for post in sent]
    known = [post.text for post in posts if post.kind is not PostKind.NOTE]
    words = answers(text, said, ours, known)
    if not words or not any(post.html for post in sent):
        return words
    shown = [
        text_of(markup.read(post.html)) + foot if post.html else post.text + foot for post in sent
    ]
    return answers(text, said, shown, [*known, *ours])


@dataclass(slots=True, kw_only=True)
class _Page:
    """The words below what was said."""

    lines: list[str]
    words: list[str]
    origins: list[int]
    """The line of each word."""
    starts: frozenset[int]
    """The words with which older mails begin."""

    def known(self, texts: Iterable[list[str]], length: int = RUN) -> list[bool]:
        """Tell of each word whether it stands in so long a run of these texts."""
        usual = {run for words in texts for run in _runs(words, length)}
        known = [False] * len(self.words)
        for index, run in enumerate(_runs(self.words, length)):
            if run in usual:
                known[index : index + length] = [True] * length
        return known

    def fresh(self, own: list[str], known: list[bool]) -> set[int]:
        """Return the lines of new words between words of one of our texts.

        Where ours breaks off below such words, the rest of that paragraph counts as well.
        """
        found: set[int] = set()
        for start, end, left_out in _Ours.of(own).beside(self.words, self.starts):
            if left_out is not None:
                found.update(self._new(start, end, left_out, known))
            elif found:
                last = min(end, self._paragraph_end(start))
                found.update(self._new(start, last, [], known))
        return found

    def _paragraph_end(self, start: int) -> int:
        line = self.origins[start - 1]
        while line < len(self.lines) and self.lines[line]:
            line += 1
        return bisect_left(self.origins, line)

    def _new(self, start: int, end: int, left_out: list[str], known: list[bool]) -> list[int]:
        """Return the lines of words that are new; not where they only stand for others of ours."""
        spare, flat = Counter(left_out), _flat("".join(left_out))
        is_short = len(left_out) <= RUN * (end - start + 1)
        found: list[int] = []
        for index in range(start, end):
            word = self.words[index]
            if known[index]:
                continue
            if spare[word] > 0:
                spare[word] -= 1
            elif not (is_short and _flat(word) in flat):
                found.append(self.origins[index])
        return found if len(found) > spare.total() else []


@dataclass(slots=True, kw_only=True)
class _Ours:
    """One of our texts, laid beside the words of a quote."""

    own: list[str]
    places: defaultdict[_Run, list[int]]
    """Where its runs of words begin, and its pairs."""
    last: int = -1
    """Where the newest match begins in it; -1 for none."""
    used: int = 0
    """How many of its words come before the end of the newest match."""

    @classmethod
    def of(cls, own: list[str]) -> _Ours:
        """Note where everything stands."""
        places: defaultdict[_Run, list[int]] = defaultdict(list)
        for length in (RUN, PAIR):
            for place, run in enumerate(_runs(own, length)):
                places[run].append(place)
        return cls(own=own, places=places)

    def beside(
        self, words: list[str], starts: frozenset[int]
    ) -> Iterator[tuple[int, int, list[str] | None]]:
        """Yield from where to where other words stand between ours, and what ours has there.

        None where ours breaks off. It is begun anew at `starts` and where its first words stand.
        """
        end = 0
        for index in range(len(words)):
            run = tuple(words[index : index + RUN])
            if index in starts or self._begins(run):
                if 0 < self.used < len(self.own):
                    yield end, index, None
                self.last, self.used = -1, 0
            place, length = self._match(run)
            if place < 0:
                continue
            if self.used and index > end:
                yield end, index, self.own[self.used : place]
            self.last, self.used, end = place, place + length, max(index + length, end)
        if 0 < self.used < len(self.own):
            yield end, len(words), None

    def _begins(self, run: _Run) -> bool:
        """Tell whether ours begins here; two words tell it while no more of it was found."""
        length = PAIR if self.used <= PAIR else RUN
        return run[:length] == tuple(self.own[:length])

    def _match(self, run: _Run) -> tuple[int, int]:
        """Find the next place of a run, or near by of its first two words, and the length."""
        place = self._next(run)
        if place >= 0 and len(run) == RUN:
            return place, RUN
        place = self._next(run[:PAIR])
        most = self.used + NEAR if self.used else 0
        return (place, PAIR) if 0 <= place <= most else (-1, 0)

    def _next(self, run: _Run) -> int:
        known = self.places.get(run, ())
        after = bisect_right(known, self.last)
        return known[after] if after < len(known) else -1


def _page(text: str, said: str) -> _Page:
    """Take apart what stands below the last line that was said."""
    lines = cleaned_lines(text[:QUOTE_CHARACTERS_MAX])
    wanted = [line for line in cleaned_lines(said) if line]
    below = place = 0
    for index, line in enumerate(lines):
        if place < len(wanted) and line == wanted[place]:
            place, below = place + 1, index + 1
    lines = [line.lstrip("> ") for line in lines[below:]]
    found = [_words([line]) for line in lines]
    firsts = list(accumulate(map(len, found), initial=0))
    words = [word for one in found for word in one]
    return _Page(
        lines=lines,
        words=words,
        origins=[index for index, one in enumerate(found) for _ in one],
        starts=frozenset(firsts[index] for index in beginnings(lines)) if words else frozenset(),
    )


def _excerpt(page: _Page, fresh: list[int], heard: list[bool]) -> str:
    """Return new lines, each that has no words of ours below the line that stands above it."""
    ours = {line for line, is_heard in zip(page.origins, heard, strict=True) if is_heard}
    shown: list[str] = []
    before = -1
    for line in fresh:
        above = next((i for i in range(line - 1, before, -1) if page.lines[i]), -1)
        if line not in ours and above >= 0:
            shown += ["", f"> {page.lines[above]}", ""]
        shown.append(page.lines[line])
        before = line
    return "\n".join(shown).strip("\n")


def _words(lines: Iterable[str]) -> list[str]:
    """Return the words of lines: small, without accents, addresses and marks of lists."""
    return [word for line in lines for word in _WORD.findall(_plain(line))]


def _plain(line: str) -> str:
    line = line.lstrip("> \t")
    if _PICTURE.fullmatch(line.rstrip()):
        return ""
    line = _LINK.sub(" ", line)
    lead = _LEAD.match(line)
    line = _NUMBER.sub(" ", line[lead.end() :] if lead else line)
    if len(line) > _CHUNK_MAX and "%" in line:
        line = " ".join(one for one in line.split() if len(one) <= _CHUNK_MAX or "%" not in one)
    if line.isascii():
        return line.lower()
    plain = unicodedata.normalize("NFKD", line.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def _flat(text: str) -> str:
    return _E_FOR_DOTS.sub("", text)


def _runs(words: Sequence[str], length: int = RUN) -> Iterator[_Run]:
    return (tuple(words[index : index + length]) for index in range(len(words) - length + 1))
