"""A notice door in a process of its own that stops just before its commit, for the test that kills it
there.
"""

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import django
from django.utils import timezone

django.setup()

from kamao.business.payments import notices  # noqa: E402  Django must be set up first

book = notices._book_payment


def book_and_wait(*args, **kwargs):
    booked = book(*args, **kwargs)
    print(f"booked {booked[0]}", flush=True)
    time.sleep(60)
    return booked


notices._book_payment = book_and_wait


class Door(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        account = UUID(self.path.strip("/"))
        receipt = notices.receive(account, headers=headers, body=body, source="127.0.0.1", at=timezone.now())
        self.send_response(receipt.status)
        self.end_headers()


server = HTTPServer(("127.0.0.1", 0), Door)
print(server.server_address[1], flush=True)
server.serve_forever()
