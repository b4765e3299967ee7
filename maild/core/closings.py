"""Words of farewell and of mail programs that praise themselves, in every language known here.

Only data, for `core.signatures`.
"""

from __future__ import annotations

from maild.core.attributions import phrases

CLOSINGS = phrases(
    """
    regards; best regards; kind regards; kindest regards; warm regards; many thanks;
    warmest regards; best wishes; with best regards; with kind regards; rgds; best; cheers;
    thanks; thank you; thanks again; thx; thanks so much; thank you so much; thanks in
    advance; thank you in advance; thanks and regards; thanks & regards; brgds; thank you
    and best regards; sincerely; yours sincerely; sincerely yours; br; brs; yours truly;
    yours faithfully; yours; all the best; take care; respectfully; cordially; with thanks;
    thank you very much; thanks a lot; warmly; kind regs; mit freundlichen grüßen; mit
    freundlichen grüssen; mit freundlichen gruessen; mfg; mit freundlichem gruß; mit
    freundlichem gruss; freundliche grüße; freundliche grüsse; viele grüße; viele grüsse;
    liebe grüße; liebe grüsse; beste grüße; beste grüsse; schöne grüße; herzliche grüße;
    herzliche grüsse; gruß; gruss; grüße; grüsse; mit besten grüßen; mit besten grüssen;
    lg; vg; danke; vielen dank; besten dank; hochachtungsvoll; mit lieben grüßen; mit
    herzlichen grüßen; viele gruesse; danke dir; vielen dank und viele grüße; danke und
    gruß; danke und viele grüße; schönen gruß; cordialement; bien cordialement; très
    cordialement; cdlt; salutations; bien à vous; bien à toi; sincères salutations;
    meilleures salutations; amicalement; merci; salutations distinguées; respectueusement;
    merci d'avance; merci beaucoup; cordialmt; amitiés; bonne journée; bonne réception;
    avec mes remerciements; sincèrement; saludos; un saludo; saludos cordiales; un cordial
    saludo; cordialmente; atte; atentamente; gracias; muchas gracias; un abrazo; abrazos;
    muy atentamente; gracias y saludos; gracias de antemano; atenciosamente; cumprimentos;
    abraços; att; com os melhores cumprimentos; melhores cumprimentos; obrigado; obrigada;
    abraço; muito obrigado; muito obrigada; cordiais saudações; cordiali saluti; un saluto;
    distinti saluti; saluti; grazie; grazie mille; a presto; grazie e saluti; met
    vriendelijke groet; met vriendelijke groeten; vriendelijke groeten; groeten; mvg;
    vriendelijke groet; hartelijke groet; hartelijke groeten; groet; groetjes; bedankt;
    mvh; med vänlig hälsning; med vänliga hälsningar; vänliga hälsningar; hälsningar;
    vänligen; tack; bästa hälsningar; med venlig hilsen; venlig hilsen; hilsen; vh; de
    bedste hilsner; med vennlig hilsen; vennlig hilsen; beste hilsen; takk; tak; terveisin;
    ystävällisin terveisin; parhain terveisin; kiitos; terv; pozdrawiam; z poważaniem;
    pozdrowienia; serdecznie pozdrawiam; dziękuję; pozdr; s pozdravem; s pozdravom; děkuji;
    ďakujem; pozdrav; lep pozdrav; srdačan pozdrav; с уважением; с наилучшими пожеланиями;
    спасибо; всего доброго; с уважение; з повагою; дякую; üdvözlettel; köszönettel;
    köszönöm; saygılarımla; teşekkürler; iyi çalışmalar; με εκτίμηση; ευχαριστώ; cu
    respect; cu stimă; mulțumesc; o zi bună; よろしくお願いします;
    よろしくお願いいたします; 敬具; 此致; 祝好; 谢谢; 謝謝;
    감사합니다
    """
)
"""Lines of farewell, without their comma."""

