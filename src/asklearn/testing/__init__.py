"""Contracts that anybody can run on their own parts, under pytest; importing them does not need it."""

from __future__ import annotations

from asklearn.testing.journal import DurableJournalContract, JournalContract

__all__ = ["DurableJournalContract", "JournalContract"]
