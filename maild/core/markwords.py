"""What people write instead of a mark from 1 to 5, in four languages.

Small letters without accents (`core/markread.py` takes them off). A word that may as well be a
courtesy ("fine", "ok") or an idiom ("not bad", "pas mal") is no mark: its writer is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_VERY = _words(
    """
very really extremely so absolutely totally super incredibly
tres vraiment extremement tout-a-fait totalement
sehr wirklich ausserst ausgesprochen voll hochst uberaus ausserordentlich
muy realmente sumamente bastante-muy totalmente tan
"""
)
_TOP = _words(
    """
excellent excellently perfect perfectly great awesome amazing fantastic outstanding brilliant
superb wonderful exceptional excellente parfait parfaite parfaitement genial geniale impeccable
super formidable remarquable ausgezeichnet hervorragend perfekt toll spitze spitzenmassig klasse
grossartig exzellent top fantastisch wunderbar einwandfrei excelente perfecto perfecta
perfectamente estupendo estupenda fantastico fantastica magnifico magnifica maravilloso
maravillosa inmejorable sobresaliente fantastique
"""
)
_GOOD = _words(
    """
good happy satisfied pleased helpful nice
bien bon bonne satisfait satisfaite satisfaits satisfaites content contente contents
gut gute guter zufrieden hilfreich
bueno buena satisfecho satisfecha satisfechos contento contenta contentos
"""
)
_MIDDLE = _words(
    """
average mediocre neutral so-so moyen moyenne mitige neutre passable durchschnittlich mittelmassig
mittel regular pasable aceptable neutro acceptable
"""
)
_BAD = _words(
    """
bad poor unhappy dissatisfied unsatisfied disappointed disappointing
mauvais mauvaise mal insatisfait insatisfaite mecontent mecontente decu decue decevant decevante
schlecht schlechte schlechter unzufrieden enttauscht enttauschend mangelhaft
malo mala insatisfecho insatisfecha descontento descontenta decepcionado decepcionada
decepcionante deficiente
"""
)
_FLOOR = _words(
    """
terrible horrible awful worst catastrophic useless abysmal appalling dreadful
nul nulle catastrophique lamentable execrable affreux affreuse
furchtbar katastrophal miserabel grauenhaft schrecklich unterirdisch ungenugend grottenschlecht
pesimo pesima fatal nefasto nefasta horroroso
"""
)
_NOT = ("not", "wasn't", "isn't", "weren't", "aren't", "pas", "nicht", "no", "kein", "keine")
_NONE = (
    "not at all satisfied",
    "not satisfied at all",
    "pas du tout satisfait",
    "pas du tout satisfaite",
    "pas satisfait du tout",
    "pas satisfaite du tout",
    "gar nicht zufrieden",
    "uberhaupt nicht zufrieden",
    "nada satisfecho",
    "nada satisfecha",
    "nada contento",
    "nada contenta",
)
_BETWEEN = ("comme ci comme ca", "mas o menos", "geht so", "so so", "es geht so", "ni bien ni mal")
_IDIOMS = (
    *("ok", "okay", "fine", "well", "alright", "d'accord", "vale", "bon ben", "passt"),
    *("in ordnung", "correct", "correcto", "fair", "acceptable enough", "not great"),
)
"""What says something, but no mark: asked back."""


@cache
def phrases() -> Mapping[tuple[str, ...], int | None]:
    """Return words to the mark that they are; None for those that are none.

    They are three megabytes, and put together when the first answer is read.
    """
    return {
        **_phrases(_TOP, 5),
        **_phrases(_with(_VERY, (*_TOP, *_GOOD)), 5),
        **_phrases(_with(("pretty", "quite", "ganz", "assez", "bastante", "plutot"), _GOOD), 4),
        **_phrases(_GOOD, 4),
        **_phrases(_MIDDLE, 3),
        **_phrases(_BETWEEN, 3),
        **_phrases(_BAD, 2),
        **_phrases(_with(_NOT, _GOOD), 2),
        **_phrases(_with(_with(_NOT, _VERY), _GOOD), 2),
        **_phrases(_FLOOR, 1),
        **_phrases(_with(_VERY, (*_BAD, *_FLOOR)), 1),
        **_phrases(_NONE, 1),
        **_phrases(_IDIOMS, None),
        **_phrases(_with(_NOT, (*_BAD, *_TOP, *_FLOOR)), None),
        **_phrases(("nada mal", "nada malo", "gar nicht schlecht", "pas mal du tout"), None),
    }


@cache
def phrase_words_max() -> int:
    """Return how many words the longest of them has."""
    return max(map(len, phrases()))


def _phrases(texts: Iterable[str], score: int | None) -> dict[tuple[str, ...], int | None]:
    return {tuple(text.split()): score for text in texts}


def _with(words: Iterable[str], others: Iterable[str]) -> list[str]:
    ends = tuple(others)
    return [f"{word} {end}" for word in words for end in ends]


FACES: dict[str, int] = {
    **dict.fromkeys("😡🤬😠😤🤮💩", 1),
    **dict.fromkeys("😞☹🙁👎😟😒😕😢😭", 2),
    **dict.fromkeys("😐😑", 3),
    **dict.fromkeys("🙂👍☺😊👌", 4),
    **dict.fromkeys("😀😃😄😁😍🤩🥰❤💯👏🎉🥳💖🏆", 5),
}
STARS = "★⭐🌟"
EMPTY_STARS = "☆"

NUMBERS: dict[str, int] = {
    word: value
    for words in (
        "zero one two three four five six seven eight nine ten",
        "zéro un deux trois quatre cinq six sept huit neuf dix",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    )
    for value, word in enumerate(words.split())
} | {"funf": 5, "fuenf": 5, "une": 1, "una": 1, "ein": 1, "eine": 1}
ARTICLES = frozenset({"one", "un", "une", "uno", "una", "ein", "eine"})
"""A number only where nothing else stands on the line."""

LEADING = frozenset(
    _words(
        """
