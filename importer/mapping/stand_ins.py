"""Texts that stand where an id is missing, as people and programs write them, in many languages.

Only whole cells count, so `None Ltd`, `N/A-17` and `True North` are ids. Words that are also names of
people (Danish SAND for true) are left out, and so
are what may be initials (NC, ND).
"""

from __future__ import annotations

_PROGRAMS = r"""
null|nil|nan|none|undefined|void|na|n/a|n.a.|n\a|#n/a|\n|not set|not_set|notset|unset|not provided|
not available|
not applicable|not specified|not authenticated|not_authenticated|unauthenticated|not logged in|logged out|
anonymous|anonym|anon|guest|unknown|unidentified|nobody|deleted|deleted user|removed|redacted|blank|empty|
missing|
no-id|noid|no id|no_id|no email|no e-mail|no data|no value|none yet|tbd|tba|true|false|x|-1|1.#qnan|
array|object|system.object|null-null|null_null|undefined-undefined|undefined_undefined|nan-nan|none-none|
loading...|err:502|err:504|err:508|err:519
"""
_PEOPLE = """
k.a.|k. a.|keine angabe|ohne angabe|o.a.|unbekannt|gast|gelöscht|gelöschter benutzer|nicht angegeben|
nicht gesetzt|
nicht verfügbar|nicht vorhanden|keine|entfällt|anonymisiert|n.v.|
inconnu|inconnue|anonyme|aucun|aucune|néant|non renseigné|non renseignée|n.c.|n/c|sans objet|s.o.|supprimé|
supprimée|invité|vide|non disponible|non communiqué|non défini|
desconocido|desconocida|anónimo|anónima|ninguno|ninguna|nulo|sin datos|sin id|sin especificar|no disponible|
no aplica|s/d|n/d|n.d.|eliminado|eliminada|invitado|vacío|no definido|
desconhecido|desconhecida|anônimo|anônima|nenhum|nenhuma|não informado|não disponível|não se aplica|excluído|
convidado|vazio|sem dados|
sconosciuto|sconosciuta|anonimo|anonima|nessuno|nessuna|non applicabile|eliminato|ospite|vuoto|
non specificato|
onbekend|anoniem|geen|n.v.t.|nvt|niet van toepassing|niet beschikbaar|niet ingevuld|verwijderd|leeg|n/b|
neznámý|neznámá|neznámé|anonymní|žádný|žádné|není k dispozici|neuvedeno|smazáno|prázdné|neznámy|neznáme|
vymazané|
nieznany|nieznana|nieznane|anonimowy|brak|brak danych|nie dotyczy|b.d.|usunięty|usunięto|gość|puste|
okänd|ukendt|ukjent|saknas|mangler|ingen|ej angivet|ikke angivet|ikke oppgitt|raderad|slettet|gäst|gæst|gjest|
tuntematon|ei tiedossa|anonyymi|poistettu|tyhjä|
ismeretlen|névtelen|nincs|nincs adat|törölt|
necunoscut|necunoscută|niciunul|
bilinmiyor|bilinmeyen|yok|silindi|misafir|boş|
неизвестно|неизвестный|аноним|анонимно|анонимный|нет|нет данных|н/д|удален|удалён|не указано|не указан|
пусто|гость|
невідомо|невідомий|анонім|немає|видалено|
άγνωστο|άγνωστος|αγνωστο|ανώνυμος|ανωνυμος|κανένα|δ/υ|
غير معروف|مجهول|لا يوجد|غير متوفر|לא ידוע|אנונימי|אין|
không có|ẩn danh|không rõ|
不明|匿名|なし|無し|該当なし|未設定|未入力|未登録|削除済み|ゲスト|名無し|未知|无|無|不详|不詳|未设置|未填|未填写|已删除|空|游客|暂无|
없음|익명|알 수 없음|해당 없음|해당없음|미입력|미설정|삭제됨|게스트
"""
STAND_INS = frozenset(
    word.strip().casefold() for word in (_PROGRAMS + "|" + _PEOPLE).split("|") if word.strip()
)
"""Case-folded, with single spaces."""
_BOOLEANS = """
WAHR FALSCH VRAI FAUX VERDADERO FALSO VERDADEIRO VERO WAAR ONWAAR PRAWDA FAŁSZ PRAVDA NEPRAVDA SANT FALSKT
SANN USANN TOSI EPÄTOSI IGAZ HAMIS DOĞRU YANLIŞ ИСТИНА ЛОЖЬ ІСТИНА ХИБНІСТЬ ΑΛΗΘΗΣ ΨΕΥΔΗΣ
"""
BOOLEANS = frozenset(_BOOLEANS.split())
"""Excel's TRUE and FALSE, in capitals as it writes them: Vero is somebody's name."""
LONGEST = max(map(len, STAND_INS))
