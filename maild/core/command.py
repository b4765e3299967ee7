"""Commands in an agent's mail: lines that start with `#`, above the text.

Strategy: what mail clients do to a line is undone first (capitals, odd spaces, invisible
characters, emphasis, smart quotes and dashes, the wide `＃`, addresses made into links); then the
line must fit the table of `core.commandtable`. One line that does not, and nothing at all is done.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from maild.core.commandtable import ENTRIES, STATES, Shape, Word

__all__ = ["Command", "Orders", "Word", "nearest", "nearest_of", "orders", "stray"]

_WORDS = frozenset(word.value for word in Word)
LINE_CHARACTERS_MAX = 500
"""A longer line is no command, unless its word begins a text."""
COMMANDS_MAX = 50
_EXACT = {word.value: word for word in Word}
_BY_LETTERS = {"".join(sorted(word)): word for word in Word}
_NOTES = frozenset(
    {
        "not",
        "noe",
        "nte",
        "notes",
        "notiz",
        "notizen",
        "nota",
        "notas",
        "noter",
        "mote",
        "nore",
        "noye",
        "npte",
        "noote",
        "nnote",
        "notte",
        "notee",
    }
)
"""`note` in other languages and with a slip of the finger; `node` and `vote` are words."""
_FORMS = {
    r"(?s:.*)": "note subject search escalate",
    r"\S*": "solve close reopen hold spam",
    r"": "accept ack undo show list back help",
    r"\S+(?: \S+)?": "template assign queue",
    r"[1-3]\b.*": "tier",
    r"(?i:low|normal|high|urgent)": "priority",
    r"[+-].*": "tag",
    r"[+-].*|\S*@.*": "cc customer",
    r"[A-Za-z]{2,3}(?:[-_]\w+)?": "lang",
    r"#?\d+": "link merge",
    r"[\d, -]*": "split",
    r"(?:\S+(?: \S+){0,3})?": "pending away",
}
_FITTING = {
    Word(word): re.compile(form) for form, words in _FORMS.items() for word in words.split()
}
"""What can stand behind each word, as far as it tells a command from other people's hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line of the block, understood."""

    word: Word
    argument: str = ""
    """What stands behind the word, cleaned of what clients do; empty for none."""
    line: str = ""
    """As it is shown back to the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What an agent's text asks for."""

    commands: tuple[Command, ...] = ()
    body: str = ""
    """The text below the commands."""
    lines: int = 0
    """How many lines the command block has, empty ones included."""
    block: str = ""
    """The command block as it was written, without text that begins behind a word."""
    unknown: str = ""
    """The first word that is none of ours; empty when all are known."""
    nearest: str = ""
    """The valid word that looks most like it; empty when none does."""
    wrong: Command | None = None
    """The first known word whose line does not fit the table."""

    @property
    def words(self) -> tuple[Word, ...]:
        """The words in order, each once."""
        return tuple(dict.fromkeys(command.word for command in self.commands))

    def of(self, word: Word) -> Command | None:
        """Return the first command with this word, or None."""
        return next((command for command in self.commands if command.word is word), None)


