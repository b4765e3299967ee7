"""Words by which mail programs introduce what they quote or forward, in every language known here.

Only data: an operator's own words can be added to any of these tables.  The forms are those that
Gmail, Outlook, Apple Mail, Thunderbird, Roundcube, Yahoo and others write in each locale.
"""

from __future__ import annotations

from enum import Enum


class Field(Enum):
    """What a line of a quoted header says."""

    FROM = "from"
    DATE = "date"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    OTHER = "other"


VERBS: tuple[str, ...] = (
    # en, de, nl
    *("wrote", "writes", "written", "schrieb", "schreibt", "geschrieben", "schreef", "schrijft"),
    *("geschreven",),
    # fr, es, pt, it, ca, gl, ro
    *("écrit", "ecrit", "écrivait", "escribió", "escribio", "escribe", "escrito", "escreveu"),
    *("escreve", "scritto", "scrive", "escriure", "escribiu", "scris"),
    # sv, da, no, fi, is, et
    *("skrev", "skriver", "kirjoitti", "skrifaði", "ritaði", "kirjutas"),
    # pl, cs, sk, sl, hr, sr
    *("napisał", "napisała", "napisał(a)", "napisał/a", "napisal", "napisala", "napisano"),
    *("pisze", "napisana", "napisane", "napsal", "napsala", "napsal(a)", "napísal", "napísala"),
    *("napísal(a)", "napisao", "napisao/la", "написао", "написала"),
    # ru, uk, bg, be
    *("написал", "написал(а)", "написали", "пишет", "писал", "писала", "писал(а)", "написав"),
    *("написав(ла)", "пише", "писав", "написа", "напісаў"),
    # hu, tr, el, lt, lv, id, vi
    *("írta", "yazdı", "έγραψε", "έγραψαν", "rašė", "rakstīja", "menulis", "viết"),
    # he, ar, fa
    *("כתב", "כתבה", "כתב/ה", "כותב", "كتب", "كتبت", "كتب/كتبت", "نوشت"),
)
"""Words that say "wrote", for languages that part words by spaces."""

VERBS_UNSPACED: tuple[str, ...] = (
    *("写道", "寫道", "撰写", "撰寫", "编写", "書きました", "のメール", "のメッセージ", "書いた"),
    *("작성", "썼습니다", "님의 말", "님이 쓴 글", "เขียนว่า", "เขียน", "लिखा"),
)
"""The same for languages that do not."""

INTRODUCTIONS: tuple[str, ...] = (
    *("quoting", "zitat von", "zitiere", "citando a", "citando", "citazione di", "citat från"),
    *("citeren", "selon", "цитирую", "idézet", "in reply to", "in article", "in message"),
)
"""Words that begin an attribution without a verb behind it."""

OPENERS: tuple[str, ...] = (
    *("on", "in", "at", "am", "le", "el", "il", "em", "op", "w dniu", "dnia", "den", "på", "dne"),
    *("dana", "dňa", "la data de", "în", "pe", "στις", "on the", "vào", "pada", "il giorno"),
    *("in data", "em qua", "o dia", "a", "wiadomość", "kuupäev", "на", "в", "at", "fre den"),
    *("ב-", "בתאריך", "في", "بتاريخ", "در", "在", "于", "於", "ในวันที่", "เมื่อ", "u", "v", "dátum"),
)
"""Words before the date."""

