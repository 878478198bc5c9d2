"""A guess at the encoding of bytes that are not UTF-8: the reading that looks most like a language.

Each candidate reads the words that are not ASCII, each different word once. What a reading is worth is
a log likelihood: how often its language writes these letters, and whether they stand where letters and marks
stand. cp1252, which Windows writes, is taken unless another reading explains clearly more: each other
candidate starts with a handicap. Detectors that go by byte statistics misread short and mixed texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from math import log

# Which letters a language writes beside ASCII, the most frequent first; which encodings are tried.
#
# The letters' order was counted in the translations of free software (some 5,000 to 20,000 sentences a
# language).

LETTERS = {
    "English": "éïñüöáèóäí",
    "French": "éèàêôîçâùûœïëáüÿ",
    "German": "üäößéáà",
    "Spanish": "óáíúéñüºª",
    "Portuguese": "ãçáíéóúõêâàôºªü",
    "Italian": "èàùòéìíóî",
    "Dutch": "ëéïóáíèöüê",
    "Swedish": "äöåéáü",
    "Danish": "åøæéäöü",
    "Finnish": "äöåéš",
    "Icelandic": "ðáíóæýúþöé",
    "Catalan": "óàéíèçúòïü·",
    "Irish": "áíéúó",
    "Albanian": "ëç",
    "Czech": "íářéčýžěšůúóťňď",
    "Slovak": "áčíýúéťžľšóäňôĺďŕ",
    "Polish": "łęąśżćóńź",
    "Hungarian": "áéíóöőüúű",
    "Croatian": "čšžćđ",
    "Romanian": "ăţşîâțș",
    "Turkish": "ıçüşğöâîû",
    "Lithuanian": "šėųįąžčūę",
    "Latvian": "āēīšļūņķžģčŗ",
    "Estonian": "äõüöžš",
    "Russian": "оеаинтрслвкпдмуязыьйбчжгфхшюцщэёъ",
    "Ukrainian": "аноиевтрікслдпмузяьбйчгжфхцєшюїщґ",
    "Belarusian": "анрыкелістдвяпцмозуьўэчбгйшфхжюё",
    "Bulgarian": "аениотрсвдпзлкмъябучгжйфцшхщюь",
    "Serbian": "аеионртскупдвмзјлбгњчшцљжћхфђџ",
    "Macedonian": "аеоитнркдсвплмузбјгчцњжшфџѓќѕљ",
    "Greek": "αοετινσρμηπκυςλίγδήέόάχωθύφώβζξψϊϋΐΰ",
    "Hebrew": "יותלהמרנשאבקפדסעגםחכטןצזץךף",
    "Arabic": "اليمرتوةنفدعسبحكقصجأطهخإذغشّزضىثئءظًآؤُِ",
    "Persian": "اینردهتومبشسکلپزخفگعجصٔقحطچظآغذضژيك",
    "Thai": "ารอ่มกน้เงดัลีสตยบไิแวขทหพจคปะูื์ชใำถฟุ็โณผซภธึษฐญๆศฎฉฒฯ",
}
MARKS = "’\u00a0–“”…—°€£‘•«»®™©´·½§×„‚¿¡ªº²³µ±¯№ʼ¼\u200c"

_WEST = (*tuple(LETTERS)[:14], "Estonian")
_EAST = ("Czech", "Slovak", "Polish", "Hungarian", "Croatian", "Romanian", "German")
_CYRILLIC = ("Russian", "Ukrainian", "Belarusian", "Bulgarian", "Serbian", "Macedonian")
_BALTIC = ("Lithuanian", "Latvian", "Estonian")
_ARABIC = ("Arabic", "Persian")

_ENCODINGS: dict[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (0.0, _WEST),
    "mac_roman": (-2.5, _WEST),
    "cp1250": (-2.0, _EAST),
    "cp1251": (-2.0, _CYRILLIC),
    "cp1254": (-2.0, ("Turkish",)),
    "cp1253": (-3.0, ("Greek",)),
    "cp1257": (-2.5, _BALTIC),
    "cp1255": (-3.0, ("Hebrew",)),
    "cp1256": (-3.0, _ARABIC),
    "cp874": (-3.0, ("Thai",)),
    "iso8859_15": (-3.5, _WEST),
    "iso8859_2": (-3.0, _EAST),
    "iso8859_5": (-5.0, _CYRILLIC),
    "iso8859_6": (-5.0, _ARABIC),
    "iso8859_7": (-5.0, ("Greek",)),
    "koi8_r": (-4.0, _CYRILLIC[:1]),
    "koi8_u": (-4.5, _CYRILLIC[1:2]),
    "cp866": (-4.0, _CYRILLIC),
    "cp850": (-4.0, _WEST),
    "cp852": (-4.5, _EAST),
    "cp737": (-5.0, ("Greek",)),
    "cp857": (-5.0, ("Turkish",)),
    "cp862": (-5.0, ("Hebrew",)),
    "cp775": (-5.0, _BALTIC),
    "mac_latin2": (-3.5, _EAST),
    "mac_croatian": (-5.5, ("Croatian",)),
    "mac_romanian": (-5.5, ("Romanian",)),
    "mac_cyrillic": (-5.0, _CYRILLIC),
    "mac_greek": (-5.0, ("Greek",)),
    "mac_turkish": (-5.0, ("Turkish",)),
    "mac_iceland": (-5.0, ("Icelandic",)),
    "cp932": (-4.0, ()),
    "euc_jp": (-4.0, ()),
    "gb18030": (-4.0, ()),
    "big5": (-4.0, ()),
    "cp949": (-4.0, ()),
}
HANDICAP = {codec: handicap for codec, (handicap, _) in _ENCODINGS.items()}
LANGUAGES = {codec: languages for codec, (_, languages) in _ENCODINGS.items() if languages}
"""By Python's names of the codecs."""

