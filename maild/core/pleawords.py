"""Words that tell a plea from a courtesy in an answer to a survey, in four languages.

Small letters without accents. A plea is what somebody must read: a problem, a wish, a thing that
happened again, whatever did not happen. A word that may be either is one.
"""

from __future__ import annotations

from maild.core.markwords import (
    CONTRASTS,
    COURTESY,
    GREETINGS,
    HEDGES,
    LEADING,
    NUMBERS,
    OF,
    REASONS,
    THANKS,
    UNITS,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(one.split()) for one in text.split(";"))


NEGATIONS = _words(
    """
not no nope never nobody nothing none nowhere without neither nor unable cannot cant dont doesnt
didnt isnt wasnt wont couldnt havent hasnt hardly
pas jamais personne rien sans aucun aucune non ni guere
nicht nichts nie niemals niemand niemanden kein keine keinen keiner keinem keines ohne nein kaum
nunca nadie nada ningun ninguna ninguno sin tampoco jamas apenas
"""
)
HALF_NEGATION = "ne"
"""French; `n'` before a vowel."""
_AGAIN = _words(
    """
again back anew still persists persist persisting recurring recurs returned
encore nouveau toujours revenu revenue revient rechute persiste
wieder wiederum erneut nochmal nochmals weiterhin immernoch noch
nuevo nuevamente vuelto vuelve sigue siguen todavia aun persiste persisten
"""
)
FAILURES = _words(
    """
problems problem issue issues trouble troubles error errors broken wrong incorrect crash crashes
crashed crashing fail fails failed failing failure down stuck hangs hanging freezes frozen lost
missing bug bugs buggy defect defective faulty unusable stopped stops outage refuses
probleme problemes erreur erreurs panne pannes plante plantage bogue bogues bloque bloquee bloques
perdu perdue manque manquant manquante casse cassee defaut incident souci soucis
fehler fehlern fehlermeldung problemen kaputt absturz absturzt abgesturzt abgesturzte defekt
verschwunden sturzt hangt fehlt fehlen fehlend stort storung ausfall ausgefallen blockiert falsch
versagt
problema problemas errores falla fallas fallan fallo fallos roto rota averia averiado averiada
bloqueado bloqueada caido caida perdido perdida falta faltan incorrecto incorrecta cuelga colgado
"""
)
OVER = _words(
    """
solved resolved fixed done sorted resolu resolue regle reglee corrige corrigee repare reparee
gelost behoben erledigt repariert geklart
resuelto resuelta solucionado solucionada arreglado arreglada reparado
"""
)
"""A failure beside one of these is told to be over."""
_WISHES = _words(
    """
please can't another also except unfortunately call ring phone contact urgent urgently asap need
needs want wants wish must waiting cancel cancellation refund question questions complain complaint
svp aussi autre malheureusement rappeler rappel rappelez rappelez-moi rappelle recontacter
contacter contactez urgent urgence besoin voudrais voulons veux aimerais attends attendons annuler
resilier resiliation rembourser remboursement question questions pouvez pourriez envoyer envoyez
aidez aidez-moi plainte
bitte leider ausserdem ubrigens anderes andere anrufen anruf ruckruf ruckmeldung zuruckrufen
rufen meldet dringend brauche brauchen mochte mochten warte kundigen kundigung stornieren
erstattung ruckerstattung frage fragen konnten schicken schickt senden sendet beschwerde
favor otra otro tambien desgraciadamente lamentablemente llamar llamen llamenme llame llameme
llamame llamada urgente necesito necesitamos quiero queremos espero esperando cancelar cancelacion
reembolso pregunta preguntas enviar envien envienme enviarme puede pueden podrian ayudenme ayudeme
duda dudas queja
"""
)
SIGNS = NEGATIONS | _AGAIN | _WISHES
HARMLESS = _phrases(
    "no problem;no problems;no issue;no issues;no complaints;no complaint;no worries;not bad;"
    "without problem;without problems;without any problem;without any problems;without issues;"
    "without any issues;nothing to complain about;nothing to complain;nothing to add;"
    "could not be better;couldn't be better;can't complain;cannot complain;no comment;"
    "thanks again;again thanks;thank you again;again thank you;thank you so much again;"
    "back to me;back to us;waiting time;waiting times;no thanks;no thank you;not a problem;"
    "hello again;hi again;any time again;would use again;"
    "pas de probleme;pas de problemes;sans probleme;sans problemes;aucun probleme;aucun souci;"
    "pas de souci;pas de soucis;sans souci;rien a dire;rien a redire;rien a ajouter;pas mal;"
    "merci encore;encore merci;encore une fois merci;comme toujours;toujours au top;"
    "toujours aussi efficace;non merci;de rien;"
    "kein problem;keine probleme;ohne problem;ohne probleme;nichts auszusetzen;nichts zu meckern;"
    "nichts zu beanstanden;nichts hinzuzufugen;keine beanstandungen;nicht schlecht;"
    "immer wieder gerne;immer wieder gern;gerne wieder;gern wieder;jederzeit wieder;"
    "danke nochmals;danke nochmal;nochmals danke;nochmal danke;nochmals vielen dank;"
    "vielen dank nochmals;wie immer;besser geht es nicht;besser geht's nicht;nein danke;"
    "sin problemas;sin problema;sin ningun problema;ningun problema;ninguna queja;sin quejas;"
    "nada que objetar;nada que anadir;nada mal;gracias de nuevo;de nuevo gracias;"
    "gracias otra vez;otra vez gracias;como siempre;de nada;no gracias;por favor sigan asi;"
    "works again;working again;work again;works fine again;"
    "lauft wieder;geht wieder;funktioniert wieder;klappt wieder;"
    "marche a nouveau;marche de nouveau;fonctionne a nouveau;fonctionne de nouveau;"
    "funciona de nuevo;funciona otra vez;vuelve a funcionar;vuelto a funcionar;"
    "without a doubt;without doubt;without hesitation;no improvements needed;nothing to improve;"
    "you rock;sans hesiter;sans aucun doute;toujours parfait;rien a signaler;"
    "weiter so;bitte weiter so;ohne zweifel;ohne wenn und aber;nichts zu verbessern;alles klar;"
    "sin duda;sin duda alguna;buen trabajo"
)
"""What says no plea although its words may."""
HARMLESS_WORDS_MAX = max(map(len, HARMLESS))
AGREEING = _words(
    """
yes yep yeah no nope ok okay oui non ouais d'accord ja nein jo si vale sure noted received perfect
recu entendu einverstanden verstanden recibido entendido
"""
)
"""Nothing but these says something about a mark, perhaps; whoever denies is read."""
_FINE = _words(
    """
works working work running fine well right now it all already everything alright cool nice
marche fonctionne va bien maintenant deja tout est
funktioniert geht lauft klappt geklappt jetzt wieder bestens alles passt prima schon nun bereits
funciona va bien ahora todo ya
bravo felicitations
"""
)
HELP = _words("help support aide hilfe unterstutzung ayuda soporte assistance assistenza")
PRAISE = _words(
    """
excellent excellently best perfect perfectly great awesome amazing fantastic outstanding brilliant
superb wonderful exceptional good happy satisfied pleased helpful nice friendly competent quick
quickly fast efficient super top love loved flawless thrilled recommend
parfait parfaite genial geniale impeccable formidable remarquable efficace efficaces rapide rapides
rapidement sympa sympathique aimable bravo satisfait satisfaite content contente bien bonne
meilleur meilleure excellente excellents ravi ravie felicitations
ausgezeichnet ausgezeichnete ausgezeichneter hervorragend hervorragende hervorragender
hervorragendes perfekt perfekte perfekter toll tolle toller tolles spitze spitzenmassig klasse
grossartig grossartige grossartiger exzellent exzellente exzellenter fantastisch fantastische
wunderbar wunderbare einwandfrei einwandfreie prima bestens beste bester bestes besten gut gute
guter gutes sehr zufrieden freundlich freundliche freundlicher kompetent kompetente kompetenter
schnell schnelle schneller schnelles hilfreich begeistert lob vorbildlich genial
excelente excelentes perfecto perfecta perfectamente estupendo estupenda fantastico fantastica
magnifico magnifica maravilloso maravillosa inmejorable sobresaliente bueno buena satisfecho
satisfecha contento contenta rapido rapida amable amables eficaz eficiente mejor encantado
encantada
"""
) - {"bien", "sehr"}
"""What nobody says beside a low mark that they mean."""
MILD = _words(
    """
slow slowly slower long longer late expensive faster quicker wait took complicated
lent lente long longue tard cher chere rapide attente complique
langsam lange langer spat teuer schneller wartezeit gedauert kompliziert
lento lenta tarde caro cara lentitud tardo espera complicado
"""
)
"""What somebody found fault with, and nobody can mend any more."""
CORES = THANKS | AGREEING | OVER | _FINE | HEDGES | frozenset(NUMBERS) | GREETINGS
"""One of these makes known words a courtesy, or something about a mark."""
FILLING = (
    CORES
    | COURTESY
    | LEADING
    | OF
    | UNITS
    | REASONS
    | FAILURES
    | PRAISE
    | MILD
    | CONTRASTS
    | _words(
        """
or ou oder o y e sondern else somewhere give rather say let's i'm it'd that's
you're you were was me us been being his her their there helping helped time effort answer reply
information info support's response patience kindness
de du des aux me nous m'avoir d'avoir l'aide reponse rapidite efficacite gentillesse temps
fur ihre ihren dir euch mir uns schnelle schnellen gute guten antwort geduld muhe auskunft info
por su tu ayuda respuesta rapidez amabilidad informacion me nos
quick fast friendly great kind helpful prompt ever always too bit little somewhat whole
toujours toute toute tous peu immer auch ganze ganzes ganzen etwas bisschen siempre toda todos poco
"""
    )
)
"""What a courtesy is made of. A failure is one only beside a word that it is over."""
"""A cry, unless something was said before it."""
COMPARING = _words(
    """
more less could should would too but however better
plus trop moins pourrait devrait aurait mais mieux peu
mehr zu konnte sollte hatte aber jedoch weniger besser
mas menos demasiado podria deberia pero poco
"""
)
"""Praise beside one of these is what was missed."""
FOOTERS = (
    *("environment", "printing", "print this", "umwelt", "ausdruck", "environnement"),
    *("imprimer", "medio ambiente", "medioambiente", "imprimir"),
    *("need help? visit", "unsere neuen offnungszeiten"),
)
"""What stands below signatures in every mail of a house."""
POSTSCRIPTS = ("ps", "p.s", "nb", "n.b", "pd", "p.d", "nachtrag", "post scriptum", "postscript")
