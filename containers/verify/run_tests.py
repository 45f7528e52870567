"""Runs a project's tests and writes {"framework", "tests": {id: {"outcome", "detail"}}} as JSON to the file named."""
import importlib.util
import json
import os
import sys
import unittest

DETAIL = 1500
tests = {}


def note(name, outcome, detail=""):
    known = tests.get(name)
    if known is None or known["outcome"] == "pass":
        tests[name] = {"outcome": outcome, "detail": detail[-DETAIL:]}


def name_of(test):
    name = test.id()
    failed = "unittest.loader._FailedTest."
    return "load:" + name[len(failed):] if name.startswith(failed) else name


class Result(unittest.TestResult):
    def addSuccess(self, test):
        note(name_of(test), "pass")

    def addError(self, test, err):
        note(name_of(test), "error", self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        note(name_of(test), "fail", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        note(name_of(test), "skip", reason)

    def addExpectedFailure(self, test, err):
        note(name_of(test), "pass")

    def addUnexpectedSuccess(self, test):
        note(name_of(test), "fail", "It was expected to fail and did not.")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            note(name_of(test), "fail", self._exc_info_to_string(err, test))


class Plugin:
    def pytest_collectreport(self, report):
        if report.failed:
            module = report.nodeid.replace(os.sep, ".").replace("/", ".")
            note("load:" + (module[:-3] if module.endswith(".py") else module), "error", str(report.longrepr))

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.replace(".py::", "::").replace("/", ".").replace("::", ".")
        if report.failed:
            note(name, "fail" if report.when == "call" else "error", str(report.longrepr))
        elif report.skipped:
            note(name, "skip")
        elif report.when == "call":
            note(name, "pass")


def main(result):
    sys.path.insert(0, os.getcwd())
    if importlib.util.find_spec("pytest"):
        import pytest

        pytest.main(["-q", "-p", "no:cacheprovider"], plugins=[Plugin()])
        framework = "pytest"
    else:
        package = os.path.exists(os.path.join("tests", "__init__.py"))
        start = "tests" if os.path.isdir("tests") and not package else "."
        unittest.TestLoader().discover(start).run(Result())
        framework = "unittest"
    with open(result, "w", encoding="utf-8") as file:
        json.dump({"framework": framework, "tests": tests}, file)


# Popped: what is tested is not told where the report goes.
main(sys.argv.pop())