_HAN_CN = (
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家"
    "学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头"
    "面公同三已老从动两长知样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向"
    "情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气"
    "信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张"
    "活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任"
    "至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术"
    "结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七"
    "必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未"
    "持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若"
    "兵弟谁校读志飞观争究包组造落视济喜离虽坏宝谈府拉黑且装低推验"
)
_HAN_TW = (
    "的一是不了在人有我他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家"
    "學對可裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手用主行方又如前所本見經頭"
    "面公同三已老從動兩長知樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工己話兒者向"
    "情部正名定女問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣"
    "信北少關並內加化由卻代軍產入先山五太水萬市眼體別處總才場師書比住員九笑性通目華報立馬命張"
    "活難神數件安表原車白應路期叫死常提感金何更反合放做系計或司利受光王果親界及今京務制解各任"
    "至清物台象記邊共風戰幹接它許八特覺望直服毛林題建南度統色字請交愛讓認算論百吃義科怎元社術"
    "結六功指思非流每青管夫連遠資隊跟帶花快條院變聯言權往展該領傳近留紅治決周保達辦運武半候七"
    "必城父強步完革深區即求品士轉量空甚眾技輕程告江語英基派滿式李息寫呢識極令黃德收臉錢黨倒未"
    "持取設始版雙歷越史商千片容研像找友孩站廣改議形委早房音火際則首單據導影失拿網香似斯專石若"
    "兵弟誰校讀志飛觀爭究包組造落視濟喜離雖壞寶談府拉黑且裝低推驗謝"
)
_HANGUL = (
    "다니이지을습에는수를하일로시가없정의파스자합용기사할서트리어한인음않오터문그위있드프은대"
    "력션아보키부데표만입여상크값제옵으면고나패해전치름요설바출버실모경들소도작식디동행필메중"
    "류함성열원했되라구단못타비과목형세된거적읽명야우마내려잘록또주번무환안본변와태화선너개업"
    "간유때장래른분항추러좋감매직생더많조족불편친절품질가격빠르느"
)

Group = tuple[Callable[[str], bool], float]


def _of(chars: str, share: float) -> Group:
    known = frozenset(chars)
    return known.__contains__, share / len(known)


