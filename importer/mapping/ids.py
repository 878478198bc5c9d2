"""Ids of people and keys of responses: what they may be, and what only looks like one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from importer.mapping.text import TransformError, column_of, trimmed
from importer.mapping.transforms.texts import address, is_address, sound, visible
from importer.privacy import is_excel_error

# Texts that stand where an id is missing, as people and programs write them, in many languages.
#
# Only whole cells count, so `None Ltd`, `N/A-17` and `True North` are ids. Words that are also names of
# people (Danish SAND for true) are left out, and so
# are what may be initials (NC, ND).

_PROGRAMS = r"""
null|nil|nan|none|undefined|void|na|n/a|n.a.|n.a|n\a|#n/a|\n|not set|not_set|notset|unset|not provided|
not available|
not applicable|not specified|not authenticated|not_authenticated|unauthenticated|not logged in|logged out|
anonymous|anonym|anon|guest|unknown|unidentified|nobody|deleted|deleted user|removed|redacted|blank|empty|
missing|
no-id|noid|no id|no_id|no email|no e-mail|no data|no value|none yet|tbd|tba|true|false|x|-1|1.#qnan|
-9|-99|-999|-9999|unassigned|array|object|system.object|null-null|null_null|undefined-undefined|undefined_undefined|nan-nan|
none-none|loading...|-inf|-infinity|-nan|1.#ind|-1.#ind|1.#inf|-1.#inf|pd.nat|0x0|noemail|no-email|nomail|no-mail|
anonymized|anonymised|anonymous user|anonymous respondent|anonymous visitor|guest user|unknown user|
visitor|unknown visitor|unknown respondent|unknown customer|anonymous customer|anonymous contact|
former user|deactivated user|no name|no answer|no response|not given|not known|withheld|prefer not to say|
ffffffff-ffff-ffff-ffff-ffffffffffff
"""
_PEOPLE = """
k.a.|k. a.|keine angabe|ohne angabe|o.a.|unbekannt|gast|gelöscht|gelöschter benutzer|nicht angegeben|
nicht gesetzt|nicht zugewiesen|leer|leere|
nicht verfügbar|nicht vorhanden|keine|entfällt|anonymisiert|n.v.|anonymer benutzer|anonymer nutzer|
anonymer teilnehmer|gelöschter nutzer|gastbenutzer|kein name|keine e-mail|keine antwort|nicht angemeldet|
nicht bekannt|inconnu|inconnue|anonyme|aucun|aucune|néant|non renseigné|non renseignée|n.c.|n/c|sans objet|
s.o.|supprimé|supprimée|invité|vide|non disponible|non communiqué|non défini|anonymisé|anonymisée|
utilisateur anonyme|utilisateur supprimé|sans nom|sans réponse|pas de réponse|non connecté|
desconocido|desconocida|anónimo|anónima|ninguno|ninguna|nulo|sin datos|sin id|sin especificar|no disponible|
no aplica|s/d|n/d|n.d.|eliminado|eliminada|invitado|vacío|no definido|
anonimizado|usuario anónimo|usuario eliminado|sin nombre|sin correo|sin respuesta|sin información|ns/nc|
no contesta|
desconhecido|desconhecida|anônimo|anônima|nenhum|nenhuma|não informado|não disponível|não se aplica|excluído|
convidado|vazio|sem dados|usuário anônimo|utilizador anónimo|sem nome|sem resposta|sem e-mail|
sconosciuto|sconosciuta|anonimo|anonima|nessuno|nessuna|non applicabile|eliminato|ospite|vuoto|
non specificato|utente anonimo|anonimizzato|senza nome|nessuna risposta|non disponibile|
onbekend|anoniem|geen|n.v.t.|nvt|niet van toepassing|niet beschikbaar|niet ingevuld|verwijderd|leeg|n/b|
anonieme gebruiker|geanonimiseerd|geen naam|geen antwoord|
neznámý|neznámá|neznámé|anonymní|žádný|žádné|není k dispozici|neuvedeno|smazáno|prázdné|neznámy|neznáme|
vymazané|anonymní uživatel|bez jména|bez odpovědi|
nieznany|nieznana|nieznane|anonimowy|brak|brak danych|nie dotyczy|b.d.|usunięty|usunięto|gość|puste|
anonimowy użytkownik|brak odpowiedzi|brak nazwy|
okänd|ukendt|ukjent|saknas|mangler|ingen|ej angivet|ikke angivet|ikke oppgitt|raderad|slettet|gäst|gæst|gjest|
tuntematon|ei tiedossa|anonyymi|poistettu|tyhjä|
ismeretlen|névtelen|nincs|nincs adat|törölt|
necunoscut|necunoscută|niciunul|
bilinmiyor|bilinmeyen|yok|silindi|misafir|boş|anonim|anonim kullanıcı|cevap yok|yanıt yok|belirtilmemiş|
неизвестно|неизвестный|аноним|анонимно|анонимный|нет|нет данных|н/д|удален|удалён|не указано|не указан|
пусто|гость|анонимный пользователь|нет ответа|без имени|
невідомо|невідомий|анонім|немає|видалено|
άγνωστο|άγνωστος|αγνωστο|ανώνυμος|ανωνυμος|κανένα|δ/υ|
غير معروف|مجهول|لا يوجد|غير متوفر|غير متاح|لا ينطبق|مجهول الهوية|לא זמין|לא ידוע|אנונימי|אין|
không|không có|ไม่มี|ไม่ระบุ|ไม่ทราบ|(tom)|(tomt)|(tyhjä)|ẩn danh|không rõ|
不明|匿名|なし|無し|該当なし|未設定|未入力|未登録|削除済み|ゲスト|名無し|無回答|無記入|回答なし|非公開|匿名希望|匿名ユーザー|
未回答|未提供|保密|匿名用户|匿名用戶|不适用|不適用|没有|未知|无|無|不详|不詳|未设置|未填|未填写|已删除|空|空白|空值|游客|暂无|
없음|익명|알 수 없음|해당 없음|해당없음|미입력|미설정|비어 있음|삭제됨|게스트|무응답|
비공개|응답 없음|익명 사용자
"""
STAND_INS = frozenset(
    word.strip().casefold() for word in (_PROGRAMS + "|" + _PEOPLE).split("|") if word.strip()
) | {f"err:{number}" for number in range(501, 541)}
"""Case-folded, with single spaces; and LibreOffice's errors."""
_BOOLEANS = """
WAHR FALSCH VRAI FAUX VERDADERO FALSO VERDADEIRO VERO WAAR ONWAAR PRAWDA FAŁSZ PRAVDA NEPRAVDA SANT FALSKT
NaT SANN USANN TOSI EPÄTOSI IGAZ HAMIS DOĞRU YANLIŞ ИСТИНА ЛОЖЬ ІСТИНА ХИБНІСТЬ ΑΛΗΘΗΣ ΨΕΥΔΗΣ
"""
BOOLEANS = frozenset(_BOOLEANS.split())
"""Excel's TRUE and FALSE, in capitals as it writes them, and pandas' NaT: Vero and Nat are names."""
LONGEST = max(map(len, STAND_INS))
_SHORT = len("x@x.org") + 1
"""`none@none.com` is nobody; letters such as x may be people with an address of their own."""


