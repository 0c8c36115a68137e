"""Linear algebra on one thread, whoever asks for it at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_LOCK = Lock()
_INSIDE: list[threadpool_limits] = []
"""What was limited, once for each that is inside."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside of it NumPy's and SciPy's linear algebra works on one thread; also a decorator.

    How a matrix product is shared out over threads shows in the last bits of its result (with
    OpenBLAS' kernels for AMD's processors at least), so that an example would differ between a
    process that has all cores and a worker that has one.  The number of threads belongs to the
    whole process: it is given back when the last that asked for one thread has left, which OpenBLAS
    only heeds if that is the thread that asked first.  Entering takes a millisecond, or
    microseconds where somebody is inside.
    """
    with _LOCK:
        _INSIDE.append(_INSIDE[0] if _INSIDE else threadpool_limits(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _LOCK:
            limits = _INSIDE.pop()
            if not _INSIDE:
                limits.restore_original_limits()
