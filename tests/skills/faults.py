"""A real HTTP server between a client and a site that can do everything wrong on the way."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

FAULTS = ("hang", "reset", "error", "unavailable", "short", "lost", "garbage")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.proxy.next_fault(body)
        if fault in ("", "short", "lost"):
            answer = self.forwarded(body)
        self.close_connection = bool(fault)
        if fault == "":
            self.say(answer.status_code, answer.content, answer.headers)
        elif fault == "short":  # promises more than comes
            self.say(answer.status_code, answer.content, answer.headers, length=len(answer.content) + 100)
        elif fault == "error":
            self.say(500, b'{"detail": "broken"}')
        elif fault == "unavailable":
            self.say(503, b'{"detail": "later"}')
        elif fault in ("busy", "resting"):
            self.say(429, b'{"detail": "too many"}', {"Retry-After": "1" if fault == "busy" else "3600"})
        elif fault == "garbage":
            self.say(200, b"<html>Log in to the network</html>")
        elif fault == "hang":
            self.server.proxy.ending.wait(30)
        elif fault in ("reset", "lost"):
            # SO_LINGER 0: the connection ends with RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RD)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

    def forwarded(self, body):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
        return self.server.proxy.http.request(self.command, self.path, content=body, headers=headers)

    def say(self, status, body, headers=None, length=None):
        self.send_response(status)
        for name in ("Content-Type", "Retry-After"):
            if headers and name in headers:
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(length or len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients go away; that is what this is for."""


class FaultyProxy:
    """`faults` are dealt out, one a request; when they are used up all goes well. `fault` goes on until it is
    reset; a body with `poison` in it breaks the site."""

    def __init__(self, target):
        self.http = httpx.Client(base_url=target, timeout=30)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.faults, self.fault, self.poison, self.requests = [], "", b"", 0
        self.ending, self.lock = threading.Event(), threading.Lock()

    def next_fault(self, body):
        with self.lock:
            self.requests += 1
            if self.poison and self.poison in body:
                return "error"
            return self.faults.pop(0) if self.faults else self.fault

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *problem):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()
        self.http.close()
