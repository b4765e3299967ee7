"""Words by which mail programs introduce what they quote or forward, in every language known here.

Only data; an operator's own words are added by `core.phrasebook`.  The forms are those that
Gmail, Outlook, Apple Mail, Thunderbird, Roundcube, Yahoo and others write in each locale.
"""

from __future__ import annotations


def phrases(text: str) -> tuple[str, ...]:
    """Return the phrases of a text in which they are parted by semicolons."""
    return tuple(" ".join(phrase.split()) for phrase in text.split(";") if phrase.strip())


VERBS = phrases(
    """
    wrote; writes; written; schrieb; schreibt; geschrieben; schreef; schrijft; geschreven;
    écrit; ecrit; écrivait; escribió; escribio; escribe; escrito; escreveu; escreve;
    scritto; scrive; escriure; escribiu; scris; skrev; skriver; kirjoitti; skrifaði;
    ritaði; kirjutas; napisał; napisała; napisał(a); napisał/a; napisal; napisala;
    napisano; pisze; napisana; napisane; napsal; napsala; napsal(a); napísal; napísala;
    napísal(a); napisao; napisao/la; написао; написала; написал; написал(а); написали;
    пишет; писал; писала; писал(а); написав; написав(ла); пише; писав; написа; напісаў;
    írta; yazdı; έγραψε; έγραψαν; rašė; rakstīja; menulis; viết; כתב; כתבה; כתב/ה; כותב;
    كتب; كتبت; كتب/كتبت; نوشت
    """
)
"""Words that say "wrote", for languages that part words by spaces."""

VERBS_UNSPACED = phrases(
    """
    写道; 寫道; 撰写; 撰寫; 编写; 書きました; のメール;
    のメッセージ; 書いた; 작성; 썼습니다; 님의 말; 님이 쓴 글; เขียนว่า; เขียน;
    लिखा
    """
)
"""The same for languages that do not."""

INTRODUCTIONS = phrases(
    """
    quoting; zitat von; zitiere; citando a; citando; citazione di; citat från; citeren;
    selon; цитирую; idézet; in reply to; in article; in message; excerpts from
    """
)
"""Words that begin an attribution without a verb behind it."""

OPENERS = phrases(
    """
    no dia; o; þann; on; in; at; am; le; el; il; em; op; w dniu; dnia; den; på; dne; dana;
    dňa; la data de; în; pe; στις; on the; vào; pada; il giorno; in data; em qua; o dia; a;
    wiadomość; kuupäev; на; в; fre den; ב-; בתאריך; في; بتاريخ; در; 在; 于; 於; ในวันที่;
    เมื่อ; u; v; dátum
    """
)
"""Words before the date."""

WEEKDAYS = phrases(
    """
    mon; tue; tues; wed; thu; thur; thurs; fri; sat; sun; monday; tuesday; wednesday;
    thursday; friday; saturday; sunday; mo; di; mi; do; fr; sa; so; montag; dienstag;
    mittwoch; donnerstag; freitag; samstag; sonntag; lun; mar; mer; jeu; ven; sam; dim;
    lundi; mardi; mercredi; jeudi; vendredi; samedi; dimanche; mié; jue; vie; sáb; dom;
    lunes; martes; miércoles; jueves; viernes; sábado; domingo; gio; sab; lunedì; martedì;
    mercoledì; giovedì; venerdì; sabato; domenica; seg; ter; qua; qui; sex; segunda-feira;
    terça-feira; quarta-feira; quinta-feira; sexta-feira; ma; wo; vr; za; zo; maandag;
    dinsdag; woensdag; donderdag; vrijdag; zaterdag; zondag; mån; tis; ons; tor; tors; fre;
    lör; sön; måndag; tisdag; onsdag; torsdag; fredag; lördag; söndag; man; tir; lør; søn;
    mandag; tirsdag; lørdag; søndag; ti; ke; to; pe; la; su; maanantai; tiistai;
    keskiviikko; torstai; perjantai; lauantai; sunnuntai; pon; wt; śr; czw; pt; sob; niedz;
    nd; poniedziałek; wtorek; środa; czwartek; piątek; sobota; niedziela; po; út; st; čt;
    pá; ne; пн; вт; ср; чт; пт; сб; вс; нд; понедельник; вторник; среда; четверг; пятница;
    суббота; воскресенье; понеділок; вівторок; середа; четвер; п'ятниця; субота; неділя;
    svētd; joi; vin; mie; sâm; dum; ned; uto; sri; čet; pet; sub
    """
)
"""Days of the week, in full and short."""

