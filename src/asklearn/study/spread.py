"""Work spread over processes: the data goes to each of them once, the tasks to whoever is free."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from asklearn.background import answer, opened
from asklearn.errors import AskLearnError, SettingError

T = TypeVar("T")
R = TypeVar("R")


def spread(
    work: Callable[..., R], given: tuple[Any, ...], tasks: Sequence[T], jobs: int
) -> Generator[tuple[T, R], None, None]:
    """(task, work(*given, task)) as they are done, by `jobs` new processes, which end when this is closed.

    The work's own error comes through, with the other process's traceback as a note. Raises `SettingError` for what
    cannot be sent to another process, such as a lambda, and `AskLearnError` when a process dies.
    """
    try:
        body = pickle.dumps((work, given), protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SettingError(
            f"this cannot be sent to other processes ({error}); use functions of a module, or jobs=1"
        ) from error
    context = multiprocessing.get_context("spawn")  # a fork copies threads and locks as they happen to be
    processes: list[BaseProcess] = []
    busy: dict[Connection, T] = {}
    todo = iter(tasks)
    try:
        for task in islice(todo, jobs):
            ours, theirs = context.Pipe()
            processes.append(context.Process(target=_serve, args=(theirs, body), daemon=True))
            processes[-1].start()
            theirs.close()  # so that the end of the process is the end of the pipe
            busy[ours] = _sent(ours, task)
        while busy:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                task, reply = busy.pop(pipe), _received(pipe)
                for following in islice(todo, 1):
                    busy[pipe] = _sent(pipe, following)
                yield task, reply
    finally:
        for process in processes:
            if process.pid is not None:
                process.terminate()
                process.join()


def _sent(pipe: Connection, task: T) -> T:
    with suppress(OSError):  # it has died: that is told by what we do not receive
        pipe.send(task)
    return task


def _received(pipe: Connection) -> Any:
    try:
        reply = pipe.recv()
    except (EOFError, OSError) as error:
        raise AskLearnError(
            "a process ended before its work was done: it was killed, ran out of memory (use fewer jobs), or could not "
            'begin; a script needs `if __name__ == "__main__":` around what it runs, and what a notebook '
            "defines belongs into a module"
        ) from error
    return opened(reply)


def _serve(pipe: Connection, body: bytes) -> None:
    """The life of the other process."""

    def begin() -> Callable[[Any], Any]:
        work, given = pickle.loads(body)
        return lambda task: work(*given, task)

    answer(pipe, begin)
