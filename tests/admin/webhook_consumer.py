"""A stranger's webhook consumer: verifies with the specification's own package and notes what it got, durably.

Run as ``python webhook_consumer.py PORT SECRET-FILE NOTES``. It knows nothing of the Register's code.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks import Webhook

PORT, SECRET, NOTES = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        message = Webhook(SECRET.read_text()).verify(body, dict(self.headers.items()))
        assert json.loads(body) == message
        with NOTES.open("a") as notes:
            notes.write(f"{message['data']['seq']}\n")
            notes.flush()
            os.fsync(notes.fileno())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: what counts is in the notes."""


HTTPServer.allow_reuse_address = True
HTTPServer(("127.0.0.1", PORT), Consumer).serve_forever()