ORIGINAL = phrases(
    """
    original message; original appointment; original mail; original e-mail; original email;
    reply message; previous message; message original; ursprüngliche nachricht;
    originalnachricht; original-nachricht; ursprüngliche mail; originalmail; original
    nachricht; ursprünglicher termin; ursprüngliche e-mail; message d'origine; message
    d’origine; message initial; message précédent; mensaje original; mensaje anterior;
    messaggio originale; messaggio originario; mensagem original; oorspronkelijk bericht;
    origineel bericht; oorspronkelijke bericht; oorspronkelijk e-mailbericht; oryginalna
    wiadomość; wiadomość oryginalna; oryginalny e-mail; wiadomość źródłowa; исходное
    сообщение; оригинальное сообщение; исходное письмо; первоначальное сообщение;
    оригінальне повідомлення; вихідне повідомлення; початкове повідомлення; ursprungligt
    meddelande; originalmeddelande; ursprungsmeddelande; oprindelig meddelelse; oprindelig
    besked; original meddelelse; opprinnelig melding; original melding; opprinnelig e-post;
    alkuperäinen viesti; původní zpráva; původní e-mail; pôvodná správa; eredeti üzenet;
    eredeti levél; özgün ileti; orijinal mesaj; orijinal ileti; özgün mesaj; αρχικό μήνυμα;
    mesaj original; mesajul original; 元のメッセージ; 元のメール; 原始邮件;
    邮件原件; 郵件原件; 原始郵件; 原始信件; 原邮件; 원본
    메시지; 원본 메일; 원본메일; original 메시지;
    הודעה מקורית; הודעת המקור; الرسالة الأصلية; رسالة
    أصلية; tin nhắn gốc; thư gốc; pesan asli; ข้อความต้นฉบับ; ข้อความเดิม; оригинално
    съобщение; izvorna poruka; originalna poruka; izvirno sporočilo; missatge original;
    algne kiri; algne sõnum; pradinis laiškas; sākotnējā ziņa; upprunaleg skilaboð
    """
)
"""What stands between dashes above a quoted mail."""

FORWARDED = phrases(
    """
    forwarded message; forwarded mail; forwarded email; forwarded by; fwd; begin forwarded
    message; start of forwarded message; message transféré; message transmis; début du
    message transféré; début du message réexpédié; transféré par; message réexpédié;
    mensaje reenviado; inicio del mensaje reenviado; reenviado por; mensaje remitido;
    weitergeleitete nachricht; anfang der weitergeleiteten nachricht; anfang der
    weitergeleiteten e-mail; weitergeleitete mail; weitergeleitet von; weitergeleitete
    e-mail; messaggio inoltrato; inizio messaggio inoltrato; inoltrato da; mensagem
    encaminhada; mensagem reencaminhada; início da mensagem reencaminhada; início da
    mensagem encaminhada; doorgestuurd bericht; begin doorgestuurd bericht; przekazana
    wiadomość; początek przekazywanej wiadomości; wiadomość przekazana dalej; пересылаемое
    сообщение; пересланное сообщение; начало переадресованного сообщения; переслане
    повідомлення; початок листа, що пересилається; vidarebefordrat meddelande;
    vidarebefordrat brev; videresendt meddelelse; videresendt besked; videresendt melding;
    start på videresendt besked; start på videresendt melding; välitetty viesti;
    edelleenlähetetty viesti; přeposlaná zpráva; preposlaná správa; továbbított üzenet;
    továbbított levél; iletilen mesaj; yönlendirilen mesaj; προωθημένο μήνυμα; mesaj
    redirecționat; 転送されたメッセージ; 転送メッセージ; 转发的邮件; 转发邮件;
    轉寄郵件; 轉寄的郵件; 전달된 메시지; 전달된 메일; הודעה
    שהועברה; רسالة معاد توجيهها; رسالة معاد توجيهها; رسالة مُعاد توجيهها; thư đã chuyển
    tiếp; pesan terusan; ข้อความที่ส่งต่อ; препратено съобщение; proslijeđena poruka
    """
)
"""What stands above a forwarded mail."""

PREVIOUS_REPLIES = phrases(
    """
    previous replies; vorherige antworten; réponses précédentes; respuestas anteriores;
    risposte precedenti; respostas anteriores; vorige antwoorden; eerdere antwoorden;
    poprzednie odpowiedzi; предыдущие ответы; попередні відповіді; tidigare svar; tidligere
    svar; aikaisemmat vastaukset; edelliset vastaukset; předchozí odpovědi; korábbi
    válaszok; önceki yanıtlar; önceki cevaplar; προηγούμενες απαντήσεις; răspunsuri
    anterioare; 以前の返信; 之前的回复; 上一个回复;
    先前的回覆; 이전 댓글; 이전 답글; תגובות קודמות; الردود السابقة
    """
)
"""Headings above the history in notifications of forums and help desks."""

REPLY_ABOVE = phrases(
    """
    reply above this line; type your reply above; write your reply above; reply above. do
    not remove this line; respond above this line; answer above this line; please reply
    above; reply above here; add your reply above; enter your reply above; to post a
    comment, reply above; respuesta por encima de esta línea; antworten sie oberhalb
    dieser; oberhalb dieser linie; über dieser linie antworten; über dieser zeile; oberhalb
    dieser zeile; répondre au-dessus de cette ligne; au-dessus de cette ligne; encima de
    esta línea; sobre esta línea; sopra questa riga; sopra questa linea; acima desta linha;
    boven deze lijn; boven deze regel; powyżej tej linii; выше этой строки; выше этой
    линии; вище цієї лінії; ovanför denna linje; ovanför den här raden; over denne linje;
    over denne linjen; tämän viivan yläpuolelle; nad tento řádek; bu satırın üstüne;
    この行より上に; この線より上; 在此行上方; 在此行之上; 이 줄 위에
    """
)
"""Parts of the lines that help desks ask people to answer above of."""
