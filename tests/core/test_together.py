"""Open pages that ask the same at once share an answer, and none gets one that was begun before it asked."""

import threading

import pytest
from django.test import RequestFactory

from apps.core.arrivals import HEADER
from apps.core.together import together, waiting
from tests.servers import wait_until


def asked(path="/page?range=7d", live=True):
    return RequestFactory().get(path, headers={HEADER: ""} if live else {})


class Source:
    """Gives how many times it was asked; each time when it is let."""

    def __init__(self):
        self.times, self.let = 0, threading.Semaphore(0)

    def __call__(self):
        self.times += 1
        self.let.acquire()
        return self.times


def ask(source, answers, request):
    thread = threading.Thread(target=lambda: answers.append(together(request, source)), daemon=True)
    thread.start()
    return thread


def test_those_who_ask_while_it_is_made_share_the_next_one():
    source, answers = Source(), []
    threads = [ask(source, answers, asked())]
    wait_until(lambda: source.times == 1 and not waiting)
    threads += [ask(source, answers, asked()) for _ in range(5)]
    wait_until(lambda: [len(future._condition._waiters) for future in waiting.values()] == [4])  # and one leads
    other = Source()
    other.let.release()
    assert together(asked("/page?range=1h"), other) == 1  # another address waits for nobody
    source.let.release(10)
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [1, 2, 2, 2, 2, 2]


def test_a_failure_is_told_to_all_and_stops_nobody_later():
    def fail():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            together(asked(), fail)
    assert together(asked(), lambda: 7) == 7


def test_a_page_that_is_opened_asks_for_itself():
    source, answers = Source(), []
    thread = ask(source, answers, asked())
    wait_until(lambda: source.times == 1)
    assert together(asked(live=False), lambda: "own") == "own"
    source.let.release()
    thread.join(30)
    assert answers == [1]