_UNSEEN = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Ranges of characters that no reader sees, as clients leave them at the start of a line."""
_BLANK = re.compile(rf"[\s{_UNSEEN}]*")
_LINE = re.compile(
    rf"[\s{_UNSEEN}]*[*_`\\]{{0,4}}[#＃](?P<gap>[\s{_UNSEEN}]*)"
    r"(?P<word>[^\W\d_][\w-]{0,60})[*`]{0,4}[:：]?(?P<rest>.*)",
    re.DOTALL,
)
_UNSEEN_ANY = re.compile(rf"[{_UNSEEN}]")
_SPACES = re.compile(r"\s+")
_LINKED = re.compile(r"<mailto:[^<>]{0,300}>")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | {"＋": "+"})
_QUOTES = "\"'“”„‟«»‹›‘’‚`"


def stray(text: str) -> str:
    """Return the first command that stands in a text as `#word`, or the empty string.

    Below the block it would go to the customer as text, which nobody means; least of all a note,
    however it is spelled. Headings, pasted lines and the hashes of others are text: a word needs
    an argument that it can have.
    """
    for line in text.split("\n"):
        match = _LINE.fullmatch(line.lstrip("-–—•· \t"))
        if match is None:
            continue
        written = match["word"].lower().rstrip("_-")
        is_close = " " not in match["gap"] and "\t" not in match["gap"]
        word = _meant(written) if is_close else _EXACT.get(written)
        if word is not None and _may_stand(word, match["rest"], is_close=is_close):
            return f"#{written}"
    return ""


def orders(text: str) -> Orders:
    """Take the command block off the top of a text.

    Text behind `#note` on its line begins the note. Text behind a word that takes none could be
    meant for the customer or for nobody: the line is refused, and so is `# note that ...`. A line
    such as `# Heading` is text.
    """
    lines = text.split("\n")
    commands: list[Command] = []
    block: list[str] = []
    taken = 0
    for n, line in enumerate(lines):
        if not line or _BLANK.fullmatch(line):
            continue
        found = _split(line)
        if found is None:
            break
        word, rest = found
        if word not in _WORDS:
            return Orders(body=text, unknown=word, nearest=nearest(word))
        command = _command(Word(word), rest, line)
        if not _fits(command, commands):
            return Orders(body=text, wrong=command)
        commands.append(command)
        is_text = bool(rest) and command.word is Word.NOTE
        block.append(line[: line.index(rest)] if is_text else line)
        taken = n + 1
        if is_text:
            lines[n] = rest
            taken = n
            break
    body = "\n".join(lines[taken:]).strip("\n")
    once = tuple({(one.word, one.argument): one for one in commands}.values())
    return Orders(commands=once, body=body, lines=taken, block="\n".join(block))


def nearest(word: str) -> str:
    """Return the valid word that looks most like this one, or the empty string."""
    return nearest_of(word, [known.value for known in Word])


def nearest_of(word: str, known: list[str]) -> str:
    """Return which of these looks most like a word, in any case; the empty string for none."""
    by_lower = {one.lower(): one for one in reversed(known)}
    close = difflib.get_close_matches(word[:60].lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[close[0]] if close else ""


def _split(line: str) -> tuple[str, str] | None:
    """Return (word, text behind it) of a command line; None for a line of text."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    word = match["word"].lower().rstrip("_-")
    rest = "" if _BLANK.fullmatch(match["rest"]) else match["rest"].strip()
    if " " not in match["gap"] and "\t" not in match["gap"]:
        return word, rest
    if word in _WORDS and not rest:
        return word, ""
    return (f"{word} …", rest) if _is_meant(word) else None


def _is_meant(word: str) -> bool:
    """Whether `# word ...` is rather a command than a heading; a note must never be missed."""
    if SequenceMatcher(None, word, Word.NOTE).ratio() >= 0.5:  # noqa: PLR2004 - as `nearest` does
        return True
    return _is_misspelt(word)


def _is_misspelt(word: str) -> bool:
    return bool(difflib.get_close_matches(word, _WORDS, n=1, cutoff=0.8))


def _meant(written: str) -> Word | None:
    """Return the word that was meant: its letters are all there, or it is `note` misspelt."""
    if written in _NOTES:
        return Word.NOTE
    return _EXACT.get(written) or _BY_LETTERS.get("".join(sorted(written)))


def _may_stand(word: Word, rest: str, *, is_close: bool) -> bool:
    """Whether what is behind a word can be its argument; `# word` is mostly a heading."""
    if word is Word.NOTE:
        return True
    argument = _command(word, "" if _BLANK.fullmatch(rest) else rest.strip(), "").argument
    if not is_close:
        return word in STATES and ENTRIES[word].shape is not Shape.SOMETHING and not argument
    return bool(_FITTING[word].fullmatch(argument[:LINE_CHARACTERS_MAX]))


def _command(word: Word, rest: str, line: str) -> Command:
    shown = _SPACES.sub(" ", _UNSEEN_ANY.sub("", line[:LINE_CHARACTERS_MAX])).strip()
    if word is Word.NOTE:
        return Command(word=word, line=f"#{word}")
    if len(rest) > LINE_CHARACTERS_MAX:
        return Command(word=word, argument=rest, line=shown)
    text = _LINKED.sub("", _UNSEEN_ANY.sub("", rest))
    text = _SPACES.sub(" ", text).strip().strip("*_")
    if ENTRIES[word].shape is Shape.NOTHING:
        text = text.strip(".;,!")
    return Command(word=word, argument=_unquoted(text.strip()), line=shown)


def _unquoted(text: str) -> str:
    """Take off quotes around the whole; put plain dashes for those that clients like better."""
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text[1:-1].strip()
    return text[:1].translate(_DASHES) + text[1:]


def _fits(command: Command, before: list[Command]) -> bool:
    """Whether a line has what its word needs, and nothing that speaks against an earlier one."""
    shape = ENTRIES[command.word].shape
    if len(before) >= COMMANDS_MAX or len(command.argument) > LINE_CHARACTERS_MAX:
        return False
    if (shape is Shape.NOTHING and command.argument) or (
        shape is Shape.SOMETHING and not command.argument
    ):
        return False
    return not any(_contradict(command, other) for other in before)


def _contradict(command: Command, other: Command) -> bool:
    """Whether two lines of one block cannot both be meant."""
    if command.word is not other.word:
        return command.word in STATES and other.word in STATES
    entry = ENTRIES[command.word]
    may_repeat = entry.is_repeatable or entry.shape is Shape.TEXT
    return not may_repeat and command.argument != other.argument
