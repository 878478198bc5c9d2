"""Putting back: the traits that a job has overwritten get the values that they had before its first post.

The values lie sealed in the ledger since then, and never change: whatever ends a restore, the next one sets
the same. A trait whose value is no longer one that the job has sent was changed by somebody else since; it is
left as it is, and named.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from importer import http
from importer.engine.look import LOOK_RATE, look_at, users_of
from importer.engine.observer import NULL_OBSERVER, Observer
from importer.engine.reconcile import alone
from importer.errors import Declined, UsageError
from importer.ledger import NEWEST, Account, HadTraits, Ledger
from importer.model import Job, Status, same_json
from importer.privacy import masked_id
from importer.satismeter.read import ReadError
from importer.satismeter.users import Users
from importer.settings import Settings

_POSTED = (Status.CREATED, Status.UNKNOWN, "attempting")
"""The same file run again is a job, too, that has posted nothing and so overwritten nothing."""
_STRAIGHT = 3
"""Refusals one after the other that are no single person's."""


@dataclass(slots=True)
class Restored:
    """What became of the traits that a job has overwritten, by trait. `to_restore`: they have the job's value
    (in a dry run, and before it is confirmed); `restored`: put back, and seen to be there; `there`: they had
    that value again already; `changed`: somebody has changed them since; `failed`: the API refused it, or
    doesn't show it. `left` names the last two: the person (addresses masked), the trait, and which it is."""

    job: str
    persons: int = 0
    to_restore: Counter[str] = field(default_factory=Counter)
    restored: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left: list[tuple[str, str, str]] = field(default_factory=list)
    requests: int = 0

    @property
    def traits(self) -> tuple[str, ...]:
        kinds = (self.to_restore, self.restored, self.there, self.changed, self.failed)
        return tuple(sorted({name for kind in kinds for name in kind}))

    def document(self) -> dict[str, object]:
        kinds = ("to_restore", "restored", "there", "changed", "failed")
        return {
            "job": self.job,
            "persons": self.persons,
            "traits": {
                name: {kind: getattr(self, kind)[name] for kind in kinds} for name in self.traits
            },
            "left": [{"user": user, "trait": trait, "why": why} for user, trait, why in self.left],
            "requests": self.requests,
        }


Agree = Callable[[Restored], bool]


def restore(
    settings: Settings,
    traits: Collection[str] = (),
    agree: Agree = lambda _: True,
    observer: Observer = NULL_OBSERVER,
    *,
    dry_run: bool = False,
) -> Restored:
    """Put back what `settings.job` ("": the newest that has posted anything) has overwritten, of these traits
    or of all. `agree` is asked before the first post. Raises UsageError without an API key or project, or
    where the job has kept nothing; Busy while it is under way; ReadError; Declined."""
    with alone(settings, _POSTED) as (ledger, job):
        account = ledger.account(job)
        look = account.look()
        if look is None or not look.looked:
            raise UsageError(
                f"Of job {job.name} nothing can be put back: nobody looked at the account before its first "
                "post, or it was purged.",
                hint="A run looks where SATISMETER_API_KEY and --project are given. Of a job that was copied "
                "into a shared ledger, the state folder that it came from has the values: name that with "
                "--state, without a --ledger.",
            )
        return http.run(_restored(settings, ledger, job, traits, agree, observer, dry_run))


async def _restored(
    settings: Settings,
    ledger: Ledger,
    job: Job,
    traits: Collection[str],
    agree: Agree,
    observer: Observer,
    dry_run: bool,
) -> Restored:
    rate = settings.rate.per_second if settings.rate else LOOK_RATE
    account = ledger.account(job)
    _known(account, traits, job.name)
    async with users_of(settings, job, rate) as users:
        work = _Restore(account, users, traits, observer)
        try:
            await work.look()
            planned = work.plan(job.name)
            planned.requests = users.requests
            if dry_run or not planned.to_restore:
                return planned
            if not agree(planned):
                raise Declined("Nothing was put back.")
            return await work.put_back(planned)
        finally:
            account.stale(NEWEST, time.time())


