"""Names of the header lines that Outlook and others put above what they quote, by language.

Only data; an operator's own names are added by `core.phrasebook`.
"""

from __future__ import annotations

from enum import Enum

from maild.core.attributions import phrases


class Field(Enum):
    """What a line of a quoted header says."""

    FROM = "from"
    DATE = "date"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    OTHER = "other"


FIELDS: dict[Field, tuple[str, ...]] = {
    Field.FROM: phrases(
        """
        from; von; de; da; van; od; от; от кого; від; från; fra; lähettäjä; feladó;
        gönderen; kimden; από; 差出人; 发件人; 發件人;
        寄件者; 寄件人; 보낸 사람; 보낸사람; 발신; מאת; من;
        expéditeur; remitente; absender; mittente; remetente; afzender; avsender;
        afsender; avsändare; de la; nadawca; odesílatel; отправитель; відправник; từ;
        người gửi; dari; จาก; frá; saatja; nuo; no; pošiljatelj; šalje; 送信者; 送信元;
        寄件日期者; expediteur; מ; desde
        """
    ),
    Field.DATE: phrases(
        """
        saatmisaeg; enviat; sent; date; sent on; received; gesendet; gesendet am;
        datum; envoyé; envoyé le; envoye; envoyé par; enviado; enviado el; enviado em;
        fecha; enviada em; enviada; data; inviato; data invio; verzonden; verstuurd;
        verzonden op; wysłano; data wysłania; отправлено; дата; надіслано; skickat;
        skickad; dato; sendt; lähetetty; päivämäärä; päiväys; pvm; odesláno; odoslané;
        elküldve; küldve; dátum; gönderildi; gönderme tarihi; tarih; gönderilme tarihi;
        στάλθηκε; ημερομηνία; απεστάλη; 送信日時; 日付; 日時;
        发送时间; 发送日期; 寄件日期; 發送日期; 日期; 时间;
        時間; 보낸 날짜; 날짜; 보낸날짜; נשלח; תאריך; تاريخ الإرسال; التاريخ; تم الإرسال; trimis;
        ngày; đã gửi; dikirim; tanggal; ส่ง; วันที่; изпратено; poslano; saadetud;
        heure; creato; cuando; quando; sendt den; nosūtīts; išsiųsta
        """
    ),
    Field.TO: phrases(
        """
        to; an; à; a; para; aan; do; кому; till; til; vastaanottaja; komu; címzett;
        kime; alıcı; kim; προς; 宛先; 收件人; 收件者; 받는 사람; 받는사람; 수신; אל; ל; إلى;
        destinataire; destinatario; empfänger; destinatário; ontvanger; geadresseerde;
        pro; đến; tới; kepada; ถึง; за; mottagare; odbiorca; adresat; către; pt; za;
        prima; kam; kellele; pour; saaja; adressaat; untuk; per a; до
        """
    ),
    Field.CC: phrases(
        """
        cc; kopie; copie; copia; cópia; kopia; dw; копия; копія; kopi; kopio; másolatot
        kap; bilgi; κοιν; κοινοποίηση; 抄送; 副本; 참조; עותק; نسخة; cc to; bcc; c.c; kopija;
        копие; สำเนา; 参照; v kopii; kópia; cci; másolat
        """
    ),
    Field.SUBJECT: phrases(
        """
        subject; betreff; objet; asunto; oggetto; assunto; onderwerp; temat; тема;
        ämne; emne; aihe; předmět; predmet; tárgy; konu; θέμα; 件名; 主题; 主旨; 主題; 题目; 제목;
        נושא; הנושא; الموضوع; subiect; chủ đề; tiêu đề; subjek; perihal; subyek;
        เรื่อง; หัวเรื่อง; teema; tema; относно; efni; assumpte; sujet; zadeva; tēma
        """
    ),
    Field.OTHER: phrases(
        """
        reply-to; reply to; importance; priority; attachments; organization;
        wichtigkeit; antwort an; répondre à; responder a; importancia; priorität;
        anlagen; antwoord aan; svar till; odpowiedz do; resent-from; sender; ответить;
        pièces jointes; category; message-id; x-mailer; newsgroups; organisation;
        organizzazione; bijlagen; rispondi a; adjuntos; allegati; prioriteit; belang;
        vigtighed; prioritet
        """
    ),
}