DUMMIES = frozenset(
    {
        *("anonymous", "anonym", "anon", "guest", "none", "null", "nil", "nan", "undefined"),
        *("unknown", "n/a", "na", "n.a.", "#n/a", "no-id", "noid", "x", "-", "--", "---", ".", "?"),
        *("(none)", "(null)", "(blank)", "<null>", '""'),
    }
)
"""What a part of a hash counts as blank, case-folded; zeros (0, 000, 0.0) too. It never changes: another list
would give the same people other ids than earlier runs did."""
_ZEROS = re.compile(r"0+([.,]0+)?|0{8}-0{4}-0{4}-0{4}-0{12}")
_OLD_ZEROS = re.compile(r"0+(\.0+)?|0{8}-0{4}-0{4}-0{4}-0{12}")
_PLAIN = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_:-]*|[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
)
"""Most ids and addresses: nothing but a word of the list can be wrong with them."""
_NUMBERED = re.compile(r"(?:[A-Za-z0][A-Za-z0_-]*)?[1-9][A-Za-z0-9_-]*")
"""No word of the list is made of such, nor a zero: most ids need no further look."""
NUMBERED = column_of(_NUMBERED.pattern)
_OPENS, _CLOSES = "([<{\"'*_（【「«“„–—-", ")]>}\"'*_）】」»”“–—-"
_MARKS = re.compile(r"[-–—_.…?¿!@$%&^*/\\~,;:|=+()\[\]<>{}\"' ]+")
_AROUND_FIELDS = (
    ("{{", "}}", 0),
    ("${", "}", 1),
    ("$(", ")", 1),
    ("*|", "|*", 1),
    ("<%", "%>", 1),
    ("{%", "%}", 1),
    ("%%", "%%", 1),
    ("[%", "%]", 1),
    ("#{", "}", 1),
    ("@{", "}", 1),
    ("[[", "]]", 1),
    ("<<", ">>", 1),
)
"""How a placeholder begins and ends, and how many letters there are between at least. (One pattern for all of
them would take a long cell the square of its length.)"""


