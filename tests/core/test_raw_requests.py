"""What a real server answers to requests that no well-behaved client sends: byte for byte, over a socket."""

import json
import socket
from io import BytesIO

import pytest
from django.test import Client, RequestFactory

from aria_site.wsgi import application
from tests.factories import make_token
from tests.servers import running_site

MB = 1_000_000


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), running_site() as site:
        yield site


@pytest.fixture
def secret(transactional_db):
    return make_token()


@pytest.fixture
def ask(site, secret):
    def ask(line, *headers, body=b"", sent=None):
        """(status, body) of the answer; None where there is none. `sent` is what follows the head, if not `body`."""
        head = [line, "Host: localhost", f"Authorization: Bearer {secret}", "Connection: close", *headers]
        if sent is None and body:
            head.append(f"Content-Length: {len(body)}")
        with socket.create_connection(("127.0.0.1", site.port), timeout=30) as connection:
            connection.sendall("\r\n".join([*head, "", ""]).encode() + (body if sent is None else sent))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return (int(head.split()[1]), body) if head else None

    return ask


def chunked(body):
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def detail(answer):
    return answer[0], json.loads(answer[1])["detail"]


def test_head_is_get_without_a_body(ask):
    assert ask("HEAD /api/goals HTTP/1.1") == (200, b"")
    assert ask("HEAD /login HTTP/1.1") == (200, b"")


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "BREW"])
def test_other_methods(ask, method):
    assert detail(ask(f"{method} /api/goals HTTP/1.1")) == (405, "Method Not Allowed")


@pytest.mark.parametrize(("path", "size"), [("/api/goals", 2 * MB + 1), ("/api/telemetry/batch", 16 * 1024 * 1024 + 1)])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_over_the_bound(ask, path, size, in_chunks):
    body = b'"' + b"x" * (size - 2) + b'"'
    if in_chunks:
        answer = ask(f"POST {path} HTTP/1.1", "Transfer-Encoding: chunked", sent=chunked(body))
    else:
        answer = ask(f"POST {path} HTTP/1.1", body=body)
    assert detail(answer) == (413, "Request body too large")


def test_a_batch_may_be_larger_than_other_bodies(ask):
    body = json.dumps([{"kind": "thought", "content": "x" * 3 * MB}]).encode()
    status, answer = ask("POST /api/telemetry/batch HTTP/1.1", body=body)
    assert status == 200 and json.loads(answer)["stored"] == 1


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (["Content-Length: many"], b"{}"),
        (["Content-Length: -5"], b"{}"),
        (["Content-Length: 2", "Content-Length: 4"], b"{}{}"),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        ([f"X-{n}: x" for n in range(3000)], b""),
    ],
)
def test_a_head_that_is_no_head(ask, headers, sent):
    assert ask("POST /api/goals HTTP/1.1", *headers, sent=sent)[0] == 400


def test_a_line_too_long_ends_the_connection_and_nothing_else(ask):
    assert ask("GET /api/goals HTTP/1.1", f"X-Long: {'x' * 40_000}") is None
    assert ask("GET /api/goals HTTP/1.1")[0] == 200


@pytest.mark.django_db
class TestRefusedBeforeAnyView:
    def test_a_host_that_is_not_ours(self, api, settings):
        settings.ALLOWED_HOSTS = ["aria.example"]
        assert detail((400, api.get("/api/goals").content))[1].endswith("adds it to ALLOWED_HOSTS.")
        page = api.get("/login", headers={"Accept": "text/html"})
        assert page.status_code == 400 and "adds it to ALLOWED_HOSTS" in page.content.decode()

    def test_a_form_over_the_bound(self):
        response = Client().post("/login", "username=" + "x" * 2 * MB, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 413 and "Request body too large" in response.content.decode()


@pytest.mark.django_db
class TestChunksUnderWsgi:
    """Where the server hands on a body without its length; Django alone would see an empty one."""

    @pytest.fixture
    def post(self, secret):
        def post(path, body):
            environ = RequestFactory().generic("POST", path, headers={"Authorization": f"Bearer {secret}"}).environ
            environ |= {"wsgi.input": BytesIO(body), "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
            told = []
            answer = b"".join(application(environ, lambda status, headers: told.append(status)))
            return int(told[0].split()[0]), json.loads(answer)

        return post

    def test_are_read(self, post):
        assert post("/api/goals", b'{"title": "in chunks"}')[1]["created"] is True

    def test_have_the_same_bounds(self, post):
        for path, size in (("/api/goals", 2 * MB + 1), ("/api/telemetry/batch", 16 * 1024 * 1024 + 1)):
            assert post(path, b'"' + b"x" * (size - 2) + b'"')[0] == 413
