"""The words by which somebody tells of their own absence, in seven languages.

A notice of absence whose header and subject tell nothing is known by its beginning alone: somebody
begins to speak of themselves and says, in the same clause, that they are not there. Who writes of
others, or of holidays, writes an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tongue:
    """How people tell in one language that they are not there; patterns."""

    speaker: str
    """They begin to speak of themselves."""
    away: str
    others: str
    """In between: they begin to speak of somebody or something else."""


_NO_NOUN = (
    r"(?!\.\w|-)(?! (?!(?:until|till|from|for|on|and|or|with|without|at|in|to|through|throughout"
    r"|this|next|the|today|tonight|tomorrow|now|as|but|so|due|since|between|during|again|right|all"
    r"|every|most|starting|beginning|returning|because|by|while|where|i|my|please|however|back"
    r"|over|after|of absence|\d+\w*)\b)[a-z])"
)
"""English puts nouns behind nouns: “on leave until”, but not “on leave requests”."""
_SELF_AWAY = (
    _Tongue(
        speaker=r"(?<!if )(?<!whether )(?:i am|i'm|i will be|i'll be)",
        away=(
            r"(?:(?<!the )(?<!an )out of (?:the )?office|on (?:my )?(?:vacation|holiday)"
            r"|on (?:my )?(?:\w+ )?leave|away (?:until|till|this week|next week)"
            r"|away from (?:the office|work|my (?:desk|e-?mails?|mail)))" + _NO_NOUN
        ),
        others=(
            r"i|you|your|he|his|she|her|it|its|we|our|they|their|\w+'s|who|that|which|whether|if"
            r"|when|is|are|was|were|has|have|had|can|will|would|not|never|no longer|back|been"
            r"|being|after|before|afraid|sorry|sure|happy|glad|pleased|able|behalf|colleagues?"
            r"|customers?|people|(?!(?:travel|attend|tak|start|go|leav|spend|dur|even|morn|spr|beginn"
            r"|includ|follow|com)\w{0,3}ing)\w+ing"
        ),
    ),
    _Tongue(
        speaker=r"(?:(?:ich )?bin(?: ich)?|(?:ich )?befinde mich|ich werde(?=.{0,90} sein\b))",
        away=(
            r"(?:nicht (?:mehr )?(?:im büro|im hause?|am arbeitsplatz)|abwesend|au(?:ß|ss)er haus"
            r"|im \w{0,16}urlaub(?! (?:erreichbar|für sie|zu erreichen))|in elternzeit"
            r"|auf dienstreise)"
        ),
        others=(
            r"dass|ob|wenn|sie|ihr\w*|er|es|wir|uns\w*|du|dein\w*|euch|euer\w*|ist|sind|war|nicht|kein\w*"
            r"|wieder|sicher|froh|dankbar|kolleg\w*|vertret\w*|ansprech\w*"
        ),
    ),
    _Tongue(
        speaker=r"je (?:suis|serai)",
        away=r"(?:absente?|en congés?|en vacances|hors du bureau|en déplacement|en arrêt maladie)",
        others=(
            r"que|qu|vous|votre|vos|tu|ton|ta|tes|nous|notre|nos|il|elle|ils|elles|est|sont|était|pas"
            r"|plus|quand|si|désolée?|navrée?|sûre?|certaine?|ravie?|contente?|collègues?|clients?"
            r"|responsable|chargée?|train"
        ),
    ),
    _Tongue(
        speaker=r"(?<!\bno )(?:estoy|estaré|me encuentro|me encontraré)",
        away=r"(?:fuera de (?:la |mi )?oficina|ausente|de vacaciones|de baja)",
        others=(
            r"que|usted\w*|sus?|tus?|le|les|nos|nuestr\w+|él|ella|ellos|es|son|está|están|no|ya|si"
            r"|cuando|con|segur[oa]|encantad[oa]|content[oa]|solicitud|reserva|\w+ndo"
        ),
    ),
    _Tongue(
        speaker=(
            r"(?:(?:^|(?<=[.!?,\n])|(?<=[.!?,] )|(?<=\be )|(?<=\bio )|(?<=\bmomento )|(?<=\boggi )"
            r"|(?<=\bpurtroppo )|(?<=\battualmente ))sono|(?<!\bnon )sarò|mi trovo)"
        ),
        away=r"(?:assente|fuori (?:ufficio|sede)|in (?:ferie|congedo|vacanza))",
        others=(
            r"che|lei|suo\w?|sua|vostr\w+|nostr\w+|loro|voi|noi|è|stat[oaei]|non|se|quando|felic[ei]"
            r"|liet[oa]|sicur[oa]|certo|certa|spiacente|collegh?[iae]"
        ),
    ),
    _Tongue(
        speaker=r"(?:ik ben|ben ik|ik zal(?=.{0,90} zijn\b))",
        away=r"(?:afwezig|niet (?:aanwezig|op kantoor)|(?:op|met) (?:vakantie|\w{0,20}verlof))",
        others=(
            r"dat|of|als|u|uw|je|jij|jouw|jullie|hij|zij|ze|het|wij|we|onze?|hun|is|zijn|was|niet|geen"
            r"|blij|bang|zeker|weer|terug|collega\w*"
        ),
    ),
    _Tongue(
        speaker=r"(?<!não )(?:estou|estarei|encontro-me|me encontro)",
        away=r"(?:fora do escritório|ausente|(?:de|em) (?:férias|licença))",
        others=(
            r"que|você\w*|senhora?|seus?|suas?|nossos?|nossas?|eles?|elas?|é|são|está|estão|não|já|se"
            r"|quando|com|cert[oa]|content[ea]|feliz|pedido|reserva|\w+ndo|a \w+r"
        ),
    ),
)
_AWAY_AT_ONCE = (
    r"(?<!if )(?:(?:i am|i'm) (?:\w+ )?not|i will (?:\w+ )?not be|i won't be) in (?:the|my) office"
    r"|(?:^|(?<=\n)|(?<=[.!?] ))(?:currently )?out of (?:the )?office until"
    r"|je ne (?:suis|serai) pas au bureau|no (?:estoy|estaré) en la oficina|non sarò in ufficio"
    r"|não (?:estou|estarei) no escritório"
)
_OWN_ABSENCE = re.compile(
    rf"(?<!\w)(?:{_AWAY_AT_ONCE})(?!\w)|"
    + "|".join(
        rf"(?<!\w){one.speaker}\b"
        rf"(?:(?!\b(?:{one.others})\b)(?:\d\.|[^.!?,;:\n])){{0,60}}?\b{one.away}(?!\w)"
        for one in _SELF_AWAY
    ),
    re.IGNORECASE,
)
_GAP = re.compile(r"\s+")
_BEGINNING = 400
"""Characters in which a notice of absence comes to its point."""


def own_absence(text: str) -> str:
    """Return the words by which a text begins as a notice of its writer's absence, or ''.

    They come as they were written, but for line breaks.
    """
    begin = _GAP.sub(lambda gap: "\n" if gap[0].count("\n") > 1 else " ", text[:_BEGINNING])
    found = _OWN_ABSENCE.search(begin.replace("’", "'"))
    return begin[slice(*found.span())] if found else ""
