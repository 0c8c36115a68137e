"""Linear algebra on one thread, also from several threads at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_LOCK = Lock()
_INSIDE: list[threadpool_limits] = []
"""The limits, once for each caller inside the block."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Limits NumPy's and SciPy's linear algebra to one thread in the block; also a decorator.

    The division of a matrix product among threads affects the last bits of its result (at least
    with OpenBLAS' kernels for AMD processors), so that an example would differ between a process
    with all cores and a worker with one.  The number of threads belongs to the whole process: it is
    restored when the last caller has left the block, which OpenBLAS only does if this is the
    thread that entered first.  Entering takes a millisecond, or microseconds if another caller is
    already inside.
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