WEEKDAYS: tuple[str, ...] = (
    *("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "monday"),
    *("tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("mo", "di", "mi", "do", "fr", "sa", "so", "montag", "dienstag", "mittwoch", "donnerstag"),
    *("freitag", "samstag", "sonntag", "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "lundi"),
    *("mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "mié", "jue", "vie", "sáb"),
    *("dom", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "gio"),
    *("sab", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    *("seg", "ter", "qua", "qui", "sex", "segunda-feira", "terça-feira", "quarta-feira"),
    *("quinta-feira", "sexta-feira", "ma", "wo", "vr", "za", "zo", "maandag", "dinsdag"),
    *("woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "mån", "tis", "ons", "tor"),
    *("tors", "fre", "lör", "sön", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"),
    *("söndag", "man", "tir", "lør", "søn", "mandag", "tirsdag", "lørdag", "søndag", "ti", "ke"),
    *("to", "pe", "la", "su", "maanantai", "tiistai", "keskiviikko", "torstai", "perjantai"),
    *("lauantai", "sunnuntai", "pon", "wt", "śr", "czw", "pt", "sob", "niedz", "nd"),
    *("poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela", "po", "út"),
    *("st", "čt", "pá", "so", "ne", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд"),
    *("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    *("понеділок", "вівторок", "середа", "четвер", "п'ятниця", "субота", "неділя", "svētd"),
    *("joi", "vin", "mie", "sâm", "dum", "ned", "uto", "sri", "čet", "pet", "sub"),
)

FIELDS: dict[Field, tuple[str, ...]] = {
    Field.FROM: (
        *(
            "from",
            "von",
            "de",
            "da",
            "van",
            "od",
            "от",
            "от кого",
            "від",
            "från",
            "fra",
            "lähettäjä",
        ),
        *("feladó", "gönderen", "kimden", "από", "差出人", "发件人", "發件人", "寄件者", "寄件人"),
        *("보낸 사람", "보낸사람", "발신", "מאת", "من", "expéditeur", "remitente", "absender"),
        *(
            "mittente",
            "remetente",
            "afzender",
            "avsender",
            "afsender",
            "avsändare",
            "de la",
            "nadawca",
        ),
        *(
            "odesílatel",
            "отправитель",
            "відправник",
            "từ",
            "người gửi",
            "dari",
            "จาก",
            "frá",
            "saatja",
        ),
        *(
            "nuo",
            "no",
            "pošiljatelj",
            "šalje",
            "送信者",
            "送信元",
            "寄件日期者",
            "expediteur",
            "מ",
        ),
        *("desde",),
    ),
    Field.DATE: (
        *("sent", "date", "sent on", "received", "gesendet", "gesendet am", "datum", "envoyé"),
        *("envoyé le", "envoye", "envoyé par", "enviado", "enviado el", "enviado em", "fecha"),
        *("enviada em", "enviada", "data", "inviato", "data invio", "verzonden", "verstuurd"),
        *(
            "verzonden op",
            "wysłano",
            "data wysłania",
            "отправлено",
            "дата",
            "надіслано",
            "skickat",
        ),
        *("skickad", "dato", "sendt", "lähetetty", "päivämäärä", "päiväys", "pvm", "odesláno"),
        *("odoslané", "elküldve", "küldve", "dátum", "gönderildi", "gönderme tarihi", "tarih"),
        *("gönderilme tarihi", "στάλθηκε", "ημερομηνία", "απεστάλη", "送信日時", "日付", "日時"),
        *(
            "发送时间",
            "发送日期",
            "寄件日期",
            "發送日期",
            "日期",
            "时间",
            "時間",
            "보낸 날짜",
            "날짜",
        ),
        *("보낸날짜", "נשלח", "תאריך", "تاريخ الإرسال", "التاريخ", "تم الإرسال", "trimis", "ngày"),
        *(
            "đã gửi",
            "dikirim",
            "tanggal",
            "ส่ง",
            "วันที่",
            "изпратено",
            "poslano",
            "saadetud",
            "heure",
        ),
        *("creato", "cuando", "quando", "sendt den", "nosūtīts", "išsiųsta"),
    ),
    Field.TO: (
        *(
            "to",
            "an",
            "à",
            "a",
            "para",
            "aan",
            "do",
            "кому",
            "till",
            "til",
            "vastaanottaja",
            "komu",
        ),
        *(
            "címzett",
            "kime",
            "alıcı",
            "kim",
            "προς",
            "宛先",
            "收件人",
            "收件者",
            "받는 사람",
            "받는사람",
        ),
        *("수신", "אל", "ל", "إلى", "destinataire", "destinatario", "empfänger", "destinatário"),
        *("ontvanger", "geadresseerde", "pro", "đến", "tới", "kepada", "ถึง", "за", "mottagare"),
        *("odbiorca", "adresat", "către", "pt", "za", "prima", "kam", "kellele", "pour"),
    ),
    Field.CC: (
        *(
            "cc",
            "kopie",
            "copie",
            "copia",
            "cópia",
            "kopia",
            "dw",
            "копия",
            "копія",
            "kopi",
            "kopio",
        ),
        *("másolatot kap", "bilgi", "κοιν", "κοινοποίηση", "抄送", "副本", "참조", "עותק", "نسخة"),
        *(
            "cc to",
            "bcc",
            "c.c",
            "kopija",
            "копие",
            "สำเนา",
            "参照",
            "v kopii",
            "kópia",
            "cci",
            "másolat",
        ),
    ),
    Field.SUBJECT: (
        *(
            "subject",
            "betreff",
            "objet",
            "asunto",
            "oggetto",
            "assunto",
            "onderwerp",
            "temat",
            "тема",
        ),
        *(
            "ämne",
            "emne",
            "aihe",
            "předmět",
            "predmet",
            "tárgy",
            "konu",
            "θέμα",
            "件名",
            "主题",
            "主旨",
        ),
        *(
            "主題",
            "题目",
            "제목",
            "נושא",
            "הנושא",
            "الموضوع",
            "subiect",
            "chủ đề",
            "tiêu đề",
            "subjek",
        ),
        *(
            "perihal",
            "subyek",
            "เรื่อง",
            "หัวเรื่อง",
            "teema",
            "tema",
            "относно",
            "efni",
            "assumpte",
            "sujet",
        ),
    ),
    Field.OTHER: (
        *(
            "reply-to",
            "reply to",
            "importance",
            "priority",
            "attachments",
            "organization",
            "wichtigkeit",
        ),
        *(
            "antwort an",
            "répondre à",
            "importance",
            "responder a",
            "importancia",
            "priorität",
            "anlagen",
        ),
        *(
            "antwoord aan",
            "svar till",
            "odpowiedz do",
            "resent-from",
            "sender",
            "ответить",
            "pièces jointes",
        ),
        *(
            "category",
            "message-id",
            "x-mailer",
            "newsgroups",
            "organisation",
            "organizzazione",
            "bijlagen",
        ),
        *("rispondi a", "adjuntos", "allegati", "prioriteit", "belang", "vigtighed", "prioritet"),
    ),
}
"""Names of the header lines that Outlook and others put above what they quote."""

ORIGINAL: tuple[str, ...] = (
    *("original message", "original appointment", "original mail", "original e-mail"),
    *("original email", "reply message", "previous message", "message original"),
    *("ursprüngliche nachricht", "originalnachricht", "original-nachricht", "ursprüngliche mail"),
    *("originalmail", "original nachricht", "ursprünglicher termin", "ursprüngliche e-mail"),
    *("message d'origine", "message d’origine", "message original", "message initial"),
    *("message précédent", "mensaje original", "mensaje anterior", "messaggio originale"),
    *("messaggio originario", "mensagem original", "oorspronkelijk bericht", "origineel bericht"),
    *("oorspronkelijke bericht", "oorspronkelijk e-mailbericht", "oryginalna wiadomość"),
    *("wiadomość oryginalna", "oryginalny e-mail", "wiadomość źródłowa", "исходное сообщение"),
    *("оригинальное сообщение", "исходное письмо", "первоначальное сообщение"),
    *("оригінальне повідомлення", "вихідне повідомлення", "початкове повідомлення"),
    *("ursprungligt meddelande", "originalmeddelande", "ursprungsmeddelande"),
    *("oprindelig meddelelse", "oprindelig besked", "original meddelelse", "opprinnelig melding"),
    *("original melding", "opprinnelig e-post", "alkuperäinen viesti", "původní zpráva"),
    *("původní e-mail", "pôvodná správa", "eredeti üzenet", "eredeti levél", "özgün ileti"),
    *("orijinal mesaj", "orijinal ileti", "özgün mesaj", "αρχικό μήνυμα", "mesaj original"),
    *("mesajul original", "元のメッセージ", "元のメール", "原始邮件", "邮件原件", "原始郵件"),
    *(
        "原始信件",
        "原邮件",
        "원본 메시지",
        "원본 메일",
        "원본메일",
        "original 메시지",
        "הודעה מקורית",
    ),
    *("הודעת המקור", "الرسالة الأصلية", "رسالة أصلية", "tin nhắn gốc", "thư gốc", "pesan asli"),
    *("ข้อความต้นฉบับ", "ข้อความเดิม", "оригинално съобщение", "izvorna poruka"),
    *("originalna poruka", "izvirno sporočilo", "missatge original", "algne kiri", "algne sõnum"),
    *("pradinis laiškas", "sākotnējā ziņa", "upprunaleg skilaboð"),
)
"""What stands between dashes above a quoted mail."""

FORWARDED: tuple[str, ...] = (
    *("forwarded message", "forwarded mail", "forwarded email", "forwarded by", "fwd"),
    *("begin forwarded message", "start of forwarded message", "message transféré"),
    *(
        "message transmis",
        "début du message transféré",
        "début du message réexpédié",
        "transféré par",
    ),
    *("message réexpédié", "mensaje reenviado", "inicio del mensaje reenviado", "reenviado por"),
    *("mensaje remitido", "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht"),
    *("anfang der weitergeleiteten e-mail", "weitergeleitete mail", "weitergeleitet von"),
    *(
        "weitergeleitete e-mail",
        "messaggio inoltrato",
        "inizio messaggio inoltrato",
        "inoltrato da",
    ),
    *("mensagem encaminhada", "mensagem reencaminhada", "início da mensagem reencaminhada"),
    *("início da mensagem encaminhada", "doorgestuurd bericht", "begin doorgestuurd bericht"),
    *("przekazana wiadomość", "początek przekazywanej wiadomości", "wiadomość przekazana dalej"),
    *("пересылаемое сообщение", "пересланное сообщение", "начало переадресованного сообщения"),
    *("переслане повідомлення", "початок листа, що пересилається", "vidarebefordrat meddelande"),
    *(
        "vidarebefordrat brev",
        "videresendt meddelelse",
        "videresendt besked",
        "videresendt melding",
    ),
    *("start på videresendt besked", "start på videresendt melding", "välitetty viesti"),
    *("edelleenlähetetty viesti", "přeposlaná zpráva", "preposlaná správa", "továbbított üzenet"),
    *("továbbított levél", "iletilen mesaj", "yönlendirilen mesaj", "προωθημένο μήνυμα"),
    *("mesaj redirecționat", "転送されたメッセージ", "転送メッセージ", "转发的邮件", "转发邮件"),
    *(
        "轉寄郵件",
        "轉寄的郵件",
        "전달된 메시지",
        "전달된 메일",
        "הודעה שהועברה",
        "רسالة معاد توجيهها",
    ),
    *("رسالة معاد توجيهها", "رسالة مُعاد توجيهها", "thư đã chuyển tiếp", "pesan terusan"),
    *("ข้อความที่ส่งต่อ", "препратено съобщение", "proslijeđena poruka", "mensaje reenviado"),
)
"""What stands above a forwarded mail."""

PREVIOUS_REPLIES: tuple[str, ...] = (
    *("previous replies", "vorherige antworten", "réponses précédentes", "respuestas anteriores"),
    *("risposte precedenti", "respostas anteriores", "vorige antwoorden", "eerdere antwoorden"),
    *("poprzednie odpowiedzi", "предыдущие ответы", "попередні відповіді", "tidigare svar"),
    *("tidligere svar", "aikaisemmat vastaukset", "edelliset vastaukset", "předchozí odpovědi"),
    *("korábbi válaszok", "önceki yanıtlar", "önceki cevaplar", "προηγούμενες απαντήσεις"),
    *(
        "răspunsuri anterioare",
        "以前の返信",
        "之前的回复",
        "上一个回复",
        "先前的回覆",
        "이전 댓글",
    ),
    *("이전 답글", "תגובות קודמות", "الردود السابقة"),
)
"""Headings above the history in notifications of forums and help desks."""

REPLY_ABOVE: tuple[str, ...] = (
    *("reply above this line", "type your reply above", "write your reply above"),
    *("reply above. do not remove this line", "respond above this line", "answer above this line"),
    *("please reply above", "reply above here", "add your reply above", "enter your reply above"),
    *("to post a comment, reply above", "respuesta por encima de esta línea"),
    *("antworten sie oberhalb dieser", "oberhalb dieser linie", "über dieser linie antworten"),
    *("über dieser zeile", "oberhalb dieser zeile", "répondre au-dessus de cette ligne"),
    *("au-dessus de cette ligne", "encima de esta línea", "sobre esta línea", "sopra questa riga"),
    *("sopra questa linea", "acima desta linha", "boven deze lijn", "boven deze regel"),
    *("powyżej tej linii", "выше этой строки", "выше этой линии", "вище цієї лінії"),
    *("ovanför denna linje", "ovanför den här raden", "over denne linje", "over denne linjen"),
    *("tämän viivan yläpuolelle", "nad tento řádek", "bu satırın üstüne", "この行より上に"),
    *("この線より上", "在此行上方", "在此行之上", "이 줄 위에"),
)
"""Parts of the lines that help desks ask people to answer above of."""
