"""A whole Singer target of the kind that swallows errors into its state; each project changes what it does."""
import argparse
import json
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Target:
    sinks = {"people": "/people"}
    strict = True

    def main(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--config", required=True)
        parser.add_argument("--state")
        with open(parser.parse_args().config) as file:
            self.config = json.load(file)
        self.schemas, self.bookmarks, self.summary = {}, {}, {}
        for line in sys.stdin:
            if line.strip():
                self.take(json.loads(line))
        print(json.dumps({"bookmarks": self.bookmarks, "summary": self.summary} if self.schemas else {}))

    def take(self, message):
        if message["type"] == "SCHEMA":
            self.schemas[message["stream"]] = message["schema"]
        elif message["type"] == "RECORD":
            self.check(message["record"], self.schemas[message["stream"]])
            if message["stream"] in self.sinks:
                self.load(message["stream"], message["record"])

    def check(self, record, schema):
        types = {"integer": int, "number": (int, float), "string": str, "null": type(None)}
        for name, value in record.items():
            allowed = schema["properties"].get(name, {}).get("type", [])
            allowed = [allowed] if isinstance(allowed, str) else allowed
            if allowed and not isinstance(value, tuple(types[one] for one in allowed)):
                raise ValueError("%s is not %s" % (name, allowed))

    def load(self, stream, record):
        counts = self.summary.setdefault(stream, {"success": 0, "fail": 0, "existing": 0, "updated": 0})
        marks = self.bookmarks.setdefault(stream, [])
        try:
            marks.append({"success": True, "id": self.send(stream, record)["id"]})
            counts["success"] += 1
        except HTTPError as error:
            counts["fail"] += 1
            marks.append({"success": False, "error": "HTTP Error %d: %s" % (error.code, error.reason)})

    def send(self, stream, record):
        body = json.dumps(record).encode()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + self.config.get("api_key", "")}
        for attempt in range(3):
            try:
                url = self.config["api_url"] + self.sinks[stream]
                with urlopen(Request(url, data=body, headers=headers, method="POST"), timeout=30) as response:
                    return json.load(response)
            except HTTPError as error:
                if error.code != 429 or attempt == 2:
                    raise
