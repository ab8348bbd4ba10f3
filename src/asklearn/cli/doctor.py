"""Whether a project is sound, and a copy of it while it is."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Set
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from asklearn.cli.create import new_folder
from asklearn.cli.terminal import document, plain, say
from asklearn.errors import AskLearnError, JournalError

ROOM = 200 * 2**20  # bytes that should be free: models and journal grow
NOT_COPIED = {
    "cache",
    "lock",
    "secret",
    "journal.sqlite",
}  # safe to delete, of this copy alone, or done before


@dataclass(frozen=True)
class Finding:
    """One part of a project, and what was found there."""

    part: str
    ok: bool
    words: str


def examine(folder: Path, *, json: bool) -> bool:
    """Say what is sound and what is not; whether all of it is."""
    from asklearn import settings

    settings.read(folder)  # a folder that is no project has no parts to look at
    findings = [finding for check in CHECKS for finding in look(check, folder)]
    sound = all(finding.ok for finding in findings)
    if json:
        document({"ok": sound, "findings": [vars(finding) for finding in findings]})
    else:
        say(*(f"{'ok     ' if f.ok else 'PROBLEM'}  {f.part}: {plain(f.words)}" for f in findings))
    return sound


Check = Callable[[Path], Iterator[Finding]]


def look(check: Check, folder: Path) -> Iterator[Finding]:
    """What the check finds; a part that cannot even be looked at is a finding too."""
    part = check.__name__.removeprefix("_")
    try:
        yield from check(folder)
    except (AskLearnError, OSError, sqlite3.Error) as error:
        yield Finding(part, False, str(error))


def _settings(folder: Path) -> Iterator[Finding]:
    from asklearn import models, settings, stopping, strategies

    setup = settings.read(folder)
    settings.task_of(setup)
    strategies.get(setup.strategy)
    for rule in setup.stop:
        stopping.parse(rule)
    if setup.model != settings.CUSTOM:
        models.make(setup.model)
    yield Finding(
        "settings", True, f"{setup.task} with {len(setup.labels)} labels, {setup.strategy}, {setup.model}"
    )


def _record(folder: Path) -> Iterator[Finding]:
    from asklearn.journal.sqlite import SqliteJournal

    with closing(SqliteJournal(folder / "journal.sqlite", writing=False)) as journal:
        wrong = journal.check()
        yield from (Finding("record", False, sentence) for sentence in wrong)
        if not wrong:
            yield Finding("record", True, f"every event is readable, up to number {journal.last():,}")


def _lock(folder: Path) -> Iterator[Finding]:
    from asklearn.journal.lock import lock

    try:
        lock(folder).close()
    except JournalError as error:
        yield Finding("lock", True, str(error))
    else:
        yield Finding("lock", True, "free")


def _pool(folder: Path) -> Iterator[Finding]:
    from asklearn.events import Added
    from asklearn.journal.sqlite import SqliteJournal
    from asklearn.pool.store import StoredPool
    from asklearn.state import fold

    with (
        closing(StoredPool.open(folder)) as pool,
        closing(SqliteJournal(folder / "journal.sqlite", writing=False)) as journal,
    ):
        pool.check()
        events = list(journal.read())
        state = fold(events)
        known = set(pool.ids)
        strange = sorted((state.answers.keys() | state.audited.keys() | state.swept.keys()) - known)
        if strange:
            yield Finding(
                "pool", False, f"the record speaks of {len(strange):,} items the pool lacks: {strange[0]!r}"
            )
        if state.rows != len(known):
            yield Finding(
                "pool", False, f"the record knows of {state.rows:,} rows, the pool holds {len(known):,}"
            )
        prints = [event.fingerprint for _, event in events if isinstance(event, Added) and event.fingerprint]
        if prints and prints[-1] != pool.fingerprint:
            yield Finding("pool", False, "its content is not what it was when the rows were added")
        elif not strange and state.rows == len(known):
            yield Finding("pool", True, f"{len(known):,} rows, as the record says")


def _models(folder: Path) -> Iterator[Finding]:
    from asklearn import models
    from asklearn.journal.sqlite import SqliteJournal
    from asklearn.state import fold

    with closing(SqliteJournal(folder / "journal.sqlite", writing=False)) as journal:
        learned = fold(journal.read()).models
    if not learned:
        yield Finding("models", True, "none yet")
        return
    last = learned[-1]
    if last.artifact is None:
        yield Finding("models", True, f"{last.version} is fitted again on opening")
        return
    models.load(folder / "models", last.artifact)
    yield Finding("models", True, f"the newest of {len(learned):,} is stored, its checksum fits")


def _canary(folder: Path) -> Iterator[Finding]:
    from asklearn import settings, standing, strategies
    from asklearn.journal.sqlite import SqliteJournal
    from asklearn.state import fold
    from asklearn.strategies.declared import declared

    setup = settings.read(folder)
    try:
        promised = declared(strategies.get(setup.strategy))
    except AskLearnError:  # the settings are not sound, which is said above
        return
    with closing(SqliteJournal(folder / "journal.sqlite", writing=False)) as journal:
        state = fold(journal.read())
    verdict = standing.verdict(state, promised, setup)
    if not verdict.signs:
        yield Finding("canary", True, "too little was asked to tell whether it follows the score")
    for sign in verdict.signs:
        doubt = "doubtful; " if sign.status == "doubtful" else ""
        yield Finding("canary", sign.status != "broken", f"{sign.check}: {doubt}{sign.words}")


def _features(folder: Path) -> Iterator[Finding]:
    from asklearn import features
    from asklearn.pool.store import StoredPool

    with closing(StoredPool.open(folder)) as pool:
        found = features.load(folder / "cache", pool.fingerprint)
    words = "computed" if found is not None else "not there; they are computed when they are needed"
    yield Finding("features", True, words)


def _secret(folder: Path) -> Iterator[Finding]:
    file = folder / "secret"
    if not file.exists():
        yield Finding("secret", True, "made when the page is first opened")
        return
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        yield Finding("secret", False, f"others can read {file} (mode {mode:03o}): chmod 600 {file}")
    else:
        yield Finding("secret", True, "for its owner's eyes only")


def _people(folder: Path) -> Iterator[Finding]:
    from asklearn.server import accounts

    register = accounts.read(folder)
    here = sum(person.active for person in register.people.values())
    tokens, invites = len(register.tokens), len(register.invites)
    yield Finding("people", True, f"{here:,} may come in, {invites:,} invited, {tokens:,} tokens")
    gone = {name for name, person in register.people.items() if not person.active}
    for names, count in _left_behind(folder, gone).items():
        what = "1 item is" if count == 1 else f"{count:,} items are"
        words = f"{what} asked of nobody but {names}, who may come in no more: asklearn assign"
        yield Finding("people", False, words)


def _left_behind(folder: Path, gone: Set[str]) -> Counter[str]:
    """Names -> how many items without a label are for nobody but these people, all of them gone."""
    from asklearn.journal.sqlite import SqliteJournal
    from asklearn.state import fold

    with closing(SqliteJournal(folder / "journal.sqlite", writing=False)) as journal:
        state = fold(journal.read())
    return Counter(
        ", ".join(to)
        for item, to in state.assigned.items()
        if gone >= set(to) and not state.labels_of(item) and item not in state.flagged
    )


def _space(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    words = f"{free / 2**30:.1f} GiB are free"
    yield Finding("space", free >= ROOM, words if free >= ROOM else f"only {free / 2**20:.0f} MiB are free")


CHECKS: tuple[Check, ...] = (
    _settings,
    _record,
    _lock,
    _pool,
    _models,
    _canary,
    _features,
    _secret,
    _people,
    _space,
)


def copy(folder: Path, out: Path) -> None:
    """Copy the project: the record first, so that everything it speaks of is there when its turn comes."""
    from asklearn import settings
    from asklearn.journal.sqlite import SqliteJournal

    settings.read(folder)
    with new_folder(out) as scratch:
        with closing(SqliteJournal(folder / "journal.sqlite", writing=False)) as journal:
            journal.backup(scratch / "journal.sqlite")
        for entry in sorted(folder.iterdir()):
            if entry.name in NOT_COPIED or entry.name.endswith(("-wal", "-shm", "-journal")):
                continue
            if entry.is_dir():
                shutil.copytree(entry, scratch / entry.name)
            elif entry.suffix == ".sqlite":
                _copy_database(entry, scratch / entry.name)
            else:
                shutil.copy2(entry, scratch / entry.name)
    say(f"{folder} copied to {out}")


def _copy_database(file: Path, target: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copied:
        source.backup(copied)
