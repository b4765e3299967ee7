"""What somebody says of their own absence, and what only sounds like it."""

from __future__ import annotations

import pytest

from maild.core.absence_wording import own_absence

NOTICES = (
    ("Hello, I am away until 12 May and read no mail.", "I am away until"),
    ("Thanks for writing!\n\nI’ll be on holiday from 3 to 7 June.", "I’ll be on holiday"),
    ("I'm travelling this week and out of\nthe office; try Ben.", "I'm travelling this week and out of the office"),
    ("I am not in the office on Fridays.", "I am not in the office"),
    ("I'm sorry, but I am on sick leave at the moment.", "I am on sick leave"),
    ("Out of office until Thursday. Regards, Cleo", "Out of office until"),
    ("I will be away from my desk for the rest of the day.", "I will be away from my desk"),
    ("Bin ab Montag im Urlaub, danach gern.", "Bin ab Montag im Urlaub"),
    ("Guten Tag,\n\nich befinde mich bis 4.8. im Jahresurlaub.", "ich befinde mich bis 4.8. im Jahresurlaub"),
    ("Leider bin ich heute nicht mehr im Büro.", "bin ich heute nicht mehr im Büro"),
    ("Ich werde vom 01.07.2026 bis zum 15.07.2026 abwesend sein.", "Ich werde vom 01.07.2026 bis zum 15.07.2026 abwesend"),
    ("Ich bin für drei Wochen in Elternzeit.", "Ich bin für drei Wochen in Elternzeit"),
    ("Bonjour, je serai absent du 2 au 9 mai inclus.", "je serai absent"),
    ("Je suis en déplacement toute la semaine.", "Je suis en déplacement"),
    ("Je ne serai pas au bureau avant mardi.", "Je ne serai pas au bureau"),
    ("Hola: hasta el martes estaré fuera de la oficina.", "estaré fuera de la oficina"),
    ("Me encuentro esta semana de baja.", "Me encuentro esta semana de baja"),
    ("No estaré en la oficina hasta el día 8.", "No estaré en la oficina"),
    ("Gentile cliente,\n\nsono in ferie fino al 20 agosto.", "sono in ferie"),
    ("Buongiorno, attualmente sono fuori sede.", "sono fuori sede"),
    ("Dal 3 maggio sarò assente per una settimana.", "sarò assente"),
    ("Olá, estou até sexta-feira de férias.", "estou até sexta-feira de férias"),
    ("Não estarei no escritório amanhã.", "Não estarei no escritório"),
    ("Encontro-me de licença até março.", "Encontro-me de licença"),
    ("Beste mevrouw, tot maandag ben ik afwezig.", "ben ik afwezig"),
    ("Ik zal van 3 t/m 7 mei niet op kantoor zijn.", "Ik zal van 3 t/m 7 mei niet op kantoor"),
    ("IK BEN MET ZWANGERSCHAPSVERLOF", "IK BEN MET ZWANGERSCHAPSVERLOF"),
)  # fmt: skip
ANSWERS = (
    "I am afraid our courier is on leave, so it comes on Tuesday.",
    "I'm sorry that you were away from your desk when I rang.",
    "I am looking into the out of office setting of your account.",
    "I am sure Ben reads it first thing. He is out of the office today.",
    "I'll be glad to move your booking. Ask on holiday.example for the form.",
    "I am on leave requests this week, so send me the form.",
    "I'm told Ben's on vacation; I take over from here.",
    "I am back. The week on holiday did me good.",
    "If I am not in the office, Ben opens the door for you.",
    "I will send the key\n\nour porter is out of office until nine",
    "Ich bin der Meinung, dass Sie im Urlaub keinen Zugang brauchen.",
    "Ich bin nicht abwesend, rufen Sie gern an.",
    "Ich werde Ihnen das im Urlaub erklären.",
    "Ich bin sicher. Frau Weber ist im Urlaub.",
    "Ich bin die Vertretung, Frau Weber ist nicht im Büro.",
    "Je suis désolée que vous soyez absente demain.",
    "Je suis sûre : notre livreur est en congés.",
    "Je ne suis pas en vacances, appelez quand vous voulez.",
    "Estoy segura de que su técnico está de vacaciones.",
    "Estoy revisando el alquiler de vacaciones.",
    "No estoy de vacaciones, puede llamarme.",
    "I nostri tecnici sono in ferie, spediamo lunedì.",
    "Sono stata in ferie, ora rispondo io.",
    "Sono felice che Lei non sia assente.",
    "Estou certa de que ele está de férias.",
    "Estou a tratar do pedido de férias.",
    "Ik ben bang dat onze monteur afwezig is.",
    "Ik ben niet afwezig, u kunt bellen.",
    "Ik ben weer terug, Piet is op vakantie.",
)


@pytest.mark.parametrize(("text", "words"), NOTICES)
def test_who_is_not_there_says_so_and_is_quoted_as_written(text: str, words: str) -> None:
    assert own_absence(text) == words


@pytest.mark.parametrize("text", ANSWERS)
def test_who_writes_of_others_or_of_holidays_writes_an_answer(text: str) -> None:
    assert own_absence(text) == ""
