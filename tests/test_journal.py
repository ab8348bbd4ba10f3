from pathlib import Path
from asklearn.journal.memory import MemoryJournal
from asklearn.journal.sqlite import SqliteJournal
from asklearn.testing import DurableJournalContract, JournalContract


class TestMemoryJournal(JournalContract):
    def journal(self, folder):
        return MemoryJournal()


class TestSqliteJournal(DurableJournalContract):
    def journal(self, folder):
        return SqliteJournal(folder / "journal.sqlite")
