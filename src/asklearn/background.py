"""Another process that does long work, so that nobody waits for it: one at a time, gently, gone when we are gone."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from asklearn.errors import ModelError

NICENESS = 10  # people come first
T = TypeVar("T")


@dataclass(frozen=True)
class Failed:
    """What went wrong in the other process."""

    error: BaseException
    trace: str


class Background:
    """One process, started when first needed and kept, because loading scikit-learn takes longer than most fits.

    A killed process fails the work it was at with `ModelError`; the next work starts another.
    """

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._process: Any = None
        self._pipe: Connection | None = None
        self._closed = False

    def submit(self, work: Callable[..., T], *args: Any) -> Future[T]:
        """`work(*args)`, done there: an importable function with picklable arguments and result.

        Its own error comes back with the other process's traceback as a note.
        """
        future: Future[T] = Future()
        threading.Thread(target=self._do, args=(future, work, args), daemon=True, name="asklearn-fit").start()
        return future

    def close(self) -> None:
        """End the process now; work under way fails. Closing twice is fine."""
        self._closed = True
        process = self._process
        if process is not None and process.is_alive():
            process.terminate()
            process.join(1)
            if process.is_alive():
                process.kill()
                process.join()

    def _do(self, future: Future[Any], work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            future.set_result(self._exchange(work, args))
        except BaseException as error:  # it is the caller's, who asks the future
            future.set_exception(error)

    def _exchange(self, work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        with self._gate:
            pipe = self._connected()
            try:
                pipe.send((work, args))
                reply = pipe.recv()
            except (EOFError, OSError) as error:
                self._process.join()
                raise ModelError(
                    f"the background process ended (exit code {self._process.exitcode}) in the middle of its work; "
                    "the old model serves on"
                ) from error
        return opened(reply)

    def _connected(self) -> Connection:
        if self._closed:
            raise ModelError("the background process is closed")
        if self._process is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")  # a fork would copy the server's threads and locks
            ours, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True, name="asklearn-fit")
            self._process.start()
            theirs.close()  # so that the end of the process is the end of the pipe
            self._pipe = ours
        assert self._pipe is not None
        return self._pipe


def _serve(pipe: Connection) -> None:
    """The life of the other process."""
    answer(pipe, _gently)


def _gently() -> Callable[[Any], Any]:
    os.nice(NICENESS)
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # one core for us, the other for people
    return lambda message: message[0](*message[1])


def answer(pipe: Connection, begin: Callable[[], Callable[[Any], Any]]) -> None:
    """In a process of ours: do what comes down the pipe, by what begin() gives, until it closes or our parent dies."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C is for whoever started us, who ends us in their own time
    threading.Thread(target=_die_with_parent, daemon=True).start()
    work = begin()
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            reply = work(message)
        except Exception as error:  # whatever it is, it is told to whoever asked
            reply = Failed(_sendable(error), traceback.format_exc())
        pipe.send(reply)


def opened(reply: Any) -> Any:
    """What came back; an error is raised, with the other process's traceback as a note."""
    if isinstance(reply, Failed):
        reply.error.add_note(reply.trace)
        raise reply.error
    return reply


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # an error of any kind may fail to be copied in any way
        return ModelError(f"{type(error).__name__}: {error}")
    return error
