"""Runs a command beside an API that takes everything: mock.py MODE COMMAND [ARGUMENT ...]

MODE says how writes are answered: ok, 400, 401, or 429 (each first time, then ok). The command's connections come here
by the hook (SIGNALBOX_MOCK). Each request becomes a line in the file that SIGNALBOX_TRACE names.
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

mode, command = sys.argv[1], sys.argv[2:]
seen = set()
count = 0
lock = threading.Lock()
GIVEN = re.compile(rb"\bmock-\d+\b")  # Ids of records that were made here.
TOKEN = {"access_token": "mock-access-token", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "mock-refresh"}
NOTHING = {name: [] for name in ("data", "results", "items", "value", "records")}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        global count
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        digest = hashlib.sha256(body).hexdigest()[:16]
        path = self.path.split("?")[0]
        known = bool(GIVEN.search(self.path.encode() + b" " + body))
        with lock:
            count += 1
            number = count
            is_first = (path, digest) not in seen
            seen.add((path, digest))
            with open(os.environ["SIGNALBOX_TRACE"], "a") as file:
                file.write(json.dumps({"mock": "%s %s" % (self.command, path[:200]), "known": known}) + "\n")
        status, value = self.decide(path, number, is_first)
        data = b"" if self.command == "HEAD" else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(data)

    def decide(self, path, number, is_first):
        if any(word in path.lower() for word in ("token", "oauth", "login", "auth")):
            return (401, {"error": "invalid_client"}) if mode == "401" else (200, TOKEN)
        if mode == "401":
            return 401, {"error": "Unauthorized"}
        if self.command in ("GET", "HEAD"):
            return 200, NOTHING
        if mode == "400":
            return 400, {"error": "the mock refuses every record"}
        if mode == "429" and is_first:
            return 429, {"error": "Too Many Requests"}
        return 201 if self.command == "POST" else 200, {"id": "mock-%d" % number, "success": True}

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["SIGNALBOX_MOCK"] = str(server.server_address[1])
code = subprocess.run(command).returncode
sys.exit(code if code >= 0 else 128 - code)