def _level1(codec: str, leads: range, share: float) -> Group:
    """The everyday half of a standard, by the first byte."""

    def within(char: str) -> bool:
        code = char.encode(codec, "ignore")
        return len(code) == 2 and code[0] in leads

    return within, share / (len(leads) * 94)


_PUNCTUATION = _of("，。、！？：；（）「」・ー…～“”《》—　", 0.1)
_KANA = (
    (lambda char: "\u3041" <= char <= "\u3096", 0.45 / 83),
    (lambda char: "\u30a1" <= char <= "\u30fa", 0.2 / 86),
)
CJK: dict[str, tuple[Group, ...]] = {
    "cp932": (*_KANA, _PUNCTUATION, _level1("cp932", range(0x88, 0x99), 0.2)),
    "euc_jp": (*_KANA, _PUNCTUATION, _level1("euc_jp", range(0xB0, 0xD0), 0.2)),
    "gb18030": (_of(_HAN_CN, 0.7), _PUNCTUATION, _level1("gb18030", range(0xB0, 0xD8), 0.2)),
    "big5": (_of(_HAN_TW, 0.7), _PUNCTUATION, _level1("big5", range(0xA4, 0xC7), 0.2)),
    "cp949": (_of(_HANGUL, 0.75), _PUNCTUATION, _level1("cp949", range(0xB0, 0xC9), 0.2)),
}
"""For each codec the groups of its characters, with the share of a text that one of them has."""


_ENOUGH = 4_000
"""Odd bytes that are looked at: more decide nothing, and take seconds."""
_BETWEEN_WORDS = re.compile(rb"[\x00-\x20,;\"]+")
"""No byte of these is ever the second one of a character of two bytes."""
_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]"
    rb"|\xed[\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
)
_ODD = re.compile(rb"[\x80-\xff]")

_FOREIGN = 0.03
"""The share of letters that another language of the same encoding explains: names, loans."""
_RARE, _IMPOSSIBLE = -9.0, -11.0
"""A letter or symbol that no language of the encoding uses; a byte that means nothing in it."""
_MISPLACED, _UNUSUAL = -5.0, -2.0
_CAPITAL = -2.0
_EXPECTED = 2.0
_AFTER_APOSTROPHE = frozenset("stmdrlv")
"""don’t, it’s, I’m, we’d, you’re, we’ll, I’ve: hardly any other character is followed by just these."""
_FAR = 0.7
"""What a Latin character read as of DOS has to be better by: letters are cp1252's symbols there, so where
DOS is right, each of them is far better; and `á` stands where Windows has the blank that doesn't break."""
_DOS_LATIN = frozenset({"cp850", "cp852", "cp775"})

_LONE = frozenset("àèéáyåöøæоуивсякійєηοήό")
"""Letters that are words."""
_INSIDE_WORDS = frozenset("’·ʼ\u00ad\u200c\u200d\u00a0")


def plausible(evidence: bytes) -> str:
    """The Python codec that makes the best sense of `evidence`: lines that are not ASCII."""
    words = _odd_words(evidence)
    if _is_damaged_utf8(words):
        return "utf-8"
    return max(HANDICAP, key=lambda codec: HANDICAP[codec] + _likelihood(words, codec))


def _odd_words(evidence: bytes) -> list[bytes]:
    words, odd = list[bytes](), 0
    for word in dict.fromkeys(_BETWEEN_WORDS.split(evidence)):
        if odd < _ENOUGH and not word.isascii():
            words.append(word)
            odd += len(_ODD.findall(word))
    return words


def _is_damaged_utf8(words: list[bytes]) -> bool:
    """True where most odd bytes are characters of UTF-8, though some are torn, from another encoding or
    halves of one of CESU-8 (surrogates in three bytes each): other text hardly ever is."""
    odd = fitting = 0
    for word in words:
        odd += len(_ODD.findall(word))
        fitting += sum(map(len, _UTF8.findall(word)))
    return fitting * 4 >= odd * 3


