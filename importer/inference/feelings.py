"""The words of labels: how good something is, and how strongly that is said. `words.plain` writes them so.

English, German, French, Spanish, Czech, Slovak, Italian, Dutch, Portuguese, Polish. The values of `FIXED` and
`FACES` are steps: -4 the worst, 0 the middle, 4 the best.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def _any(words: str) -> str:
    """A pattern for one of these, which commas part."""
    return "|".join(each.strip() for each in " ".join(words.split()).split(","))


NOT_AT_ALL = _any(
    r"""
    not at all, not .+ at all, absolutely not, definitely not, certainly not, (?:uberhaupt|gar)
    (?:nicht|kein\w*), pas du tout, (?:para )?nada, vubec n\w*, vobec n\w*, per niente, helemaal
    niet, de modo n\w+, de jeito nenhum, wcale nie
    """
)
NOT_SO = _any(
    r"""
    not so, not very, not too, not really, hardly, nicht (?:sehr|so|besonders|wirklich), kaum,
    pas (?:tres|vraiment), peu, no muy, poco, ne prilis, nepr\w+ moc, niet (?:zo|erg), nao
    muito, pouco, malo, niezbyt
    """
)
EXTREME = _any(
    r"""
    extremely, completely, totally, absolutely, entirely, exceptionally, ausserst, vollig,
    vollkommen, voll und ganz, voll, uneingeschrankt, absolut, extremement, tout a fait,
    totalement, completement, extremadamente, totalmente, completamente, naprosto, zcela, uplne,
    maximalne, estremamente, uiterst, volledig, helemaal, extremamente, zdecydowanie,
    calkowicie, niezwykle, definitely, rozhodne, urcite
    """
)
STRONG = _any(
    r"""
    very, strongly, highly, really, greatly, quite a lot, sehr, stark, tres, vraiment, muy,
    mucho, velmi, hodne, silne, velice, molto, zeer, heel, erg, sterk, muito, bardzo, mocno
    """
)
WEAK = _any(
    r"""
    somewhat, rather, fairly, slightly, moderately, mostly, a little, a bit, mildly, partly,
    eher, etwas, teilweise, uberwiegend, ziemlich, plutot, assez, un peu, algo, bastante, un
    poco, spise, skor, trochu, celkem, docela, abbastanza, piuttosto, parzialmente, enigszins,
    een beetje, vrij, um pouco, parcialmente, raczej, troche
    """
)
NEUTRAL = _any(
    r"""
    neutral\w*, neutre, neutro, neutrale, neutraal, neutralni, neither .+, neither, undecided,
    unsure, weder .+, weder noch, teils teils, teils, mittel\w*, unentschieden, ni .+ ni .+, ni
    .+, indecis, moyen\w*, mitige, indiferente, regular, ani .+, ani, ne vim, indifferente, ne
    .+ ne .+, noch .+ noch .+, noch .+, gemiddeld, nem .+ nem .+, obojetn\w*, ani .+ ani .+,
    average, ok, okay, so so, fair, acceptable, aceptable, aceitavel, passabel,
    durchschnittlich, prumern\w*, priemern\w*, przecietn\w*, medium, moderate, satisfactory,
    about right, nie mam zdania
    """
)
FIXED: Mapping[str, float] = {
    **dict.fromkeys(
        ("excellent", "outstanding", "perfect", "exceptional", "ausgezeichnet", "hervorragend"), 4
    ),
    **dict.fromkeys(
        ("exzellent", "excelente", "excellente", "vynikajici", "vynikajuci", "eccellente"), 4
    ),
    **dict.fromkeys(
        ("uitstekend", "otimo", "doskonaly", "doskonale", "swietnie", "vyborne", "vyborny"), 4
    ),
    **dict.fromkeys(("great", "super", "ottimo", "optimo", "amazing", "awesome", "love it"), 3),
    **dict.fromkeys(
        ("terrible", "awful", "horrible", "pessimo", "pesimo", "dreadful", "hate it"), -4
    ),
    **dict.fromkeys(("katastrophal", "hrozne", "hrozny", "verschrikkelijk", "okropnie"), -4),
}
GOOD = _any(
    r"""
    satisfied, satisfactory, agree, likely, easy, good, well, happy, comfortable, useful,
    helpful, important, clear, favou?rab\w+, favou?r, support, confident, interested, concerned,
    relevant, effective, valuable, pleased, friendly, convinc\w+, zufrieden, zutreffend, stimmt,
    wahrscheinlich, einfach, leicht, gut, glucklich, hilfreich, wichtig, nutzlich, freundlich,
    satisfait\w*, d accord, probable, facile, bon, bonne, bien, content\w*, utile, important\w*,
    satisfech\w+, de acuerdo, facil, buen[oa]?, satisfeit\w*, feliz, util, importante,
    spokojen\w*, souhlasim, suhlasim, pravdepodobne, snadn\w+, lehk\w+, dobr\w+, dobre,
    uzitecn\w+, dulezit\w+, soddisfatt\w+, d accordo, buon\w*, bene, probabile, util\w,
    tevreden, (?:mee )?eens, waarschijnlijk, makkelijk, gemakkelijk, goed, blij, belangrijk,
    concordo, provavel, bom, boa, bem, zadowolon\w+, zgadzam, prawdopodobne, latw\w+,
    przydatn\w+, wazn\w+
    """
)
BAD = _any(
    r"""
    dissatisfied, unsatisfied, disagree, unlikely, difficult, hard, bad, poor, poorly, unhappy,
    uncomfortable, useless, unhelpful, unimportant, unclear, unfavou?rab\w+, opposition, oppose,
    unfriendly, unconvinc\w+, displeased, irrelevant, ineffective, unzufrieden,
    unwahrscheinlich, schwierig, schwer, schlecht, unglucklich, unwichtig, unfreundlich,
    insatisfait\w*, mecontent\w*, pas (?:satisfait\w*|d accord), improbable, difficile,
    mauvais\w*, mal, insatisfech\w+, (?:en )?desacuerdo, dificil, mal[oa], infeliz,
    insatisfeit\w*, nespokojen\w*, nesouhlasim, nesuhlasim, nepravdepodobne, obtizn\w+, tezk\w+,
    spatn\w+, zl[aeyo], nedulezit\w+, insoddisfatt\w+, (?:in )?disaccordo, cattiv\w+, male,
    improbabile, ontevreden, (?:mee )?oneens, onwaarschijnlijk, moeilijk, slecht, discordo,
    improvavel, ruim, mau, ma, niezadowolon\w+, nie zgadzam, nieprawdopodobne, trudn\w+, zly,
    zle, slab\w+
    """
)
YES = r"yes|ja|oui|si|ano|sim|tak"
NO = r"no|nein|non|ne|nie|nee|nao"
NOT = r"not|nicht|pas|no|non|niet|nao|nie|ne"
LINK = (
    r"(?:i|am|it is|ich bin|bin|je suis|estoy|jsem|sono|ik ben|estou|jestem|with|of|de|en|in|a|the)"
)

FACES: Mapping[str, float] = {
    **dict.fromkeys("😡😠🤬👿", -4.0),
    **dict.fromkeys("😭😢😞😣😖😫😩", -3.0),
    **dict.fromkeys("🙁☹😕😟😔", -2.0),
    **dict.fromkeys("😐😑😶", 0.0),
    **dict.fromkeys("🙂☺", 2.0),
    **dict.fromkeys("😊😀😃😄😁", 3.0),
    **dict.fromkeys("😍🤩🥰😆", 4.0),
}

OUTSIDE = re.compile(
    _any(
        r"""
    (?:i )?(?:do not|don t|can t|cannot) (?:know|say), (?:i m |i am )?not sure, no
    (?:opinion|answer), unfamiliar.*, (?:not applicable|n a)(?: .*)?, prefer not to .*,
    (?:weiss|weis) (?:ich )?nicht, keine (?:angabe|meinung|antwort), (?:je )?ne (?:sais|sait)
    pas, sans (?:avis|opinion), no (?:lo )?se, no sabe.*, sin opinion, nevim, nedokazu .*, non
    so, weet (?:ik )?niet, geen mening, nao sei, sem opiniao, nie wiem, trudno powiedziec
    """
    )
)
