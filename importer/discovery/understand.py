"""A whole table, understood: person, date, questions, traits, and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from importer.discovery.column import Column, Confidence
from importer.discovery.dates import DateReading, readings
from importer.discovery.lexicon import Pattern, is_called, is_question, plain, says, texts
from importer.discovery.questions import Named, Question, question, questions, renamed
from importer.discovery.roles import (
    Property,
    Role,
    are_names,
    is_company,
    is_property,
    property_of,
    role,
)
from importer.discovery.score import best_comment, best_score, joined, names
from importer.mapping.ids import is_damaged
from importer.mapping.text import folded
from importer.model import counted, free_name


@dataclass(frozen=True, slots=True)
class FoundColumn:
    column: Column
    sure: Confidence
    why: str


@dataclass(frozen=True, slots=True)
class Dated:
    """A column of dates, and the ways to read it: several are a question to a person."""

    column: Column
    readings: tuple[DateReading, ...]
    sure: Confidence
    why: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a table holds. `names` gives each question a name, by its first column's position; `left` are
    the columns that are not used, with the reason."""

    users: tuple[FoundColumn, ...]
    email: FoundColumn | None
    response: FoundColumn | None
    answered: Dated | None
    signed_up: Dated | None
    questions: tuple[Question, ...]
    score: Question | None
    comment: Question | None
    names: Mapping[int, str]
    traits: tuple[Property, ...]
    private: tuple[Column, ...]
    left: tuple[tuple[Column, str], ...]


def analyse(
    columns: Sequence[Column],
    claimed: Mapping[int, Role],
    answers: Mapping[int, Named],
    *,
    tool: bool,
    rows: Sequence[Sequence[str]] = (),
) -> Analysis:
    """What the columns are. `claimed` says what a tool's own columns are, `answers` which of them it calls
    answers (both by position); `tool` that those are known, so that every other column is a question."""
    roles = {each.index: claimed.get(each.index) or role(each) for each in columns}
    if any(plain(each.label) in _FIELD_WORK for each in columns):
        roles |= {each.index: Role.MACHINE for each in columns if plain(each.label) == "username"}
    if not {Role.USER, Role.EMAIL, Role.RESPONSE} & set(roles.values()):
        roles |= {each.index: Role.USER for each in columns if is_company(each)}
    by_role = _Columns(columns, roles, claimed, _OWN if tool else "as you said")
    answered = _answered(by_role)
    signed_up = _dated(by_role, Role.SIGNED_UP)
    open_ = by_role.open(beside=[answered, signed_up])
    asked, traits = _asked(open_, roles, tool=tool)
    found = [renamed(each, answers) for each in questions(asked)]
    used = {column.index for each in found for column in each.columns}
    known = {answers[each.index].name: each for each in found if each.index in answers}
    people = _people(by_role)
    score = known.get("score") or best_score(found)
    comment = known.get("comment") or best_comment(found, score)
    found = joined(found, score, comment, rows)
    at = {each.index: each for each in found}
    score, comment = (at[each.index] if each else None for each in (score, comment))
    return Analysis(
        users=people.users,
        email=people.email,
        response=people.response,
        answered=answered,
        signed_up=signed_up,
        questions=tuple(found),
        score=score,
        comment=comment,
        names=names(found, score, comment, answers),
        traits=tuple(_unalike(map(property_of, traits))),
        private=tuple(by_role.of(Role.NAME) + by_role.of(Role.PRIVATE)),
        left=(
            *by_role.left({*used, *(i.column.index for i in (answered, signed_up) if i)}),
            *people.left,
        ),
    )


_FIELD_WORK = frozenset({"instance id", "meta instance id", "formdef version"})
"""Columns of tools for interviewers, whose `username` is who asked."""


@dataclass(frozen=True, slots=True)
class _People:
    """Who answered, and what says which response it is; `left` are ids that aren't used, and why."""

    users: tuple[FoundColumn, ...]
    email: FoundColumn | None
    response: FoundColumn | None
    left: tuple[tuple[Column, str], ...]


