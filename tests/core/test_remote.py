"""Asking other systems, played by small servers on loopback."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.core import remote
from apps.core.remote import Question, ask, ask_all, asker
from tests.remote_servers import remote_server
from tests.servers import free_port


class TestAnswers:
    def test_json_comes_as_it_is(self):
        with remote_server(body=b'{"data": [1, "\xc3\xa9"]}') as server:
            answer = ask(Question(server.url + "/models"))
            assert server.asked == ["/models"] and "Authorization" not in server.headers[0]
        assert (answer.state, answer.code, answer.said, answer.problem) == ("ok", 200, {"data": [1, "é"]}, "")
        assert answer.since is None

    def test_a_token_is_sent_and_not_shown(self):
        with remote_server() as server:
            question = Question(server.url, token="sk-secret")
            assert ask(question).ok and "sk-secret" not in repr(question)
            assert server.headers[0]["Authorization"] == "Bearer sk-secret"

    def test_no_address_is_told_apart_from_no_answer(self):
        missing, away = ask_all([Question(""), Question(f"http://127.0.0.1:{free_port()}")])
        assert (missing.state, missing.problem, missing.since) == ("not configured", "not configured", None)
        assert (away.state, away.code, away.said) == ("unavailable", None, None)
        assert away.since and away.problem == f"unavailable since {away.since:%Y-%m-%d %H:%M:%S} UTC: {away.reason}"

    @pytest.mark.parametrize(
        ("server", "code", "reason"),
        [
            ({"code": 500}, 500, "HTTP 500"),
            ({"code": 404}, 404, "HTTP 404"),
            ({"code": 302}, 302, "HTTP 302"),
            ({"body": b'{"data": ['}, 200, "an answer that is no JSON"),
            ({"body": b"[" * 100_000}, 200, "an answer that is no JSON"),
            ({"body": b" " * 5000}, 200, "an answer of more than 4000 bytes"),
            ({"body": gzip.compress(b"{}")}, 200, "an answer that is no JSON"),
            ({"wait": 20}, None, "no answer in time"),
            ({"drip": True}, None, "no answer in time"),
        ],
    )
    def test_what_is_no_answer(self, server, code, reason):
        largest = 1_000_000 if len(server.get("body", b"")) > 5000 else 4000
        with remote_server(**server) as system:
            answer = ask(Question(system.url, seconds=0.5 if code is None else 20, largest=largest))
        assert (answer.state, answer.code, answer.said, answer.reason) == ("unavailable", code, None, reason)

    @pytest.mark.parametrize("length", [10, 1, "many"])
    def test_a_lie_about_the_length(self, length):
        with remote_server(body=b'{"a": 1}', length=length) as system:
            answer = ask(Question(system.url, seconds=20))
        assert (answer.state, answer.said) == ("unavailable", None) and answer.reason

    @pytest.mark.parametrize(
        ("url", "token"),
        [("nonsense", ""), ("http://[", ""), ("http://127.0.0.1:secret/", ""), ("ftp://127.0.0.1/", ""),
         ("http://127.0.0.1:1", "secret\n"), ("http://127.0.0.1:1", "sécret")],
    )  # fmt: skip
    def test_settings_that_cannot_work(self, url, token):
        answer = ask(Question(url, token))
        assert answer.state == "unavailable" and answer.reason and "cret" not in answer.reason

    @pytest.mark.parametrize(("code", "ok"), [(200, True), (302, True), (401, True), (500, False)])
    def test_whether_it_answers_at_all(self, code, ok):
        with remote_server(code, b"no JSON") as server:
            answer = ask(Question(server.url, status_only=True))
        assert (answer.ok, answer.code, answer.said) == (ok, code, None)


class TestManyCallers:
    def test_one_asks_and_the_others_wait_for_its_answer(self):
        with remote_server(wait=0.3) as server, ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(ask, [Question(server.url, seconds=20)] * 20))
            assert len(server.asked) == 1
        assert all(answer.ok for answer in answers)

    def test_one_that_is_slow_holds_up_no_other(self):
        with remote_server(wait=60) as slow, remote_server() as swift:
            waiting = threading.Thread(target=ask, args=(Question(slow.url, seconds=60),))
            waiting.start()
            assert ask(Question(swift.url, seconds=20)).ok
            assert waiting.is_alive()
            slow.ended.set()
            waiting.join()


class TestMemory:
    def test_answers_and_failures_serve_for_a_while(self):
        with remote_server() as well, remote_server(500) as ill:
            for server in (well, ill):
                first, again = (ask(Question(server.url, fresh_seconds=600)) for _ in range(2))
                assert first is again and len(server.asked) == 1

    def test_a_failure_keeps_its_beginning_until_all_is_well(self):
        with remote_server(500) as server:
            question = Question(server.url, fresh_seconds=0)
            first, second = ask(question), ask(question)
            server.code = 200
            well = ask(question)
            server.code = 503
            ill = ask(question)
            assert len(server.asked) == 4
        assert first.since == second.since and well.since is None and ill.since > first.since

    def test_old_answers_are_not_kept(self):
        with remote_server() as server:
            for token in ("one", "two"):
                ask(Question(server.url, token, fresh_seconds=0))
        assert not asker.known

    def test_old_failures_are_not_kept_without_bound(self, monkeypatch):
        monkeypatch.setattr(remote, "MOST_FAILURES", 3)
        with remote_server(500) as server:
            for number in range(9):
                ask(Question(server.url, str(number), fresh_seconds=0))
                assert len(asker.known) <= 3
