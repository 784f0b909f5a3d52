"""Several questions at once, each in a thread of its own."""

from collections.abc import Callable, Iterable, Sequence
from threading import Thread
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
Answer = TypeVar("Answer")


def in_parallel(question: Callable[[T], None], subjects: Iterable[T], timeout: float | None = None) -> None:
    """Ask *question* of all *subjects* at once; return when all are answered, or after *timeout* seconds.

    A thread that takes longer goes on and is ended with the process: a silent DNS server blocks a look-up for minutes.
    """
    threads = [Thread(target=question, args=(subject,), daemon=True) for subject in subjects]
    for thread in threads:
        thread.start()
    end = None if timeout is None else monotonic() + timeout
    for thread in threads:
        thread.join(None if end is None else max(0.0, end - monotonic()))


def answers_of(question: Callable[[T], Answer], subjects: Sequence[T]) -> list[Answer]:
    """Return what *question* returns for each of *subjects*, all asked at once; it bounds its time itself."""
    if not subjects:
        return []
    # It loads the logging of Python, which a start that asks nobody does not need.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=len(subjects)) as pool:
        return list(pool.map(question, subjects))