@cache
def _unfilled() -> re.Pattern[str]:
    """Placeholders that no tool has filled (`%user%`, `[email]`)."""
    return re.compile(
        r"%[a-z_][\w.]*%|%\(\w+\)s|\{[a-z_!][a-z_.:!/ ]*\}|[\[<][^\W\d]+(?:[.: -][^\W\d]+)*[\]>]",
        re.IGNORECASE,
    )


_OBJECT = re.compile(r"\[object \w+\]", re.IGNORECASE)
"""What JavaScript writes for an object."""
_OVERWRITTEN = re.compile(
    r"[+-]?[0-9]{1,3}(?:[.,][0-9]*)?[eE]\+[0-9]+|[+-]?[0-9][.,][0-9]+[eE]-?[0-9]+"
)
"""`1.09E+10`: the digits that tell people apart are gone. `12E4` and `1E5` are ids like any other."""
_FLOAT = re.compile(r"[0-9]+[.,](?:0{1,2}|0{4,})")
_GROUPED = re.compile(
    r"[0-9]{1,3}(?:(?:,[0-9]{3})+|(?:[\u00a0\u202f\u2009'’][0-9]{3})+)(?:[.,]0{1,2})?"
    r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}|[0-9]{1,3}(?:[. ][0-9]{3})+,0{1,2}"
)
"""`4711.0`, `12,120`: all digits are there, dressed as a number's. `12.120` and `12 120` may be ids."""
_FORMULA = re.compile(r"=(?:[\"“”']|[A-Z.]+\()")
_GUARDED = re.compile(r"['’‘`´][0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGEST = 16


def is_dummy(text: str) -> bool:
    """Whether a trimmed id is a stand-in that many people would share."""
    return _is_word(text) or (_PLAIN.fullmatch(text) is None and _is_unfilled(text))


def _is_word(text: str) -> bool:
    if text[:1] == "0":
        return _ZEROS.fullmatch(text) is not None
    if "@" in text and len(text) > _SHORT:
        name, _, host = text[: 3 * LONGEST].casefold().partition("@")
        return name in STAND_INS and host.partition(".")[0] in STAND_INS
    if len(text) > LONGEST:
        return False
    if text.casefold() in STAND_INS or text in BOOLEANS:
        return True
    return "\u00a0" in text and text.replace("\u00a0", " ").casefold() in STAND_INS


def _is_unfilled(text: str) -> bool:
    """Punctuation alone, a word of the list in brackets or dashes, or loosely written (`N / A`), or a
    placeholder."""
    inner = text.strip(_OPENS + _CLOSES + " ")
    if inner and text[0] in _OPENS and text[-1] in _CLOSES and is_dummy(inner):
        return True
    bare = ".".join(map(str.strip, text.split("."))).rstrip(".")
    bare = "/".join(map(str.strip, bare.split("/")))
    if bare != text and (_is_word(bare) or _is_word(bare + ".")):
        return True
    if any(_holds(text, *field) for field in _AROUND_FIELDS):
        return True
    return bool(_MARKS.fullmatch(text) or _unfilled().fullmatch(text) or _OBJECT.search(text))


def _holds(text: str, begin: str, end: str, between: int) -> bool:
    """Whether a placeholder of that kind stands in the text: `{{user_id}}`, `*|EMAIL|*`."""
    at = text.find(begin)
    return at >= 0 and text.rfind(end) >= at + len(begin) + between


def is_overwritten(text: str) -> bool:
    """Whether Excel has put something else where the trimmed id was: `1.09E+10`, `#REF!`, `####`."""
    if text[:1] == "#":
        return is_excel_error(text) or not text.strip("#")
    return text[:1] in "+-0123456789" and _OVERWRITTEN.fullmatch(text) is not None


def identifier(text: str) -> str:
    """An id: without the space around it, otherwise untouched (`007` stays).

    Raises:
        TransformError: It is a dummy, was destroyed by Excel, or can't be an id.
    """
    id_ = trimmed(text)
    if _NUMBERED.fullmatch(id_) is not None:
        return id_
    plain = _PLAIN.fullmatch(id_) is not None
    if _is_word(id_) or (not plain and _is_unfilled(id_)):
        raise TransformError("dummy_id", "this stands for no id at all")
    if plain:
        return id_
    _whole(id_)
    return sound(id_)


def _whole(id_: str) -> None:
    """Refuse what came to harm, or holds more than the id. Nothing is mended here: what earlier runs
    have sent under the id as it stands would be sent once more under another."""
    _undamaged(id_)
    if not id_.isprintable():
        if _CONTROL.search(id_):
            raise TransformError("bad_id", "the id holds a control character")
        if visible(id_) != id_:
            raise TransformError("bad_id", "the id holds a mark that nobody sees", _MARK_FIX)
    if id_.count("@") == 1 and not is_address(id_):
        if address(id_) != id_:
            told = "more than an address stands here"
            raise TransformError("bad_id", told, "`parse: address` takes the address out.")
        if ".." in id_.partition("@")[2]:
            raise TransformError("bad_id", "this isn't an e-mail address")


def is_damaged(text: str) -> bool:
    """Whether a spreadsheet has overwritten the id, so that nobody can tell what it was."""
    try:
        identifier(text)
    except TransformError as unfit:
        return unfit.code == "damaged_id" and is_overwritten(trimmed(text))
    return False


def _undamaged(id_: str) -> None:
    if is_overwritten(id_):
        raise TransformError("damaged_id", "Excel has overwritten this id")
    if _FLOAT.fullmatch(id_):
        told = "this id was saved as a number with a decimal part"
        raise TransformError("damaged_id", told, "`parse: leading_int` reads 4711.0 as 4711.")
    if _GROUPED.fullmatch(id_):
        raise TransformError("damaged_id", "this id was saved with a number's marks for thousands")
    if _FORMULA.match(id_):
        raise TransformError("damaged_id", "a formula stands where the id should be")
    if _GUARDED.fullmatch(id_):
        told = "an apostrophe that keeps Excel from reading a number stands before this id"
        raise TransformError("damaged_id", told, "`parse: unguard` takes the apostrophe off.")


_MARK_FIX = "`parse: visible` takes such marks out; or correct the cell."


def key_part(text: str) -> str | None:
    """A part of a row's key; None where it is blank.

    Raises:
        TransformError: Excel has overwritten it: different rows would have one key.
    """
    part = trimmed(text)
    if is_overwritten(part):
        raise TransformError("bad_key", "Excel has overwritten this key")
    return sound(part) or None


def lone_key(text: str) -> str | None:
    """The key of a row, where it is one column; None where it is blank.

    Raises:
        TransformError: It stands for nothing, or Excel has overwritten it.
    """
    part = trimmed(text)
    if _NUMBERED.fullmatch(part) is not None:
        return part
    if is_dummy(part):
        raise TransformError("bad_key", "this stands for no key at all")
    return key_part(part)


def hash_part(text: str) -> str | None:
    """A part of a hash; None where it is blank.

    Raises:
        TransformError: Excel has overwritten it.
    """
    part = trimmed(text)
    if part[:1] == "0" and _OLD_ZEROS.fullmatch(part):
        return None
    if is_overwritten(part):
        raise TransformError("damaged_id", "Excel has overwritten this part of the id")
    return None if part.casefold() in DUMMIES else part or None


def hashed(parts: Sequence[str], secret: bytes, prefix: str) -> str:
    """A stable id for someone without one: the same parts and secret, the same id; nobody gets the
    parts back out of it. `prefix` and 32 hex digits (blake2b, keyed)."""
    digest = hashlib.blake2b(digest_size=_DIGEST, key=hashlib.blake2b(secret).digest())
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return prefix + digest.hexdigest()