SENT_BEGINNINGS = phrases(
    """
    sent from; sent via; sent with; sent using; sent on; sent wirelessly from; sent
    through; sent by; sent securely; gesendet von; gesendet mit; gesendet über; gesendet
    aus; von meinem; von meiner; diese nachricht wurde; diese e-mail wurde; versendet mit;
    versandt mit; envoyé de; envoyé depuis; envoyé à partir; envoyé via; envoyé avec;
    envoyé sans fil; envoyé par; envoyé mon; provenance; télécharger outlook; obtenir
    outlook; enviado desde; enviado de; enviado do; enviado con; enviado com; enviado a
    partir; enviado por; enviado vía; enviado via; obtener outlook; descargar outlook;
    obter o outlook; baixar o outlook; inviato da; inviato dal; inviato con; inviato
    tramite; ottieni outlook; scarica outlook; verzonden vanaf; verzonden met; verzonden
    vanuit; verstuurd vanaf; verstuurd met; verstuurd vanuit; download outlook; outlook
    voor; get outlook; outlook für; outlook pour; holen sie sich; laden sie outlook;
    wysłane z; wysłano z; wysłane przez; pobierz outlook; pobierz aplikację outlook;
    pobierz program outlook; отправлено с; отправлено из; отправлено со; отправлено от;
    послано с; скачать outlook; скачайте outlook; получить outlook; надіслано з;
    відправлено з; skickat från; skickades från; skickat med; skaffa outlook; hämta
    outlook; sendt fra; sendt med; sendt via; hent outlook; få outlook; lähetetty; hanki
    outlook; odesláno z; odesláno ze; získat outlook; odoslané z; küldve a; elküldve az;
    στάλθηκε από; trimis de pe; trimis din; gửi từ; đã gửi từ; dikirim dari; изпратено от;
    poslano s; poslano z; enviat des; 发自; 發自; 从我的;
    從我的; 傳送自; 来自我的; 나의; 내 iphone; أرسلت من;
    أُرسلت من; مرسل من; تم الإرسال من; נשלח מ; ส่งจาก; verschickt mit; typed on; written
    on; composed on; von samsung; envoyé samsung; sent my; scritto da; posted via; mobil
    gesendet
    """
)
"""How lines like "Sent from my iPhone" begin."""

SENT_ENDINGS = phrases(
    """
    gesendet; gesendet.; から送信; gönderildi; 傳送; 发送; 보냄; 에서 보냄; küldve; geschickt;
    verschickt; verzonden; gesendet!; から送信されました; gönderildi.
    """
)
"""How they end where the verb comes last."""

DEVICES = phrases(
    """
    iphone; ipad; ipod; android; samsung; galaxy; blackberry; htc; nokia; lumia; huawei;
    xiaomi; oneplus; pixel; sony; xperia; motorola; wiko; smartphone; mobil; tablet; handy;
    handheld; wireless; outlook; yahoo; هاتفي; gmail; mailbox; thunderbird; windows;
    téléphone; móvil; celular; cellulare; telefon; telefoon; puhelin; iphones; ipads;
    proton; typeapp; k-9; bluemail; airmail; aqua; mailmate; spark; edison;
    newton; polymail; mailbird; телефон; смартфон; айфон; планшет; verizon; t-mobile;
    vodafone; at&t; gerät; appareil; dispositivo; apparaat; mobiel; hiri; web.de;
    gmx; postbox; superhuman; tutanota; fastmail; zoho; treo; nexus; terminal;
    mobilní; komórki; telefonu; мобильной; почты; почта; 手机; 手機
    """
)
"""Things that mail is sent from; a line that names one of them is not a sentence of a person."""

DEVICES_VAGUE = phrases(
    """
    mobile; phone; mail; app; mac; orange; device; hey; palm; email; e-mail; computer;
    laptop; desktop
    """
)
"""The same, but so common that the line must be short."""

DISCLAIMERS = phrases(
    """
    confidential; intended recipient; intended only; privileged; virus; disclaimer;
    unsubscribe; mailing list; vertraulich; confidentiel; confidencial; riservat;
    vertrouwelijk; poufn; конфиденциальн; luottamuksell; fortrolig; scanned; legally;
    registered office; registered in england; opinions expressed; do not copy
    """
)
"""Words of the small print that a company's server adds."""
