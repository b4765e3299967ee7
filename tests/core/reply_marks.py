"""What mail programs write above a quote, in each locale; `{a}` stands for the name and address."""

from __future__ import annotations

DATED = """\
On Mon, Jan 12, 2026 at 4:05 PM {a} wrote:
On Monday, January 12, 2026, 4:05:10 PM GMT+1, {a} wrote:
On 12 Jan 2026, at 16:05, {a} wrote:
On 12.01.26 16:05, Maria Sample wrote:
On 2026-01-12 16:05, Maria Sample wrote:
On 1/12/2026 4:05 PM, Maria Sample wrote:
On Mon, 12 Jan 2026 16:05:10 +0100, Maria Sample wrote:
On Mon, 12 Jan 2026 16:05:10 +0100 {a} wrote:
Maria Sample wrote on 12/01/2026 16:05:
{a} wrote on Mon, 12 Jan 2026 at 16:05:
On Mon, Jan 12, 2026 at 4:05 PM Maria Sample via Support <help@example.org> wrote:
--- On Mon, 1/12/26, {a} wrote:
2026-01-12 16:05 GMT+01:00 {a}:
2026/1/12 {a}
12.01.2026, 16:05, "Maria Sample" <maria.sample@example.org>:
Am Mo., 12. Jan. 2026 um 16:05 Uhr schrieb {a}:
Am 12.01.26 um 16:05 schrieb Maria Sample:
Am 12.01.2026 um 16:05 schrieb {a}:
Am Montag, 12. Januar 2026, 16:05:10 CET schrieb Maria Sample:
Am Montag, 12. Januar 2026 um 16:05:10 MEZ hat {a} Folgendes geschrieben:
Am 2026-01-12 16:05, schrieb Maria Sample:
{a} schrieb am Mo., 12. Jan. 2026, 16:05:
{a} schrieb am 12.01.2026 um 16:05:
Maria Sample schrieb am 12.01.2026 um 16:05:
Maria Sample hat am 12.01.2026 16:05 geschrieben:
Le lun. 12 janv. 2026 à 16:05, {a} a écrit :
Le 12 janv. 2026 à 16:05, {a} a écrit :
Le 12/01/2026 à 16:05, Maria Sample a écrit :
Le lundi 12 janvier 2026 à 16:05:10 UTC+1, {a} a écrit :
Le 2026-01-12 16:05, Maria Sample a écrit :
El lun, 12 ene 2026 a las 16:05, {a} escribió:
El 12 ene 2026, a las 16:05, {a} escribió:
El lunes, 12 de enero de 2026, 16:05:10 CET, {a} escribió:
El 12/01/2026 a las 16:05, Maria Sample escribió:
El lun., 12 ene. 2026 16:05, {a} escribió:
Il giorno lun 12 gen 2026 alle ore 16:05 {a} ha scritto:
Il giorno 12 gen 2026, alle ore 16:05, {a} ha scritto:
Il 12/01/2026 16:05, Maria Sample ha scritto:
Il lunedì 12 gennaio 2026 alle ore 16:05:10 CET, {a} ha scritto:
Em seg., 12 de jan. de 2026 às 16:05, {a} escreveu:
Em 12 de jan. de 2026, à(s) 16:05, {a} escreveu:
Em segunda-feira, 12 de janeiro de 2026 16:05:10 BRT, {a} escreveu:
Em 12/01/2026 16:05, Maria Sample escreveu:
No dia 12/01/2026, às 16:05, {a} escreveu:
{a} escreveu no dia segunda, 12/01/2026 à(s) 16:05:
Op ma 12 jan 2026 om 16:05 schreef {a}:
Op 12 jan. 2026 om 16:05 heeft {a} het volgende geschreven:
Op 12-01-2026 om 16:05 schreef Maria Sample:
Op maandag 12 januari 2026 om 16:05:10 CET schreef {a}:
pon., 12 sty 2026 o 16:05 {a} napisał(a):
W dniu 12.01.2026 o 16:05, Maria Sample pisze:
W dniu pon., 12.01.2026 o 16:05 {a} napisał(a):
Wiadomość napisana przez {a} w dniu 12 sty 2026, o godz. 16:05:
Dnia 12 stycznia 2026 16:05 {a} napisał(a):
Dnia 2026-01-12 16:05 Maria Sample napisał(a):
пн, 12 янв. 2026 г. в 16:05, {a}:
12 янв. 2026 г., в 16:05, {a} написал(а):
12.01.2026 16:05, Maria Sample пишет:
Понедельник, 12 января 2026, 16:05 +03:00 от {a}:
12 января 2026 г., 16:05 пользователь {a} написал:
пн, 12 січ. 2026 р. о 16:05 {a} пише:
12.01.26 16:05, Maria Sample пише:
Den mån 12 jan. 2026 kl 16:05 skrev {a}:
12 jan. 2026 kl. 16:05 skrev {a}:
Den 2026-01-12 kl. 16:05, skrev Maria Sample:
Den man. 12. jan. 2026 kl. 16.05 skrev {a}:
Den 12. jan. 2026 kl. 16.05 skrev {a}:
man. 12. jan. 2026 kl. 16:05 skrev {a}:
12. jan. 2026 kl. 16:05 skrev {a}:
På mandag 12. januar 2026 kl. 16:05 skrev Maria Sample:
ma 12. tammik. 2026 klo 16.05 Maria Sample (maria.sample@example.org) kirjoitti:
{a} kirjoitti 12.1.2026 kello 16.05:
Maria Sample kirjoitti 12.1.2026 klo 16.05:
po 12. 1. 2026 v 16:05 odesílatel {a} napsal:
12. 1. 2026 v 16:05, {a}:
Dne 12. 01. 26 v 16:05 Maria Sample napsal(a):
po 12. 1. 2026 o 16:05 {a} napísal(a):
{a} ezt írta (időpont: 2026. jan. 12., H, 16:05):
Maria Sample írta 2026. 01. 12. 16:05 keltezéssel:
2026. jan. 12. dátummal, 16:05 időpontban {a} írta:
{a}, 12 Oca 2026 Pzt, 16:05 tarihinde şunu yazdı:
12 Oca 2026 tarihinde 16:05 saatinde, {a} şunları yazdı:
12.01.2026 16:05 tarihinde Maria Sample yazdı:
Στις Δευ 12 Ιαν 2026 στις 4:05 μ.μ., ο χρήστης {a} έγραψε:
Στις 12/1/2026 16:05, ο/η Maria Sample έγραψε:
2026年1月12日(月) 16:05 {a}:
2026/01/12 16:05、{a}のメール:
2026年1月12日 16:05、{a}のメール：
2026/01/12 16:05、Maria Sample のメッセージ:
On 2026/01/12 16:05, Maria Sample wrote:
{a} 于2026年1月12日周一 16:05写道：
在 2026年1月12日，16:05，{a} 写道：
在 2026/1/12 16:05, Maria Sample 写道:
{a} 於 2026年1月12日 週一 下午4:05寫道：
2026년 1월 12일 (월) 오후 4:05, {a}님이 작성:
2026. 1. 12. 오후 4:05, {a} 작성:
\u202bבתאריך יום ב׳, 12 בינו׳ 2026 ב-16:05 מאת \u202aMaria Sample\u202c\u200f <\u202amaria.sample@example.org\u202c\u200f>:\u202c
\u202bב-12 בינו׳ 2026, בשעה 16:05, \u200f\u200eMaria Sample\u200e\u200f <maria.sample@example.org> כתב/ה:\u202c
في الاثنين، 12 يناير 2026 في 4:05 م تمت كتابة ما يلي بواسطة {a}:
\u202bفي ١٢\u200f/٠١\u200f/٢٠٢٦، الساعة ٤:٠٥ م، كتب/كتبت {a}:
Vào Th 2, 12 thg 1, 2026 vào lúc 16:05 {a} đã viết:
Pada tanggal Sen, 12 Jan 2026 pukul 16.05 {a} menulis:
ในวันที่ จ. 12 ม.ค. 2026 เวลา 16:05 {a} เขียนว่า:
În lun., 12 ian. 2026 la 16:05, {a} a scris:
Pe 12 ian. 2026, la 16:05, {a} a scris:
На пн, 12.01.2026 г. в 16:05 {a} написа:
pon, 12. sij 2026. u 16:05 {a} napisao je:
V V pon., 12. jan. 2026 ob 16:05 je oseba {a} napisala:
Kuupäev E, 12. jaanuar 2026 kell 16:05 kirjutas Maria Sample (<maria.sample@example.org>):
2026-01-12, pr, 16:05 {a} rašė:
pirmd., 2026. g. 12. janv., plkst. 16:05 — lietotājs Maria Sample (<maria.sample@example.org>) rakstīja:
O luns, 12 de xan. de 2026 ás 16:05, {a} escribiu:
Þann mán., 12. jan. 2026 kl. 16:05 skrifaði {a}:
On Jan 12, 2026 4:05 PM, "Maria Sample" <maria.sample@example.org> wrote:
On Jan 12, 2026 16:05, maria.sample@example.org wrote:
At 04:05 PM 1/12/2026, Maria Sample wrote:
On Mon Jan 12, 2026 at 4:05 PM CET, Maria Sample wrote:
[2026-01-12 16:05] {a}:
{a} writes:
{a} schrieb:
""".splitlines()

