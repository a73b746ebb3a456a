"""Follow webhooks: take events, and heed only those whose signature fits (Standard Webhooks).

    QUIETLINE_WEBHOOK_SECRET=whsec_... python follow_webhooks.py 8080

It stands behind your web server, which speaks https. Events are told to it once the address is made known with
POST /api/v1/webhooks; the answer to that holds the secret.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = base64.b64decode(os.environ["QUIETLINE_WEBHOOK_SECRET"].removeprefix("whsec_"))
OLDEST_SECONDS = 300
SEEN = set()


def is_genuine(headers, body):
    """Say whether an event comes from the platform, as it was sent, and just now."""
    name, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(time.time() - int(moment)) > OLDEST_SECONDS:
        return False
    signed = hmac.new(SECRET, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(signed).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    """Takes events."""

    def do_POST(self):
        """Check an event, then heed it once."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1 << 20))
        if not is_genuine(self.headers, body):
            self.send_response(401)
        else:
            if self.headers["webhook-id"] not in SEEN:  # an event whose answer got lost comes again, under the same id
                SEEN.add(self.headers["webhook-id"])
                event = json.loads(body)
                print(event["type"], json.dumps(event["data"]), flush=True)
            self.send_response(204)  # within ten seconds; do what takes longer afterwards
        self.end_headers()

    def log_message(self, *_):
        """Log nothing by itself."""


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