def _likelihood(words: list[bytes], codec: str) -> float:
    texts = [word.decode(codec, "replace") for word in words]
    if codec in CJK:
        return sum(_cjk(before, char, after, codec) for before, char, after in _contexts(texts))
    contexts = list(_contexts(texts))
    placed = sum(_place(*each) for each in contexts)
    chars = [char for _, char, _ in contexts]
    if codec in _DOS_LATIN:
        placed -= _FAR * len(chars)
    return placed + max(
        sum(_frequency(char, language, codec) for char in chars) for language in LANGUAGES[codec]
    )


def _contexts(texts: list[str]) -> list[tuple[str, str, str]]:
    """Each odd character between its neighbours, "" at the ends of a word."""
    return [
        (text[at - 1 : at], char, text[at + 1 : at + 2])
        for text in texts
        for at, char in enumerate(text)
        if char > "\x7f"
    ]


@cache
def _frequency(char: str, language: str, codec: str) -> float:
    """The log of how often a text in `language` has this character among those that are not ASCII."""
    if char in MARKS:
        return log(_share_of_mark(char, language))
    own = _share(char.lower(), language)
    others = max(_share(char.lower(), each) for each in LANGUAGES[codec])
    share = own * (1 - _FOREIGN) + others * _FOREIGN
    if share:
        return log(share)
    return _IMPOSSIBLE if char == "\ufffd" or not char.isprintable() else _RARE


def _share_of_mark(char: str, language: str) -> float:
    marks = 0.75 if language == "English" else 0.15
    return marks * _zipf(MARKS.index(char), len(MARKS))


def _share(letter: str, language: str) -> float:
    letters = LETTERS[language]
    at = letters.find(letter)
    return _zipf(at, len(letters)) if at >= 0 else 0.0


@cache
def _zipf(rank: int, length: int) -> float:
    """Letters by their rank: the second is half as frequent as the first, and so on."""
    return 1 / (rank + 1) / sum(1 / each for each in range(1, length + 1))


@cache
def _place(before: str, char: str, after: str) -> float:
    """What it costs that the character stands there."""
    if char.isalpha() and char not in MARKS:
        return _place_of_letter(before, char, after)
    if char == "’" and after.isalpha() and not before:  # ’tis, and the Ά of Windows' Greek
        return _UNUSUAL if _script(after) == 0 else _MISPLACED
    if not (before.isalpha() and after.isalpha()) or char in _INSIDE_WORDS:
        return _EXPECTED if char == "’" and before.isalpha() and after in _AFTER_APOSTROPHE else 0.0
    return 0.0 if _is_combining(char) else _MISPLACED


def _place_of_letter(before: str, char: str, after: str) -> float:
    cost = _UNUSUAL if before > "\x7f" and _script(char) == 0 else 0.0
    letters = [each for each in (before, after) if each.isalpha()]
    if any(_script(each) != _script(char) for each in letters):
        cost += _MISPLACED
    if char.isupper():
        cost += _MISPLACED if before.islower() else _CAPITAL
    elif char.islower() and after.isupper():
        cost += _MISPLACED
    if not letters and char not in _LONE:
        cost += _UNUSUAL if char.islower() else _MISPLACED
    if before.isdigit() or after.isdigit():
        cost += _UNUSUAL
    return cost


def _script(char: str) -> int:
    """0 is Latin; then Greek, Cyrillic, Hebrew, Arabic, Thai, by their blocks."""
    return sum(ord(char) >= start for start in (0x370, 0x400, 0x590, 0x600, 0xE00))


def _is_combining(char: str) -> bool:
    return 0x591 <= ord(char) < 0x660 or 0xE31 <= ord(char) < 0xE4F


@cache
def _cjk(before: str, char: str, after: str, codec: str) -> float:
    """As _frequency, for a character of two bytes or more."""
    likely = next((log(share) for group, share in CJK[codec] if group(char)), _RARE - 4)
    mixed = any(each.isascii() and each.isalnum() for each in (before, after))
    return likely + (_UNUSUAL if mixed else 0.0)