def _people(columns: _Columns) -> _People:
    """The columns that say who answered. An `ID` beside a sure one is a person's where it comes again, and
    the response's where it doesn't while the sure one does; where neither does, nobody can tell."""
    left: list[tuple[Column, str]] = []
    users, emails, responses = (
        [each for each in columns.found(role_) if _is_sound(each, left)]
        for role_ in (Role.USER, Role.EMAIL, Role.RESPONSE)
    )
    users = [_but_shared(each, emails) for each in users]
    sure = [each for each in (*users, *emails[:1]) if not _is_bare(each)]
    for each in [each for each in users if _is_bare(each) and sure]:
        if each.column.profile.repeats:
            continue
        users.remove(each)
        again = next((known for known in sure if known.column.profile.repeats), None)
        why = "different in every row: the response's own id"
        if again:
            found = FoundColumn(
                each.column, Confidence.GUESSED, f"{why}, as {again.column.label} comes again"
            )
        else:
            why = f"the person's, or the response's? {sure[0].column.label} is taken for the person"
            found = FoundColumn(each.column, Confidence.UNKNOWN, why)
        responses.append(found)
    return _People(tuple(users), next(iter(emails), None), next(iter(responses), None), tuple(left))


_SHARED = 1.25


def _but_shared(found: FoundColumn, emails: Sequence[FoundColumn]) -> FoundColumn:
    """An id with which more addresses go is hardly a person's: an account's, a company's."""
    profiles = [each.column.profile for each in (found, *emails[:1])]
    per_id, *per_address = (each.filled / max(each.distinct, 1) for each in profiles)
    if not per_address or per_id < _SHARED * per_address[0] or found.sure is not Confidence.SURE:
        return found
    return replace(
        found, sure=Confidence.GUESSED, why=f"{found.why}, but addresses share it: a firm's?"
    )


def _is_bare(found: FoundColumn) -> bool:
    """Whether it is called `ID` and no more."""
    return found.sure is not Confidence.SURE and is_called("bare_id", found.column.label)


_MOST_DAMAGED = 0.2


def _is_sound(found: FoundColumn, left: list[tuple[Column, str]]) -> bool:
    """Whether a spreadsheet has left the ids as they were, but for a few."""
    counts = found.column.profile.counts
    damaged = [text for text in counts if is_damaged(text)]
    share = sum(counts[text] for text in damaged) / max(sum(counts.values()), 1)
    if share > _MOST_DAMAGED:
        left.append((found.column, f"ids that a spreadsheet has damaged ({damaged[0]})"))
    return share <= _MOST_DAMAGED


@dataclass(frozen=True, slots=True)
class _Columns:
    all: Sequence[Column]
    roles: Mapping[int, Role]
    claimed: Mapping[int, Role]
    claimed_by: str

    def of(self, role_: Role) -> list[Column]:
        return [each for each in self.all if self.roles[each.index] is role_ and not each.blank]

    def found(self, role_: Role) -> tuple[FoundColumn, ...]:
        """The columns of a role: the tool's own, addresses that are called so (a `Manager Email` isn't), then
        the fullest and the most different."""
        return tuple(
            _but_damaged(
                FoundColumn(each, Confidence.SURE, self.claimed_by)
                if each.index in self.claimed
                else _told(each, role_)
            )
            for each in sorted(self.of(role_), key=lambda each: self._rank(each, role_))
        )

    def _rank(self, column: Column, role_: Role) -> tuple[bool, int, int, int]:
        """The account's own id (`user_external_id`) comes first, one asked for (`Hotjar User ID`) last."""
        called = 1 if is_called("user", column.label) else 2
        ranks = {Role.EMAIL: not is_called("email", column.label), Role.USER: called}
        stray = ranks.get(role_, 0) if "external" not in column.label.casefold() else 0
        own, found = column.index in self.claimed, column.profile
        return not own, stray, -found.filled, -found.distinct

    def open(self, beside: Sequence[Dated | None]) -> list[Column]:
        taken = {each.column.index for each in beside if each}
        kinds = {Role.SCORE, Role.COMMENT, Role.OTHER}
        groups = {each.group for each in self.all if each.group and not each.blank}
        return [
            each
            for each in self.all
            if self.roles[each.index] in kinds
            and each.index not in taken
            and (not each.blank or each.group in groups)
            and not self._is_stray(each)
        ]

    def left(self, taken: Collection[int]) -> list[tuple[Column, str]]:
        """What nothing uses, and why; `taken` are the positions of what something does."""
        reasons = {
            Role.MACHINE: "says something about the survey, not about the person",
            Role.STARTED: "another date",
            Role.ANSWERED: "another date",
            Role.SIGNED_UP: "another date",
        }
        left = []
        for each in self.all:
            kind = self.roles[each.index]
            if each.index in taken:
                continue
            if each.blank:
                left.append((each, "blank in every row"))
            elif self._is_stray(each):
                left.append((each, "no name, and hardly a cell filled"))
            elif kind in reasons and (kind is Role.MACHINE or readings(each.profile, numbers=True)):
                left.append((each, reasons[kind]))
            elif kind in reasons:
                left.append((each, "called a date, but no few formats fit its values"))
        return left

    def _is_stray(self, column: Column) -> bool:
        """Cells that slipped out of the table: a column without a name, and hardly filled; beyond the last
        name, filled in less than half of the rows."""
        if column.label.strip():
            return False
        profile = column.profile
        last = max((each.index for each in self.all if each.label.strip()), default=-1)
        few = max(1, (0.5 if 0 <= last < column.index else 0.02) * profile.rows)
        return profile.filled <= few < profile.rows


