"""The worker's part: what happened becomes evidence, and evidence is put into gaps. Any number of workers at once.

Each step does a bounded piece: it reads the journal and the searches on from where it was, looks at what waits, and
groups anew what nobody has touched. Whatever is interrupted is done again, with the same result.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Max, Min, Q
from django.utils import timezone

from madoguchi.insight.gaps import gathering
from madoguchi.insight.gaps.gathering import SETTLED_AFTER, Found
from madoguchi.insight.gaps.grouping import Star, Text, nearness, stars
from madoguchi.insight.gaps.models import Evidence, Gap, Progress, Waiting
from madoguchi.insight.gaps.queries import since
from madoguchi.journal import tail
from madoguchi.journal.models import Entry
from madoguchi.knowledge.models import Search
from madoguchi.problems.set_aside import set_aside
from madoguchi.search import meaning

log = logging.getLogger(__name__)

GROUPED = 2_000  # texts that nobody has touched: the newest ones are grouped anew, older ones stay where they are
_KEPT = 1_000
_RESTING = 2_000  # gaps with older texts: what is near their middle joins them
_ENTRIES = 500
_SEARCHES = 200
_HISTORY = timedelta(days=182)
_FOLLOWED = frozenset(
    {
        "consultation.answered",
        "consultation.reread",
        "handoff.accepted",
        "handoff.offered",
        "handoff.recalled",
        "handoff.returned",
        "ticket.article_linked",
        "ticket.changed",
        "ticket.closed",
        "ticket.merged",
        "ticket.reopened",
        "ticket.resolved",
    }
)
_SOURCES: Mapping[str, Callable[[Sequence[int]], Mapping[int, Found]]] = {
    Evidence.Kind.TICKET: gathering.tickets,
    Evidence.Kind.SEARCH: gathering.searches,
}


def step(limit: int = 50) -> bool:
    """One piece of each kind of work; whether more waits. Grouped is only once everything that waited was looked at."""
    read = follow()
    looked = look(limit)
    return read == _ENTRIES or looked == limit or group()


def hold() -> Progress:
    """The row that whoever writes evidence or gaps holds until the transaction ends."""
    Progress.objects.get_or_create(pk=1)
    return Progress.objects.select_for_update().get(pk=1)


@transaction.atomic
def follow(now: datetime | None = None) -> int:
    """Note what happened since the last time; how many entries of the journal were read."""
    progress, now = hold(), now or timezone.now()
    entries = tail.read_after(_position(progress, now), limit=_ENTRIES)
    tickets = {ref for entry in entries if entry.kind in _FOLLOWED for kind, ref in entry.subjects if kind == "ticket"}
    _queue(Evidence.Kind.TICKET, sorted(tickets))
    settled = Search.objects.filter(is_used=False, ref__isnull=True, typed_at__lt=now - SETTLED_AFTER)
    if progress.searched_at is not None:
        last = progress.searched_at
        settled = settled.filter(Q(typed_at__gt=last) | Q(typed_at=last, pk__gt=progress.search))
    searches = list(settled.order_by("typed_at", "pk").values_list("pk", "typed_at")[:_SEARCHES])
    _queue(Evidence.Kind.SEARCH, [pk for pk, _at in searches])
    if entries:
        progress.position = str(entries[-1].position)
    if searches:
        progress.search, progress.searched_at = searches[-1]
    if entries or searches:
        progress.save(update_fields=["position", "search", "searched_at"])
    return len(entries)


def _position(progress: Progress, now: datetime) -> tail.Position:
    """Where to read on. On a desk that has worked for years it begins with the first ticket of the last half year.

    What was asked before that is no gap of today.
    """
    position = tail.Position.parse(progress.position) or tail.BEGINNING
    if position != tail.BEGINNING:
        return position
    opened = Entry.objects.filter(kind="ticket.opened", at__gte=now - _HISTORY)
    first = opened.aggregate(first=Min("pk"))["first"]
    return tail.before(first) if first else position


def _queue(kind: str, refs: Iterable[int]) -> None:
    for ref in refs:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO gaps_waiting (kind, ref, version, error) VALUES (%s, %s, 1, '')"
                " ON CONFLICT (kind, ref) DO UPDATE SET version = gaps_waiting.version + 1, error = ''",
                [kind, ref],
            )


def look(limit: int) -> int:
    """Look at up to ``limit`` things that wait: each becomes evidence, is changed, or is none any more.

    Texts are read and analysed outside the transaction; what moved on meanwhile stays for the next step. What cannot
    be read is set aside with its error, and the others go on.
    """
    waiting = list(Waiting.objects.filter(error="").order_by("pk")[:limit])
    found: dict[tuple[str, int], Found] = {}
    for kind, source in _SOURCES.items():
        rows = [row for row in waiting if row.kind == kind]
        if rows:
            found |= {(kind, ref): one for ref, one in _read(source, rows).items()}
    waiting = [row for row in waiting if not row.error]
    vectors = _vectors(found)
    if waiting:
        _write(waiting, found, vectors)
    return len(waiting)


def _read(source: Callable[[Sequence[int]], Mapping[int, Found]], rows: list[Waiting]) -> Mapping[int, Found]:
    """All of them at once; when that fails, one after the other, so that only the bad one is set aside."""
    try:
        return source([row.ref for row in rows])
    except Exception:
        log.exception("Looking at %s rows at once failed", len(rows))
    found: dict[int, Found] = {}
    for row in rows:
        try:
            found |= source([row.ref])
        except Exception as error:  # noqa: BLE001 (set aside; the others go on)
            row.error = f"{type(error).__name__}: {error}"[:2000]
            Waiting.objects.filter(pk=row.pk, version=row.version).update(error=row.error)
            set_aside("gaps.look", error, kind=row.kind, ref=row.ref)
    return found


def _vectors(found: Mapping[tuple[str, int], Found]) -> dict[tuple[str, int], bytes]:
    if not found or not meaning.is_available():
        return {}
    keys = list(found)
    rows = meaning.encode([found[key].text for key in keys])
    return {key: meaning.pack(row) for key, row in zip(keys, rows, strict=True)}


@transaction.atomic
def _write(
    waiting: list[Waiting], found: Mapping[tuple[str, int], Found], vectors: Mapping[tuple[str, int], bytes]
) -> None:
    hold()
    still = set(Waiting.objects.filter(pk__in=[row.pk for row in waiting]).values_list("pk", "version"))
    mine = [row for row in waiting if (row.pk, row.version) in still]
    changed, left = 0, set[int]()
    for row in mine:
        key = (row.kind, row.ref)
        known = Evidence.objects.select_related("gap").filter(kind=row.kind, ref=row.ref).first()
        one = found.get(key)
        if one is None:
            if known is not None:
                left |= {known.gap_id} if known.gap_id else set()
                changed += known.delete()[0]
            continue
        if known is None:
            known = Evidence(kind=row.kind, ref=row.ref)
            if row.kind == Evidence.Kind.TICKET:
                known.ticket_id = row.ref
            else:
                known.search_id = row.ref
        if known.words != one.words or known.text != one.text:
            known.text, known.words, known.vector = one.text, one.words, vectors.get(key)
            changed += 1
        known.signs, known.at, known.only_consulted = one.signs, one.at, one.only_consulted
        known.seconds, known.category_id, known.team_id = one.seconds, one.category, one.team
        known.save()
    Waiting.objects.filter(pk__in=[row.pk for row in mine]).delete()
    _drop_empty(left)
    if changed:
        Progress.objects.filter(pk=1).update(version=F("version") + 1)


def group() -> bool:
    """Group what nobody has touched, when something changed; whether it has to be tried again.

    What is near a kept gap joins it for good, and what is near the middle of a gap of the last twelve weeks whose older
    texts are beyond the newest ``GROUPED`` joins that: a matter stays one gap, however many other texts come between.
    The rest is grouped as a whole outside the transaction, and written if nothing changed meanwhile; gaps keep their
    number as long as most of what is in them stays together. Older texts that are in no gap yet
    follow, as many at once.
    """
    progress = Progress.objects.filter(pk=1).first()
    if progress is None or progress.grouped == progress.version:
        return False
    free = Evidence.objects.filter(Q(gap__isnull=True) | Q(gap__is_kept=False)).order_by("-at", "-pk")
    free = free.only("pk", "kind", "ref", "text", "words", "vector", "gap_id", "near")
    newest = list(free[:GROUPED])
    older = _older_than(newest[-1]) if len(newest) == GROUPED else None
    resting = _resting(older) if older is not None else []
    if not _put(newest, resting, progress.version):
        return True
    late = list(free.filter(older, gap__isnull=True)[:GROUPED]) if older is not None else []
    if late and not _put(late, _resting(Q()), progress.version):
        return True
    if len(late) == GROUPED:
        return True
    Progress.objects.filter(pk=1, version=progress.version).update(grouped=progress.version)
    return False


def _older_than(row: Evidence) -> Q:
    return Q(at__lt=row.at) | Q(at=row.at, pk__lt=row.pk)


def _resting(texts: Q) -> list[Gap]:
    """The untouched gaps that hold such texts of the last twelve weeks: those with the newest, in an order of words."""
    recent = Evidence.objects.filter(texts, at__gte=since(), gap__is_kept=False).order_by()
    newest = recent.values("gap").annotate(last=Max("at")).order_by("-last", "gap").values_list("gap", flat=True)
    found = Gap.objects.only("title", "words", "vector").in_bulk(list(newest[:_RESTING]))
    return sorted(found.values(), key=lambda gap: (gap.title, gap.pk))


def _put(rows: list[Evidence], resting: list[Gap], version: int) -> bool:
    """Put these texts into kept gaps, resting ones, or those that they form; False: something changed meanwhile."""
    texts = [_text(row) for row in rows]
    kept = Gap.objects.filter(is_kept=True, merged_into__isnull=True).only("words", "vector").order_by("-pk")[:_KEPT]
    joined = _near_one(texts, [*kept, *resting])
    rest = [place for place in range(len(rows)) if place not in joined]
    made = stars([texts[place] for place in rest])
    with transaction.atomic():
        if hold().version != version:
            return False
        stand = dict(Evidence.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "gap"))
        if any(stand.get(row.pk) != row.gap_id for row in rows):  # another worker did the same
            return False
        left = {row.gap_id for row in rows if row.gap_id}
        moved = [(rows[place], gap, near) for place, (gap, near) in joined.items()]
        moved += _reconciled([rows[place] for place in rest], made, {gap.pk for gap in resting})
        _move(moved)
        _drop_empty(left)
    return True


def _drop_empty(gaps: Collection[int]) -> None:
    """Of these gaps those that nobody has touched and nothing is left in."""
    Gap.objects.filter(pk__in=gaps, is_kept=False, evidence__isnull=True).delete()


def _text(row: Evidence) -> Text:
    vector = meaning.unpack(row.vector)[0] if row.vector is not None else None
    # Of equally central texts a subject says more than a search.
    return Text(f"{row.kind != Evidence.Kind.TICKET:d}:{row.ref:020}", row.words, vector)


def _near_one(texts: Sequence[Text], gaps: Sequence[Gap]) -> dict[int, tuple[int, float]]:
    """Place of a text → (the nearest of these gaps, nearness), for those that are near one."""
    centres = [
        Text(str(gap.pk), gap.words, meaning.unpack(gap.vector)[0] if gap.vector is not None else None) for gap in gaps
    ]
    found: dict[int, tuple[int, float]] = {}
    for place, row in enumerate(nearness(texts, centres) if centres else ()):
        best = int(row.argmax())  # of equal ones the first: kept before resting, the newest kept one
        if row[best] >= 1:
            found[place] = (gaps[best].pk, float(row[best]))
    return found


def _reconciled(
    rows: Sequence[Evidence], made: Sequence[Star], resting: Collection[int]
) -> list[tuple[Evidence, int, float]]:
    """(evidence, its gap, nearness); a group is the gap that most of its texts were in, or a new one.

    It is none of ``resting``, whose middle stays where it is.
    """
    known = Gap.objects.in_bulk({row.gap_id for row in rows if row.gap_id})
    given = set(resting)
    moved: list[tuple[Evidence, int, float]] = []
    for star in made:
        before: dict[int, int] = {}
        for place, _near in star.members:
            gap_id = rows[place].gap_id
            if gap_id and gap_id not in given:
                before[gap_id] = before.get(gap_id, 0) + 1
        centre = rows[star.centre]
        if before:
            gap = known[min(before, key=lambda one: (-before[one], one))]
        else:
            gap = Gap.objects.create(
                title=centre.text, words=centre.words, vector=centre.vector, found_at=timezone.now()
            )
        given.add(gap.pk)
        if (gap.title, gap.words, gap.vector) != (centre.text, centre.words, centre.vector):
            gap.title, gap.words, gap.vector = centre.text, centre.words, centre.vector
            gap.save(update_fields=["title", "words", "vector"])
        moved += [(rows[place], gap.pk, near) for place, near in star.members]
    return moved


def _move(moved: Iterable[tuple[Evidence, int, float]]) -> None:
    changed = []
    for row, gap, near in moved:
        if (row.gap_id, round(row.near, 3)) != (gap, round(near, 3)):
            row.gap_id, row.near = gap, near
            changed.append(row)
    Evidence.objects.bulk_update(changed, ["gap", "near"], batch_size=200)