def _known(account: Account, traits: Collection[str], job: str) -> None:
    """Raises UsageError for a trait that the job has overwritten of nobody, where it has others: "nothing to
    put back" would be taken for done where its name was mistyped."""
    if not traits:
        return
    had = {name for some in account.kept() for each in some for name in each.before}
    if had and (strange := sorted(set(traits) - had)):
        raise UsageError(
            f"Job {job} has overwritten no trait {' or '.join(map(repr, strange))}.",
            hint=f"It has overwritten {', '.join(sorted(had))}.",
        )


@dataclass(slots=True)
class _Person:
    """A person and what is to be done: values to put back, those that are there again, those changed."""

    had: HadTraits
    back: dict[str, object]
    there: list[str]
    changed: list[str]


class _Restore:
    def __init__(
        self, account: Account, users: Users, traits: Collection[str], observer: Observer
    ) -> None:
        self._account = account
        self._users = users
        self._wanted = set(traits)
        self._observer = observer

    async def look(self) -> None:
        await look_at(self._account, self._users, NEWEST, self._observer, had=True)

    def plan(self, job: str) -> Restored:
        """Count what a restore of this job would do; nothing is posted."""
        found = Restored(job)
        for person in self._people():
            found.persons += 1
            found.to_restore.update(list(person.back))
            found.there.update(person.there)
            found.changed.update(person.changed)
            self._name(found, person, person.changed, "changed since")
        return found

    async def put_back(self, planned: Restored) -> Restored:
        straight = 0
        for person in self._people():
            self._account.restored(person.had.person, self._begun(person))
            if not person.back:
                continue
            self._account.restoring(person.had.person, person.back)
            try:
                await self._users.update(person.had.user_id, person.back)
                straight = 0
            except ReadError:
                straight += 1
                if straight == _STRAIGHT:
                    raise
        await self.look()
        return self._verified(planned)

    def _begun(self, person: _Person) -> Sequence[str]:
        """What an earlier restore was about to put back, and is there."""
        restores = self._account.restores_of(person.had)
        return [name for name in person.there if name in restores]

    def _verified(self, planned: Restored) -> Restored:
        """What was put back is there, or it failed."""
        found = Restored(planned.job, planned.persons, there=planned.there)
        for person in self._people():
            begun = self._begun(person)
            self._account.restored(person.had.person, begun)
            found.restored.update(begun)
            found.changed.update(person.changed)
            self._name(found, person, person.changed, "changed since")
            found.failed.update(list(person.back))
            self._name(found, person, person.back, "not put back")
        found.there = planned.there
        found.requests = self._users.requests
        return found

    def _name(self, found: Restored, person: _Person, names: Collection[str], why: str) -> None:
        shown = masked_id(person.had.user_id)
        found.left += [(shown, name, why) for name in names]

    def _people(self) -> Iterator[_Person]:
        """Everybody of whom something was overwritten that isn't known to be back."""
        for some in self._account.kept():
            now = self._account.now([each.person for each in some])
            for each in some:
                found = self._person(each, now.get(each.person))
                if found.back or found.there or found.changed:
                    yield found

    def _person(self, had: HadTraits, now: object) -> _Person:
        person, done = _Person(had, {}, [], []), self._account.restores_of(had)
        current = now if isinstance(now, dict) else {}
        for name, value in had.before.items():
            sent = had.sent[name]
            if all(same_json(value, each) for each in sent) or done.get(name):
                continue
            if self._wanted and name not in self._wanted:
                continue
            if name in current and same_json(current[name], value):
                person.there.append(name)
            elif name in current and any(same_json(current[name], each) for each in sent):
                person.back[name] = value
            else:
                person.changed.append(name)
        return person
