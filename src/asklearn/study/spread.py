"""Work spread over processes: the data goes to each of them once, the tasks to whoever is free."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from asklearn.errors import AskLearnError, SettingError

T = TypeVar("T")
R = TypeVar("R")

_there: list[
    tuple[Callable[..., Any], tuple[Any, ...]]
] = []  # in the other process: what to do, and with what


def spread(
    work: Callable[..., R], given: tuple[Any, ...], tasks: Sequence[T], jobs: int
) -> Iterator[tuple[T, R]]:
    """(task, work(*given, task)) as they are done, by `jobs` new processes; errors come through unchanged.

    Raises `SettingError` for what cannot be sent to another process, such as a lambda.
    """
    try:
        body = pickle.dumps((work, given), protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SettingError(
            f"this cannot be sent to other processes ({error}); use functions of a module, or jobs=1"
        ) from error
    context = multiprocessing.get_context("spawn")  # forking a process that has threads may hang
    with ProcessPoolExecutor(
        min(jobs, len(tasks)), mp_context=context, initializer=_begin, initargs=(body,)
    ) as processes:
        try:
            waiting = {processes.submit(_do, task): task for task in tasks}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        except BrokenProcessPool as error:
            raise AskLearnError(
                "a process ended before its work was done (killed, or out of memory); use fewer jobs, and "
                'in a script keep what it runs under `if __name__ == "__main__":`'
            ) from error
        finally:
            processes.shutdown(wait=False, cancel_futures=True)


def _begin(body: bytes) -> None:
    _there.append(pickle.loads(body))


def _do(task: Any) -> Any:
    work, given = _there[-1]
    return work(*given, task)