UNDATED = """\
* {a} [2026-01-12 16:05]:
Missatge de {a} del dia dl., 12 de gen. 2026 a les 16:05:
Quoting {a}:
Zitat von {a}:
Maria Sample wrote:
maria.sample@example.org wrote:
Citando {a}:
In article <abc@example.org>, Maria Sample wrote:
Excerpts from Maria Sample's message of Mon Jan 12 16:05:10 +0100 2026:
Hi Maria, on Jan 12, 2026 at 16:05 you wrote:
""".splitlines()

HEADERS = """\
From|Sent|To|Subject
From|Date|To|Subject
Von|Gesendet|An|Betreff
Von|Datum|An|Betreff
De|Envoyé|À|Objet
De|Date|À|Objet
De|Enviado|Para|Asunto
De|Fecha|Para|Asunto
De|Enviado el|Para|Asunto
Da|Inviato|A|Oggetto
Da|Data|A|Oggetto
De|Enviada em|Para|Assunto
De|Data|Para|Assunto
De|Enviado|Para|Assunto
Van|Verzonden|Aan|Onderwerp
Van|Datum|Aan|Onderwerp
Od|Wysłano|Do|Temat
Od|Data|Do|Temat
От|Отправлено|Кому|Тема
От|Дата|Кому|Тема
Від|Надіслано|Кому|Тема
Från|Skickat|Till|Ämne
Från|Datum|Till|Ämne
Fra|Sendt|Til|Emne
Fra|Dato|Til|Emne
Lähettäjä|Lähetetty|Vastaanottaja|Aihe
Lähettäjä|Päiväys|Vastaanottaja|Aihe
Od|Odesláno|Komu|Předmět
Od|Datum|Komu|Předmět
Od|Odoslané|Komu|Predmet
Feladó|Elküldve|Címzett|Tárgy
Feladó|Dátum|Címzett|Tárgy
Gönderen|Gönderme Tarihi|Kime|Konu
Kimden|Gönderildi|Kime|Konu
Kimden|Tarih|Kime|Konu
Από|Στάλθηκε|Προς|Θέμα
Από|Ημερομηνία|Προς|Θέμα
差出人|送信日時|宛先|件名
差出人|日付|宛先|件名
发件人|发送时间|收件人|主题
发件人|日期|收件人|主题
寄件者|寄件日期|收件者|主旨
寄件者|日期|收件者|主旨
보낸 사람|보낸 날짜|받는 사람|제목
보낸사람|날짜|받는사람|제목
מאת|נשלח|אל|נושא
מאת|תאריך|אל|נושא
من|تاريخ الإرسال|إلى|الموضوع
من|التاريخ|إلى|الموضوع
De la|Trimis|Către|Subiect
De la|Data|Către|Subiect
Từ|Ngày|Đến|Chủ đề
Dari|Tanggal|Kepada|Subjek
Dari|Dikirim|Untuk|Perihal
จาก|ส่ง|ถึง|เรื่อง
จาก|วันที่|ถึง|เรื่อง
От|Изпратено|До|Относно
Šalje|Poslano|Prima|Predmet
Od|Poslano|Za|Zadeva
Saatja|Saatmisaeg|Adressaat|Teema
Saatja|Saadetud|Saaja|Teema
Nuo|Išsiųsta|Kam|Tema
No|Nosūtīts|Kam|Tēma
De|Enviat|Per a|Assumpte
Frá|Sent|Til|Efni
Expéditeur|Envoyé|Destinataire|Sujet
Remitente|Fecha|Destinatario|Asunto
Absender|Datum|Empfänger|Betreff
Mittente|Data|Destinatario|Oggetto
""".splitlines()

