"""Prints what a project's code says about the endpoints it reads, as JSON. Usage: python -I FOLDER PROJECT"""
import json
import os
import re
import resource
import sys

from announced import announced
from evaluate import Evaluator
from plain import base_of, base_urls, complete, requests
from project import Project
from results import Instance
from sources import load, parse_all
from streams import Streams
from tables import tables
from tap import Tap

MOST_MEMORY = 4 * 2**30
MOST_SECONDS = 300


def inventory(root):
    texts, unread = load(root)
    trees, broken = parse_all(texts)
    project = Project(trees)
    evaluator = Evaluator(project)
    streams = Streams(project, evaluator)
    tap = Tap(project, evaluator, streams)
    failed = [*unread, *broken]
    found, classes = described(streams, tap, failed)
    names = [name for one in found if isinstance(name := one.get("name", {}).get("value"), str)]
    rows, more = tables(root, project, evaluator, names)
    failed += more
    if rows:  # Objects that are made of those rows are not more streams.
        found = [one for one in found if one.get("name", {}).get("kind") == "value"]
    every = [*found, *rows] or requests(project, evaluator)
    if all(one["style"] == "function" for one in every):
        every = announced(root, every, project, evaluator)
    if any(one["style"] == "singer-python" and not {"path", "url"} & set(one) for one in every):
        every = complete(every, project, evaluator)
    if not all("urlBase" in one for one in every):
        addresses = base_urls(project, evaluator)
        every = [{**base_of(one, addresses), **one} for one in every]
    failed += [{"file": "", "reason": f"not understood: {gap}"} for gap in sorted(evaluator.gaps)[:20]]
    return {
        "tap": tap.facts() or _packaged(root),
        "discovery": tap.discovery(classes),
        "config": tap.config(),
        "streams": every,
        "files": len(trees),
        "failed": failed,
        "python": "%d.%d.%d" % sys.version_info[:3],
    }


def described(streams, tap, failed):
    """Facts of every stream, and their classes: those that the tap offers first, then those that it leaves out."""
    offered = tap.offered()
    made, is_all = offered or ([], False)
    objects = [one if isinstance(one, Instance) else Instance(one) for one in made]
    used = {one.cls for one in objects}
    rest = [Instance(one) for one in streams.candidates() if one not in used and not streams.is_abstract(one)]
    found = []
    for me in [*objects, *rest]:
        known = {"inUse": True} if me.cls in used else {"inUse": False} if is_all else {}
        try:
            facts = {**streams.facts(me), **known}
            found += [] if facts in found else [facts]  # What two ways lead to is offered once.
        except Exception as error:  # One class that is not understood never hides the others.
            reason = f"{me.cls.name} was not understood: {type(error).__name__}: {error}"[:300]
            failed.append({"file": me.cls.module.path, "reason": reason})
    return found, list(dict.fromkeys(me.cls for me in [*objects, *rest]))


def _packaged(root):
    """The name that a project without a tap class is packaged under."""
    for name in ("pyproject.toml", "setup.py", "setup.cfg"):
        try:
            with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
                found = re.search(r"""(?:^|[\s(])name\s*=\s*["']?([\w.-]+)""", file.read(200_000), re.M)
        except OSError:
            continue
        if found:
            return {"name": found[1], "class": None, "at": f"{name}:1"}
    return None


def limit(kind, most):
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    limit(resource.RLIMIT_AS, MOST_MEMORY)
    limit(resource.RLIMIT_CPU, MOST_SECONDS)
    limit(resource.RLIMIT_CORE, 0)
    json.dump(inventory(sys.argv[1]), sys.stdout, separators=(",", ":"))
