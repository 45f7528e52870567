"""The same checks in Python with jsonschema: each record against its schema with formats. Prints records, seconds, peak MB."""
import json
import resource
import sys
import time

from jsonschema import Draft7Validator, FormatChecker

began, count, wrong, validators = time.perf_counter(), 0, 0, {}
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = Draft7Validator(message["schema"], format_checker=FormatChecker())
        elif message["type"] == "RECORD":
            count += 1
            wrong += not validators[message["stream"]].is_valid(message["record"])
seconds = time.perf_counter() - began
print(json.dumps({"records": count, "wrong": wrong, "seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