i i'd i'll i'm we you your our us would will can give gave rate it it's a an the my mine score mark
rating vote un une una ein eine einen
is was are am were been be has have with of course answer everything all overall
je j'ai nous vous votre vos on mets met donne donnerais dirais attribue ma mon la le les est etait
c'est c'etait suis sommes ete tout note reponse ca ce qui ne n'est n'etait n'a n'ai ai
ich wir sie ihr ihre ihren ihrem war waren bin sind ist gebe vergebe wurde geben bewertung
punktzahl meine unsere die der das den dem alles mit es hat antwort insgesamt
yo le les doy pongo damos mi nuestra nota puntuacion valoracion calificacion es fue era ha sido
estoy estamos estuvo todo con el los su sus respuesta voto quedo ha
service support help job work team experience aide equipe travail accueil assistance hilfe arbeit
team betreuung ayuda trabajo equipo atencion servicio soporte
hello hi dear bonjour salut bonsoir hallo guten tag hola buenos dias buenas tardes
"""
    )
)
"""What may stand before a mark."""
BAD_MAX = 2
"""No mark in words above it blames."""
UNITS = frozenset(
    _words(
        """
star stars point points etoile etoiles stern sterne punkt punkte punkten estrella estrellas punto
puntos
"""
    )
)
OF = frozenset({"of", "sur", "von", "de", "aus", "sobre", "out"})
COURTESY = frozenset(
    _words(
        """
thanks thank you many much a lot so very again to for the your all kind best regards everyone
cheers and ok okay
merci beaucoup a bien vous et encore bonne journee cordialement pour
danke dank schon vielen herzlichen schonen fur und gruss grusse viele liebe nochmals ihnen
gracias muchas mil saludos y un saludo por muy amable amables todo
service support help job work team experience aide equipe travail accueil assistance hilfe arbeit
betreuung ayuda trabajo equipo atencion servicio soporte quick fast friendly rapide efficace
schnell freundlich rapido rapida eficaz competent
"""
    )
)
"""What may stand behind a mark that is said in words."""
THANKS = frozenset(
    _words("thanks thank many cheers merci danke vielen herzlichen gracias muchas mil")
)
"""What may stand right behind a number."""
REASONS = frozenset(
    _words(
        """
because since as for from car parce puisque pour weil denn da fur wegen porque pues ya por but
mais aber pero and et und y although bien gern gerne
"""
    )
)
"""What may stand right behind a number, before its reason."""
HEDGES = frozenset(
    _words(
        """
maybe perhaps between about around almost roughly nearly approximately probably possibly
peut-etre entre environ presque plutot vielleicht zwischen etwa ungefahr circa knapp eher
quiza quizas tal acaso casi aproximadamente unsure
"""
    )
)
CONTRASTS = frozenset({"but", "however", "mais", "aber", "jedoch", "pero", "cependant", "though"})
GREETINGS = frozenset(
    _words(
        """
hello hi hey dear bonjour salut bonsoir chers cher hallo guten moin hola buenos buenas
estimado estimada estimados liebe lieber servus
"""
    )
)
LEAVING = frozenset(
    {
        *("unsubscribe", "stop", "opt out", "remove me", "unsubscribe me", "please unsubscribe"),
        *("desabonner", "me desabonner", "desinscription", "desabonnement", "desinscrire"),
        *("abmelden", "abbestellen", "bitte abmelden", "austragen", "keine umfragen mehr"),
        *("baja", "darme de baja", "dar de baja", "no mas encuestas", "cancelar suscripcion"),
    }
)
