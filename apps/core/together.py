"""One answer for many open pages: a notice reaches all of them at the same moment, and then they all ask the same."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils import timezone

from apps.core.arrivals import HEADER

T = TypeVar("T")
Key = tuple[str, str]

lock = Lock()
running: dict[Key, Future[Any]] = {}
waiting: dict[Key, Future[Any]] = {}  # begins when the running one has ended; whoever asks until then shares it


def together(request: HttpRequest, make: Callable[[], T]) -> T:
    """What `make()` gives; live pages at one address share what was begun after the last of them had asked.

    So nobody misses what was committed before it asked, as long as `make` looks at the clock itself. What it gives must
    be the same for every person, in one time zone, and is read by several threads.
    """
    if HEADER not in request.headers:
        return make()
    key = (request.get_full_path(), timezone.get_current_timezone_name())
    with lock:
        mine = waiting.get(key)
        leads = mine is None
        if mine is None:
            mine = waiting[key] = Future()
    return lead(key, mine, make) if leads else mine.result()


def lead(key: Key, mine: Future[T], make: Callable[[], T]) -> T:
    if before := running.get(key):
        wait([before])
    with lock:
        running[key] = waiting.pop(key)
    try:
        mine.set_result(make())
    except BaseException as error:
        mine.set_exception(error)
    finally:
        with lock:
            if running.get(key) is mine:  # and not the next one already
                del running[key]
    return mine.result()