_KEPT = frozenset({"email", "respondedAt", "createdAt"})


def _unalike(found: Iterable[Property]) -> Iterator[Property]:
    """The properties, no two of one name, and none called as a trait that is there already."""
    taken = set(_KEPT)
    for each in found:
        name = free_name(each.name, taken, "")
        taken.add(name)
        yield replace(each, name=name)


def _but_damaged(found: FoundColumn) -> FoundColumn:
    """A column with damaged ids is none to be sure of."""
    damaged = [text for text in found.column.profile.counts if is_damaged(text)]
    if not damaged:
        return found
    why = f"{found.why}, but a spreadsheet has damaged ids in it ({damaged[0]})"
    return FoundColumn(found.column, Confidence.GUESSED, why)


def _told(column: Column, role_: Role) -> FoundColumn:
    guess, asked = partial(FoundColumn, column, Confidence.GUESSED), is_question(column.text)
    if role_ is Role.EMAIL:
        sure = FoundColumn(column, Confidence.SURE, "e-mail addresses")
        return guess(f"{sure.why}, but given as an answer") if asked else sure
    if is_called("bare_id", column.label):
        return guess("an id, of a person or of the response: look at it")
    if role_ is Role.USER and is_called("company", column.label):
        return guess("a company's: all who answered for it are one person")
    if role_ is Role.USER and asked:
        return guess("ids, but given as an answer")
    if role_ is Role.USER and are_names(column):
        return guess("by its name; are its values ids, or people's names?")
    return FoundColumn(column, Confidence.SURE, "by its name")


_LATEST = (
    *("submi", "survey", "complet", "end", "record", "respond", "answer"),
    *("abgesch", "beantw", "fin", "odes"),
)
"""Words for the moment of the answer; `created` and plain dates come after them."""


def _answered(columns: _Columns) -> Dated | None:
    """The date of the answer: a column named so; else the only column of dates."""
    dated = _dated(columns, Role.ANSWERED)
    if dated:
        return dated
    others = [
        (each, found)
        for each in columns.all
        if columns.roles[each.index] is Role.OTHER
        and not says("other_date", each.label)
        and (each.profile.distinct > 1 or each.profile.rows < _TELLING)
        and (found := readings(each.profile))
    ]
    if len(others) == 1:
        return Dated(*others[0], Confidence.GUESSED, "the only column of dates")
    ended = [each for each in others if says("ended", each[0].label)]
    if len(ended) == 1:
        return Dated(*ended[0], Confidence.GUESSED, "of several dates the one of the end")
    full = [each for each in others if each[0].profile.filled >= _NEARLY * each[0].profile.rows]
    if len(full) == 1:
        return Dated(*full[0], Confidence.GUESSED, "of several dates the one that each row has")
    return _dated(columns, Role.STARTED)


_OWN = "the tool's own column"
_NEARLY = 0.9
_TELLING = 3
"""One day in so many rows is the day of the export."""


