"""What is found out about a file's rows while they are staged: in one go, or part by part and then joined."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from importer.ledger import PartLines, RequestsDigest, Rows
from importer.mapping import (
    Compiled,
    Document,
    People,
    RecodingCounts,
    Recodings,
    Spellings,
)
from importer.model import Chunk, Invalid, Mapped
from importer.results import Causes, RatingQuestion, Tally
from importer.satismeter import with_key

MASKED_KEY = "***"
_SAMPLES = 3
_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def questions(document: Document, compiled: Compiled) -> Iterator[RatingQuestion]:
    """The rating questions of a mapping that rows can answer, each with its place in `Response.answers`; wave
    by wave."""
    for wave, program in zip(document.by_wave, compiled.programs, strict=True):
        asked = [answer for answer in wave.answers if wave.question(answer.id)]
        for place, (answer, found) in enumerate(zip(asked, program.answers, strict=True)):
            if answer.type == "scale" or answer.type in _SCALES:
                low, high = _SCALES.get(answer.type, (answer.min or 0, answer.max or 0))
                label = found.reading.column or answer.id
                yield RatingQuestion(found.id, label, answer.type, low, high, place, program.wave)


@dataclass(frozen=True, slots=True)
class PartFindings:
    """What was found out about a part of a file, as it goes from one process to another. `requests` are the
    lines of the digest, `zoneless` says which dates were met without a zone."""

    causes: Causes
    damage: Causes
    tally: Tally
    recodings: RecodingCounts
    persons: dict[str, int]
    spellings: Spellings
    samples: dict[bytes, tuple[int, bytes]]
    requests: bytes
    zoneless: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class PartResult:
    """What a part came to. `seqs` are the places in the part of the rows that `findings.requests` has, `held`
    those of them that are not to be sent."""

    lines: PartLines
    findings: PartFindings
    seqs: Sequence[int]
    held: Collection[int]

    def bodies(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Those of the rows to send, the part's first row being `first` in the job. (They travel once.)"""
        for seq, line in zip(self.seqs, self.findings.requests.split(b"\n"), strict=False):
            if seq not in self.held:
                yield first + seq, line.partition(b" ")[2]


class Findings:
    """`part`: of a part of the file, which is to be joined with the others."""

    def __init__(
        self, document: Document, compiled: Compiled, header: Sequence[str], *, part: bool = False
    ) -> None:
        self.causes, self.damage = Causes(), Causes()
        self.tally = Tally(tuple(questions(document, compiled)), len(header))
        self.recodings = Recodings(document, header, part=part)
        self.persons = People(compiled)
        self.spellings = Spellings()
        self.samples: dict[bytes, tuple[int, bytes]] = {}
        self.seal = RequestsDigest()
        self._compiled = compiled
        self._requests: list[bytes] | None = [] if part else None

    def add(self, mapped: Sequence[Mapped], chunk: Chunk) -> None:
        """The next rows, in the order of the chunk."""
        for each in mapped:
            if isinstance(each, Invalid):
                self.causes.add(each.problems)
        self.damage.add(chunk.damage)
        self.tally.add(mapped, chunk)
        self.recodings.add(mapped, chunk)
        self.persons.add(mapped, chunk)
        self.spellings.add(mapped)
        if self._requests is None:
            self.seal.add(mapped)
        else:
            self._requests.append(self.seal.lines(mapped))

    def sample(self, rows: Rows) -> None:
        """Keep the first bodies, none of them twice, by what makes their rows themselves."""
        for seq, response in rows if len(self.samples) < _SAMPLES else ():
            if len(self.samples) < _SAMPLES:
                body = with_key(response.body, MASKED_KEY)
                self.samples.setdefault(response.idempotency_key, (seq, body))

    @property
    def part(self) -> PartFindings:
        """What a part came to."""
        return PartFindings(
            *(self.causes, self.damage, self.tally, self.recodings.counts, dict(self.persons.rows)),
            spellings=self.spellings,
            samples=self.samples,
            requests=b"".join(self._requests or ()),
            zoneless=tuple(each.met for each in self._compiled.zoneless),
        )

    def join(self, part: PartFindings, first: int) -> None:
        """What was found out about the part that comes next, whose first row is `first` in the job."""
        self.causes.join(part.causes)
        self.damage.join(part.damage)
        self.tally.join(part.tally)
        self.recodings.join(part.recodings)
        self.persons.join(part.persons)
        self.spellings.join(part.spellings)
        for key, (seq, body) in part.samples.items():
            if len(self.samples) < _SAMPLES:
                self.samples.setdefault(key, (first + seq, body))
        self.seal.update(part.requests)
        for date, met in zip(self._compiled.zoneless, part.zoneless, strict=True):
            date.met = date.met or met
