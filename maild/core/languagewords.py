"""Small words that give a language away, and words that customers of a help desk often write.

Only data, for `core.language`.  The languages behind the first seven are there mainly so that
their texts are not taken for one of the seven.
"""

from __future__ import annotations

WORDS: dict[str, str] = {
    "en": """
        the and of to in is you that it for was on are with as his they be at have this from or
        had by but not what all were we when your can said there use an each which she do how
        their if will other about many then them these so some her would make like him into time
        has two more very after our just where most know get through back much before also did
        any been could please thanks thank hello hi dear regards works working doesn't don't
        can't i'm i've it's still again cannot problem help issue order invoice need want
        received sent yesterday today tomorrow yes my me us works fixed great password account
        won't didn't isn't let why who off should need needs since because here out up down new
        same both fine morning cheers printer screen delivery refund login log forgot broken
        missing wrong
        """,
    "de": """
        der die das und ist nicht ich sie es ein eine einen einem einer den dem des mit für auf
        zu im von sich auch als an nach wie aus bei oder aber wir ihr mein meine meinen ihre
        ihren ihnen uns haben hat habe hatte wird werden wurde kann können könnte noch nur schon
        sehr wenn dass daß weil was wer wo warum hier jetzt dann mehr immer wieder bitte danke
        vielen dank hallo guten tag morgen gestern heute funktioniert geht leider rechnung
        bestellung problem hilfe frage freundlichen grüßen grüße gruß ja nein kein keine keinen
        mir mich dir dich zum zur vom beim bis seit über unter zwischen durch gegen ohne um sind
        war waren sein bin gibt möchte würde sollte alles klar gut erhalten bekommen passt super
        läuft nichts etwas diese dieser dieses drucker konto anmelden anmeldung passwort kennwort
        vergessen lieferung paket bildschirm rechner datei kündigung störung dringend falsch
        fehlt kaputt fehler fehlermeldung fragen zugang gerät
        kommt tun machen steht zeigt drucken druckt
        """,
    "fr": """
        le la les un une des du de et est ne pas je vous il elle nous ils dans pour sur avec que
        qui au aux ce cette ces mon ma mes votre vos notre nos son sa ses plus mais ou où si
        tout tous très bien être avoir fait suis sont était ai as avez avons ont sera peut peux
        pouvez faire comme encore toujours déjà aussi alors donc car depuis sans sous chez entre
        après avant quand comment pourquoi bonjour bonsoir merci beaucoup cordialement svp plaît
        oui non problème facture commande aide besoin reçu envoyé hier aujourd'hui demain marche
        fonctionne toujours rien d'accord parfait y en se leur lui même voici voilà jour c'est
        j'ai n'est qu'il l'adresse compte connecter connexion mot passe oublié panne erreur écran
        imprimante livraison colis réclamation remboursement ordinateur logiciel fichier ça accès
        """,
    "es": """
        el la los las un una unos unas de del y es no que en por para con se su sus lo al como
        más pero me mi mis te le les nos ya o si sí este esta esto estos estas ese esa eso muy
        también hay tengo tiene tienen puedo puede pueden hacer hace ser estar está están estoy
        fue ha han he cuando donde dónde porque qué cómo quién sin sobre entre desde hasta todo
        todos nada algo hola buenos buenas días tardes gracias muchas saludos favor problema
        ayuda factura pedido necesito recibido enviado ayer hoy mañana funciona funcionar
        todavía aún ahora entonces bien vale cuenta contraseña usted ustedes nuestro nuestra
        correo perfecto impresora pantalla entrega paquete reembolso devolución conectar acceso
        fallo avería olvidado ordenador archivo
        """,
    "it": """
        il lo la i gli le un uno una di del della dello dei degli delle e è non che in per con
        si mi ti ci vi su al alla allo ai agli alle da dal dalla nel nella come più ma anche se
        sono sei siamo ho hai ha abbiamo hanno essere avere fare questo questa questi queste
        quello quella molto tutto tutti ancora già sempre quando dove perché chi cosa io tu lui
        lei noi voi loro mio mia vostro vostra ciao buongiorno buonasera salve grazie mille
        saluti cordiali prego problema aiuto fattura ordine bisogno ricevuto inviato ieri oggi
        domani funziona adesso ora bene sì può posso vorrei qualcosa niente perfetto così senza
        dopo prima
        """,
    "pt": """
        o a os as um uma uns umas de do da dos das e é não que em na nos nas por para com se seu
        sua ao à aos mais mas como eu você vocês ele ela nós eles meu minha muito também já ou
        isso isto este esta esse essa tem tenho têm temos pode posso podem fazer ser estar está
        estão estou foi há quando onde porque qual quem sem sobre entre desde até tudo nada olá
        oi bom boa dia tarde noite obrigado obrigada atenciosamente favor problema ajuda fatura
        pedido preciso recebi enviei ontem hoje amanhã funciona funcionou ainda agora então bem
        sim conta senha pelo pela lhe
        """,
    "nl": """
        de het een en van ik te dat die in is niet op aan met voor zijn er maar om hem dan zou
        of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb
        hoe heeft hebben deze u want nog zal me zij nu ge geen omdat iets worden toch al waren
        veel meer doen moet was kon kunnen kan wel hallo goedemorgen goedemiddag beste bedankt
        dank alvast groet groeten vriendelijke graag probleem hulp factuur bestelling nodig
        ontvangen verzonden gisteren vandaag morgen werkt lukt helaas ja nee jullie onze ons uw
        wij we hier waarom wanneer wie alles goed dankjewel dankuwel weer steeds mag gekregen
        """,
    "pl": """
        i w z na do nie się jest że to co jak po za od dla przez tak czy ale lub już jeszcze
        tylko mam może można proszę dziękuję witam cześć dzień dobry pozdrawiam jestem są było
        być mnie moje bardzo nadal działa problem kiedy gdzie dlaczego faktura zamówienie
        """,
    "sv": """
        och att det som en på är av för med den till inte har jag om ett de men var sig så vi
        kan från när hej tack mvh vänliga hälsningar inte mitt min mig du ni hur varför fungerar
        också eller detta skulle här nu igen
        """,
    "da": """
        og at det som en på er af for med den til ikke har jeg om et de men var sig så vi kan
        fra når hej tak venlig hilsen mit min mig du hvordan hvorfor virker også eller dette
        skulle her nu igen af bliver blevet
        """,
    "no": """
        og at det som en på er av for med den til ikke har jeg om et de men var seg så vi kan
        fra når hei takk vennlig hilsen mitt min meg du hvordan hvorfor fungerer også eller
        dette skulle her nå igjen blir blitt
        """,
    "fi": """
        ja on ei se että en hän oli ovat mutta kun niin kuin tai myös minä sinä me te he tämä
        mitä kiitos hei terveisin voi voin olen olla jos nyt vielä toimii ongelma miksi missä
        hyvää päivää
        """,
    "cs": """
        a v se na je že to s z do o i jak ale za by pro jsem nebo jsou po tak má být mám již
        ještě není děkuji dobrý den ahoj prosím pozdravem proč kdy kde funguje problém moje můj
        také
        """,
    "hu": """
        a az és hogy nem is egy ez van volt de ha csak már még vagy mint meg el én te ő mi
        köszönöm szép napot üdvözlettel kérem nincs lehet miért hol mikor működik probléma szia
        """,
    "tr": """
        ve bir bu için ile da de ne çok daha var yok ben sen o biz siz ama gibi kadar olarak mi
        mı merhaba teşekkürler teşekkür ederim saygılarımla lütfen neden nasıl çalışıyor sorun
        değil
        """,
    "ro": """
        și în de la cu pe nu este un o să că din pentru mai care sunt am ai are fost dar dacă
        bună ziua mulțumesc stimă vă rog problemă funcționează când unde de ce acum
        """,
}
"""By ISO 639-1 code, most telling and most common words."""