DIVIDERS = """\
-----Original Message-----
-------- Original Message --------
--------- Original Message ---------
----- Original Message -----
-----Ursprüngliche Nachricht-----
-------- Original-Nachricht --------
-------- Originalnachricht --------
-------- Ursprüngliche Nachricht --------
-----Message d'origine-----
-----Message d’origine-----
-------- Message original --------
-----Mensaje original-----
-------- Mensaje original --------
-----Messaggio originale-----
-----Mensagem Original-----
-----Oorspronkelijk bericht-----
-------- Oorspronkelijk bericht --------
-----Oryginalna wiadomość-----
-------- Oryginalna wiadomość --------
-----Исходное сообщение-----
-------- Исходное сообщение --------
-----Ursprungligt meddelande-----
-------- Originalmeddelande --------
-----Oprindelig meddelelse-----
-----Opprinnelig melding-----
-----Alkuperäinen viesti-----
-----Původní zpráva-----
-----Eredeti üzenet-----
-----Özgün İleti-----
-----Orijinal İleti-----
-----Αρχικό μήνυμα-----
-----元のメッセージ-----
-----原始邮件-----
------------------ 原始邮件 ------------------
-----郵件原件-----
-----邮件原件-----
-----원본 메시지-----
--- 원본 메시지 ---
----- הודעה מקורית -----
-----الرسالة الأصلية-----
-----Original Appointment-----
*-----Original Message-----*
_____Original Message_____
---- On Mon, 12 Jan 2026 16:05:10 +0100 Maria <m@example.org> wrote ----
---- Original message from maria@example.org ----
-- Original Message --
---------- Weitergeleitete Nachricht ----------
-----Mensaje reenviado-----
-----Original Message----- From: Maria <m@example.org> To: x@example.net
===== Original Message =====
------ Original Message ------
""".splitlines()

