"""format=flowed (RFC 3676): soft line breaks undone, quotes kept."""

from __future__ import annotations

_SIGNATURE = "-- "


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Join the lines that a mailer broke (RFC 3676 §4.4); `delete_space` is its DelSp parameter.

    Quoted lines come back with `>` for each level and one space.
    """
    paragraphs: list[str] = []
    open_depth = -1
    pending: list[str] = []
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content.removeprefix(" ")
        if depth != open_depth and pending:
            paragraphs.append(_quoted(open_depth, "".join(pending)))
            pending = []
        is_soft = content.endswith(" ") and content != _SIGNATURE
        if content == _SIGNATURE and pending:
            paragraphs.append(_quoted(open_depth, "".join(pending)))
            pending = []
        pending.append(content[:-1] if is_soft and delete_space else content)
        open_depth = depth
        if not is_soft:
            paragraphs.append(_quoted(depth, "".join(pending)))
            pending = []
    if pending:
        paragraphs.append(_quoted(open_depth, "".join(pending)))
    return "\n".join(paragraphs)


def _quoted(depth: int, content: str) -> str:
    if depth <= 0:
        return content
    return f"{'>' * depth} {content}" if content else ">" * depth