ENDINGS: dict[str, str] = {
    "en": "ing ness ould ight tion ough ally ment",
    "de": "ung ungen keit heit lich liche lichen isch ische schen tion iert ieren nung",
    "fr": "ment tion eaux ique aire eur euse ées iez ons ette",
    "es": "ción ciones dad mente ando iendo ado ada idos aron",
    "it": "zione zioni mente ità ato ata are ere endo aggio",
    "pt": "ção ções dade mente ando endo ado ada agem",
    "nl": "heid lijk lijke ingen aar tje isch eerd eren",
}
"""How long words of a language end."""

LETTERS: dict[str, str] = {
    "ß": "de",
    "ä": "de sv fi",
    "ö": "de sv fi hu tr",
    "ü": "de hu tr",
    "ñ": "es",
    "¿": "es",
    "¡": "es",
    "ã": "pt",
    "õ": "pt",
    "ç": "fr pt tr",
    "œ": "fr",
    "è": "fr it",
    "ù": "fr it",
    "ê": "fr pt",
    "û": "fr",
    "ì": "it",
    "ò": "it",
    "ë": "nl fr",
    "ó": "es pt pl hu cs",
    "í": "es pt cs hu",
    "å": "sv da no",
    "æ": "da no",
    "ø": "da no",
    "ł": "pl",
    "ą": "pl",
    "ę": "pl",
    "ś": "pl",
    "ż": "pl",
    "ř": "cs",
    "ě": "cs",
    "ů": "cs",
    "ő": "hu",
    "ű": "hu",
    "ş": "tr",
    "ğ": "tr",
    "ı": "tr",
    "ă": "ro",
    "ș": "ro",
    "ț": "ro",
}
"""Letters that few languages have."""
