"""Before the first post: who of the file's persons is in the account, what would change there, what is kept.

The look is a part of the plan. What it leaves out of a row is decided once, at a job's first start or where
a plan was approved; from then on the row's body is posted as it was decided, or the row is held: what the
account has become may hold a row back, and never alters one. What makes a row itself has no part in it: the
ledger's hashes are of the row as the mapping has it, so that it is known again whatever stands there.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from importer import codes, http, satismeter
from importer.engine.findings import MASKED_KEY, LeftOut, Lookup, ranges
from importer.engine.look import Tally, look_at, users_of
from importer.engine.observer import Observer
from importer.engine.stage import Plan, planned_rows
from importer.errors import ImporterError, UsageError
from importer.ledger import (
    ACCOUNT_CHANGED,
    FIRST,
    NEWEST,
    SENDABLE,
    Account,
    AccountLook,
    AccountRow,
    Ledger,
    PersonRows,
    Spool,
)
from importer.mapping import Document
from importer.mapping.blocks import OF_RESPONSE
from importer.model import Cause, Job, same_json
from importer.results.summary import AccountEffect
from importer.settings import Settings


@dataclass(frozen=True, slots=True)
class Policy:
    """What the mapping sends of persons, by wave; `keeps`: traits that aren't sent to those who have them."""

    traits: tuple[str, ...]
    keeps: Mapping[str, frozenset[str]]
    undecided: bool

    @classmethod
    def of(cls, document: Document) -> Policy:
        waves = document.by_wave
        keeps = {each.wave: frozenset(filter(each.keeps, each.traits)) for each in waves}
        traits = tuple(dict.fromkeys(name for each in waves for name in each.traits))
        return cls(traits, keeps, any(each.silent_on_existing for each in waves))

    @property
    def kept(self) -> tuple[str, ...]:
        """Every trait that isn't sent to those who have it, in the mapping's order."""
        some = frozenset[str]().union(*self.keeps.values())
        return tuple(name for name in self.traits if name in some)

    @property
    def matters(self) -> bool:
        """Whether anything of the person is sent: what belongs to the response alone needs no look."""
        return bool(self.kept) or not set(self.traits) <= set(OF_RESPONSE)

    def reads_bodies(self, settings: Settings) -> bool:
        """Whether a plan comes back to the bodies: where somebody looks, or something isn't sent blindly."""
        return self.matters and (bool(self.kept) or not _why_blind(settings))


def _why_blind(settings: Settings) -> str:
    """Why nobody can look; "" where somebody can."""
    if not settings.look_at_users:
        return "--no-users was given"
    if settings.api_key is None:
        return "there is no API key (SATISMETER_API_KEY)"
    return "" if settings.project else "no project is named (--project)"


def regard(
    settings: Settings,
    planned: Plan,
    ledger: Ledger,
    spool: Spool,
    observer: Observer,
    *,
    sending: bool,
    approved: LeftOut | None = None,
) -> Plan:
    """The plan with what it does to the account; the bodies in `spool` without what is left out of them.

    `sending`: a run, which must not begin where it can't be known what it would overwrite against the
    mapping's word. `approved`: what the plan that was approved leaves out. Raises ReadError, UsageError."""
    policy = Policy.of(planned.document)
    if not policy.matters:
        return planned
    return _Regard(settings, planned, ledger, spool, observer, policy, sending, approved).done()