SENT_FROM = """\
Sent from my iPhone
Sent from my iPad
Sent from my Samsung Galaxy smartphone.
Sent from my Verizon, Samsung Galaxy smartphone
Sent from Mail for Windows
Sent from Mail for Windows 10
Sent from Outlook for Android
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone
Sent from Proton Mail Android
Sent with Proton Mail secure email.
Sent from ProtonMail Mobile
Sent from my T-Mobile 4G LTE Device
Sent via BlackBerry by AT&T
Sent from Gmail Mobile
Sent from a mobile device, please excuse typos
Sent using Zoho Mail
Sent from Front
Sent from Spark
Sent from my mobile. Please excuse my brevity.
Get Outlook for iOS
Get Outlook for Android<https://aka.ms/abc>
Get Outlook for iOS <https://aka.ms/abc>
[Get Outlook for iOS](https://aka.ms/abc)
Von meinem iPhone gesendet
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem/meiner Galaxy gesendet
Gesendet von meinem iPad
Gesendet von Outlook für Android
Gesendet von Mail für Windows 10
Gesendet mit der GMX iPhone App
Gesendet mit der Telekom Mail App
Von Samsung Mobile gesendet
Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.
Outlook für iOS beziehen
Envoyé de mon iPhone
Envoyé depuis mon smartphone Samsung Galaxy.
Envoyé à partir de Outlook pour iOS
Envoyé depuis l'application Mail Orange
Envoyé de mon appareil mobile
Télécharger Outlook pour iOS
Obtenir Outlook pour Android
Enviado desde mi iPhone
Enviado desde mi Samsung Galaxy
Enviado desde Outlook para Android
Enviado desde Yahoo Mail para Android
Obtener Outlook para iOS
Enviado do meu iPhone
Enviado do meu smartphone Samsung Galaxy.
Enviado do Email para Windows 10
Enviado a partir do meu iPhone
Obter o Outlook para iOS
Inviato da iPhone
Inviato dal mio iPad
Inviato da Libero Mail per Android
Ottieni Outlook per iOS
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn Samsung Galaxy-smartphone.
Verzonden vanuit Mail voor Windows 10
Outlook voor iOS downloaden
Download Outlook voor Android
Wysłane z iPhone'a
Wysłano z telefonu Samsung Galaxy.
Wysłane z aplikacji Poczta
Pobierz aplikację Outlook dla systemu iOS
Отправлено с iPhone
Отправлено с моего iPhone
Отправлено из мобильной Почты Mail.ru
Отправлено из Почты для Windows 10
Скачайте Outlook для iOS
Надіслано з iPhone
Skickat från min iPhone
Skickat från Outlook för iOS
Hämta Outlook för iOS
Sendt fra min iPhone
Sendt fra Outlook til iOS
Hent Outlook for iOS
Få Outlook til iOS
Lähetetty iPhonesta
Hanki Outlook for iOS
Odesláno z iPhonu
Získat Outlook pro iOS
Odoslané z iPhonu
Az iPhone-omról küldve
iPhone'umdan gönderildi
Στάλθηκε από το iPhone μου
iPhoneから送信
iPhone から送信
发自我的 iPhone
从我的 iPhone 发送
從我的iPhone傳送
发自我的手机
发自 网易邮箱大师
나의 iPhone에서 보냄
내 iPhone에서 보냄
נשלח מה-iPhone שלי
أُرسلت من الـ iPhone
تم الإرسال من هاتفي
Trimis de pe iPhone
Đã gửi từ iPhone của tôi
Gửi từ iPhone của tôi
Dikirim dari iPhone saya
ส่งจาก iPhone ของฉัน
Изпратено от моя iPhone
Poslano s mojeg iPhonea
Enviat des del meu iPhone
""".splitlines()
