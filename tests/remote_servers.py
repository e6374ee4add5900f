"""Other systems for tests, played by small servers on loopback."""

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def remote_server(code=200, body=b"{}", *, pages=None, wait=0.0, drip=False, length=None):
    """A server that answers every GET and POST with `code` and `body`.

    Its `asked` lists the paths that were asked for, `headers` what came with each, and `bodies` what was posted.
    `pages` maps paths to bodies of their own; with `wait` it thinks for that many seconds first; with `drip` its
    headers never end; `length` is the Content-Length that it claims. `code`, `body` and `pages` may be set anew
    while it runs.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            server.headers.append(self.headers)
            server.ended.wait(wait)
            with suppress(OSError):  # the asker went away
                self.answer(server.pages.get(self.path, server.body))

        def do_POST(self):
            server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def answer(self, body):
            self.send_response(server.code)
            self.flush_headers()
            while drip and not server.ended.wait(0.1):
                self.wfile.write(b"X-Slow: 1\r\n")
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", len(body) if length is None else length)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.code, server.body, server.pages = code, body, pages or {}
    server.asked, server.headers, server.bodies, server.ended = [], [], [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