@dataclass(slots=True)
class _Regard:
    settings: Settings
    planned: Plan
    ledger: Ledger
    spool: Spool
    observer: Observer
    policy: Policy
    sending: bool
    approved: LeftOut | None
    lookup: Lookup | None = None
    account: Account = field(init=False)
    left: dict[tuple[str, ...], array[int]] = field(default_factory=dict)
    held: list[AccountRow] = field(default_factory=list)
    requests: int = 0
    users: int = 0
    nameless: int = 0

    def __post_init__(self) -> None:
        self.account = self.ledger.account(self.job)

    @property
    def job(self) -> Job:
        return self.planned.job

    def done(self) -> Plan:
        """AccountLook where that is to be, decide of each row, and say what it comes to."""
        began, posted = self.account.look(), self.sending and self.account.posted()
        going_on = began is not None and (posted or (bool(began.approved) and not self.approved))
        given = self.approved is not None
        if going_on and began and began.approved and not self.approved:
            self.approved = LeftOut.read(began.approved)
        self.lookup = self.approved.lookup() if self.approved else None
        if posted and (began is None or not began.looked):
            return self._unseen(began.why if began else "the job began without a look")
        if self.approved and not self.approved.looked:
            return self._unseen(self._began(looked=False, why="nobody could when it was planned"))
        return self._seen(going_on=going_on, anew=given or not going_on)

    def _began(self, *, looked: bool, why: str = "") -> str:
        approved = self.approved.written() if self.approved else ""
        self.account.begin(AccountLook(looked, why, approved))
        return why

    # nobody looks

    def _unseen(self, why: str) -> Plan:
        """What is kept isn't sent at all: whether it is there isn't known."""
        kept = () if self.approved else self.policy.kept
        some = self.lookup or self.policy.kept
        for seq, _ in self.account.to_send(self._statuses()) if some else ():
            body = orjson.loads(self.spool.body(seq))
            self._leave_out(seq, body, self._unknown(seq, body.get("traits", {})))
        effect = AccountEffect(
            looked=False, why=why, left_out=kept, undecided=self.policy.undecided
        )
        return self._with(effect)

    def _unknown(self, seq: int, traits: Collection[str]) -> tuple[str, ...]:
        """What isn't sent to somebody of whom nothing is known."""
        keeps = self.lookup.of(seq) if self.lookup else self.policy.keeps[self.job.wave(seq)]
        return tuple(name for name in traits if name in keeps)

    # somebody looks

    def _seen(self, *, going_on: bool, anew: bool) -> Plan:
        why = _why_blind(self.settings)
        blind = bool(why) and (going_on or self.approved is not None)
        if blind and self.settings.look_at_users and self.policy.kept and self.sending:
            raise UsageError(
                f"What was planned after a look can't be sent without one: {why}.",
                hint="Nothing was sent. `--no-users` sends it as it was decided then.",
            )
        if why and not blind:
            return self._unseen(self._began(looked=False, why=why))
        if not going_on:
            self.account.forget_rows()
        if anew:
            self._began(looked=True)
        self.account.add(self._rows())
        turn = FIRST
        if not blind and not (going_on and self._known()):
            turn = NEWEST if going_on else FIRST
            if failed := self._looked(turn):
                self.account.forget_rows()
                return self._unseen(self._began(looked=False, why=failed))
        return self._with(self._effect(self._decide(turn, going_on=going_on, blind=blind)))

    def _known(self) -> bool:
        """Whether a job that goes on needs no further look: it keeps nothing, and of everybody it is known
        what he had. Of whom nothing was overwritten that isn't, once the job had ended: a retry may do so."""
        return not self.policy.kept and next(self.account.unseen(FIRST), None) is None

    def _looked(self, turn: int) -> str:
        """AccountLook; returns why that failed, where the import is possible without."""
        try:
            http.run(self._look(turn))
        except ImporterError as error:
            if self.sending and self.policy.kept:
                raise
            return error.message.rstrip(".")
        if turn == NEWEST:
            self.account.first_seen()
        return ""

    async def _look(self, turn: int) -> None:
        async with users_of(self.settings, self.job) as users:
            self.users = await look_at(
                self.account, users, turn, self.observer, traits=self.policy.traits
            )
            self.requests = users.requests

    # what is sent of each row

    def _rows(self) -> Iterator[AccountRow]:
        """The rows to send that are of persons with a userId, in the order in which they are sent."""
        for seq, row in self.account.to_send(self._statuses()):
            body = orjson.loads(self.spool.body(seq))
            traits = body.get("traits", {})
            if "userId" in body:
                yield AccountRow(seq, row, body["userId"], traits)
            elif left := self._unknown(seq, traits):
                self.nameless += 1
                self._leave_out(seq, body, left)

    def _statuses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.settings.statuses, *SENDABLE)))

    def _decide(self, turn: int, *, going_on: bool, blind: bool) -> Tally:
        show = self.settings.show_values
        tally = Tally(self.policy.traits, self.policy.kept, show_values=show)
        decided: list[tuple[int, tuple[str, ...]]] = []
        for group in self.account.groups(turn):
            ours = self.account.sent(group.person) if going_on else {}
            last: dict[str, tuple[int, object]] = {}
            left: dict[str, object] = {}
            for each in group.rows:
                names = self._left(each, group, ours, blind=blind)
                decided.append((each.seq, names))
                sent = set(each.traits) - set(names)
                # As it was decided, would it now overwrite what is to be kept?
                if not blind and not sent.isdisjoint(self._there(each, group, ours)):
                    self.held.append(each)
                    continue
                self._leave_out(each.seq, None, names)
                last |= {
                    name: (each.row, value)
                    for name, value in each.traits.items()
                    if name not in names
                }
                left |= {name: each.traits[name] for name in names}
            had = group.before if turn == FIRST else group.now
            tally.add(had, last, left, unsubscribed=group.unsubscribed)
            if len(decided) >= 10_000:
                self.account.decide(decided)
                decided = []
        self.account.decide(decided)
        if self.held:
            told = codes.of("ledger")[ACCOUNT_CHANGED].meaning
            self.account.hold([each.seq for each in self.held], told)
        return tally

    def _left(
        self,
        each: AccountRow,
        group: PersonRows,
        ours: Mapping[str, Sequence[object]],
        *,
        blind: bool,
    ) -> tuple[str, ...]:
        """The traits of a row that aren't sent: as was approved, as was decided, or as the account is."""
        if self.lookup:
            names: Collection[str] = self.lookup.of(each.seq)
        elif each.left_out is not None:
            return each.left_out
        elif blind:
            names = self.policy.keeps[self.job.wave(each.seq)]
        else:
            names = self._there(each, group, ours)
        return tuple(name for name in each.traits if name in names)

    def _there(
        self, each: AccountRow, group: PersonRows, ours: Mapping[str, Sequence[object]]
    ) -> Collection[str]:
        """The traits to be kept that the person has, and not from this job."""
        keeps, now = self.policy.keeps[self.job.wave(each.seq)], group.now or {}
        return [
            name
            for name in keeps
            if name in now and not any(same_json(now[name], sent) for sent in ours.get(name, ()))
        ]

    def _leave_out(self, seq: int, body: dict[str, object] | None, names: tuple[str, ...]) -> None:
        """The row's body without these traits."""
        if not names:
            return
        self.left.setdefault(names, array("q")).append(seq)
        body = body or orjson.loads(self.spool.body(seq))
        traits = body["traits"]
        assert isinstance(traits, dict)  # noqa: S101  the mapping has made it
        body["traits"] = {name: each for name, each in traits.items() if name not in names}
        if not body["traits"]:
            del body["traits"]
        self.spool.replace(seq, orjson.dumps(body))

    # what it comes to

    def _effect(self, tally: Tally) -> AccountEffect:
        return AccountEffect(
            looked=True,
            persons=tally.persons,
            known=tally.known,
            anonymous=self.nameless,
            unsubscribed=tally.unsubscribed,
            requests=self.requests,
            users=self.users,
            traits=tally.traits(),
            left_out=self.policy.kept if self.nameless else (),
            held=len(self.held),
            undecided=self.policy.undecided,
        )

    def _with(self, effect: AccountEffect) -> Plan:
        planned, rows = self.planned, self.planned.rows
        if self.held:
            rows = planned_rows(
                self.ledger.standing(self.job), rows["read"], self.settings.statuses
            )
        sets = ((names, " ".join(ranges(sorted(seqs)))) for names, seqs in self.left.items())
        return dataclasses.replace(
            planned,
            rows=rows,
            causes=planned.causes + self._causes(),
            warnings=(*effect.warnings, *planned.warnings),
            samples=self._samples(),
            account=effect,
            left_out=LeftOut(effect.looked, tuple(sorted(sets))),
        )

    def _causes(self) -> tuple[Cause, ...]:
        if not self.held:
            return ()
        code, first = (
            codes.of("ledger")[ACCOUNT_CHANGED],
            sorted(each.row for each in self.held)[:5],
        )
        return (
            Cause(ACCOUNT_CHANGED, code.meaning, len(self.held), code.remedy, rows=tuple(first)),
        )

    def _samples(self) -> tuple[bytes, ...]:
        if not self.left:
            return self.planned.samples
        order = sorted(seq for seq, _ in self.account.to_send(self._statuses()))
        some = order[: len(self.planned.samples)]
        return tuple(satismeter.with_key(self.spool.body(seq), MASKED_KEY) for seq in some)


def ended(planned: Plan, ledger: Ledger) -> None:
    """A job has ended: where nothing of it is left, only what putting back needs is kept."""
    if planned.account and planned.account.looked:
        finish(ledger, planned.job)


def finish(ledger: Ledger, job: Job) -> None:
    """As `ended`, of a job that others may have begun."""
    own, account = ledger.own(job), ledger.account(job)
    if account.look() and not any(own.get(status) for status in SENDABLE):
        account.finish()