def _dated(columns: _Columns, role_: Role) -> Dated | None:
    """The most telling column of the role that holds dates."""
    candidates = sorted(columns.of(role_), key=lambda each: _lateness(each, columns.claimed))
    for each in candidates:
        if found := readings(each.profile, numbers=True):
            own = each.index in columns.claimed
            return Dated(each, found, Confidence.SURE, _OWN if own else "by its name")
    return None


def _lateness(column: Column, claimed: Mapping[int, Role]) -> tuple[bool, int, int]:
    name = plain(column.label)
    rank = next((i for i, word in enumerate(_LATEST) if word in name), len(_LATEST))
    return column.index not in claimed, rank + 10 * ("updat" in name), column.index


def _asked(
    columns: Sequence[Column], roles: Mapping[int, Role], *, tool: bool
) -> tuple[list[Column], list[Column]]:
    """Questions and traits. Beside a tool's own columns all others are questions."""
    asked = [
        each
        for each in columns
        if tool or roles[each.index] is not Role.OTHER or not is_property(each)
    ]
    return asked, [each for each in columns if each not in asked]


# Rows that are no answers to this survey.


@dataclass(frozen=True, slots=True)
class Apart:
    """Rows that are left out, by a rule's column, condition and texts; `left` are the values of theirs, "" of
    a blank cell."""

    column: Column
    condition: str
    texts: tuple[str, ...]
    left: tuple[str, ...]
    why: str

    @property
    def rows(self) -> int:
        """How many rows it leaves out."""
        profile = self.column.profile
        blank = profile.rows - profile.filled if "" in self.left else 0
        return blank + sum(profile.counts[text] for text in self.left if text)

    @property
    def named(self) -> str:
        """The values of the rows that it leaves out."""
        return ", ".join(text or "blank" for text in self.left)

    def told(self) -> str:
        """What is left out, and why."""
        return f"guessed: {self.why}; {counted(self.rows, 'row')} left out"


_MEASURES: tuple[Pattern, ...] = ("recommend", "satisfied", "effort")
_MOST_STATES = 20


def other_surveys(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Apart | None:
    """Surveys of different measures in one table (`Survey Type`: NPS, CSAT), whose scores share a column: the
    one that asks to recommend is kept, else the one with most rows."""

    def shared(kind: Column, rated: Column) -> bool:
        told = {kind.of(row) for row in rows if rated.of(row)} - {""}
        return len(told) > 1 and kind is not rated and question(rated).scale is not None

    for each in columns:
        counts = each.profile.counts
        if not 1 < len(counts) <= _MOST_STATES or not says("survey_kind", each.label):
            continue
        kinds = {text: next((k for k in _MEASURES if says(k, text)), "") for text in counts}
        known = {*kinds.values()} - {""}
        mixed = len(known) > 1 or (known and "" in kinds.values() and says("kind", each.label))
        if mixed and any(shared(each, rated) for rated in columns):
            most = (max(counts, key=lambda text: counts[text]),)
            kept = tuple(text for text in counts if kinds[text] == "recommend") or most
            blank = ("",) if each.profile.filled < each.profile.rows else ()
            left = (*(text for text in counts if text not in kept), *blank)
            why = "surveys of several kinds share a score; one is kept, others need mappings of their own"
            return Apart(each, "not_in", kept, left, why)
    return None


def unfinished(columns: Sequence[Column]) -> Iterator[Apart]:
    """Columns that say of each response whether it is whole, where some aren't."""
    for each in columns:
        counts, test = each.profile.counts, says("test", each.label)
        coded = each.label.endswith("_complete") and "2" in counts  # as REDCap writes of each form
        whole = test or coded or says("finished", each.label)
        of_response = whole or says("state_of_response", each.label)
        if len(counts) > _MOST_STATES or not (of_response or says("state", each.label)):
            continue
        out = texts("unfinished") | (texts("underway") if of_response else frozenset())
        done, no, yes = texts("finished"), texts("refused"), texts("granted")
        no, yes = (yes, no) if test else (no, yes)
        out, done = (out | no, done | yes) if whole else (out, done)
        left = tuple(text for text in counts if folded(text) in out)
        known = all(folded(text) in out | done for text in counts)
        if left and known and sum(counts[text] for text in left) < each.profile.rows:
            yield Apart(each, "in", left, left, "tests, or responses that nobody has finished")
