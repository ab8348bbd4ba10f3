"""What can go wrong, each a sentence that says what was given and what would be right."""


class AskLearnError(Exception):
    """Anything asklearn refuses; its text is meant to be shown to a person."""


class AnswerError(AskLearnError):
    """An answer nobody may give: an unknown item, a label the task does not have. `item`, `key`: which one."""

    def __init__(self, message: str, *, item: str | None = None, key: str | None = None) -> None:
        super().__init__(message)
        self.item, self.key = item, key


class Conflict(AskLearnError):
    """The journal has moved on since it was read: read again and decide again."""


class DataError(AskLearnError):
    """A file, row, column or image that cannot be read; it names the place."""


class JournalError(AskLearnError):
    """The record cannot be read or written (damaged, locked by another server, disk full)."""


class KeyReused(AnswerError):
    """An answer's key came before, with another body."""


class MissingExtra(AskLearnError):
    """A part that needs an extra which is not installed; it names the extra."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} needs the extra {extra!r}: pip install "asklearn[{extra}]"')
        self.extra = extra


class ModelError(AskLearnError):
    """A model that broke its promise: probabilities that are none, classes the task does not have."""


class NotReady(AskLearnError):
    """Asked too early: no model before two classes are known, no estimate before an audit answer."""


class SettingError(AskLearnError):
    """An option, a name or a value that does not exist here; it lists what does."""
