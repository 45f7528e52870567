"""Loaded by Python before the plugin (as sitecustomize): notes what a log does not tell, and changes nothing else.

Each HTTP answer (method, host, path, status) and each value that an SDK turned into a boolean becomes a line of JSON in
the file that SIGNALBOX_TRACE names. With SIGNALBOX_MOCK=port every connection goes to that port of this machine instead.
"""
import http.client
import importlib.machinery
import json
import os
import sys

TRACE = os.environ.get("SIGNALBOX_TRACE")
MOCK = int(os.environ.get("SIGNALBOX_MOCK") or 0)
CONFORMING = ("singer_sdk.helpers._typing", "hotglue_singer_sdk.helpers._typing")


def note(**fields):
    try:
        with open(TRACE, "a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")
    except Exception:
        pass


def watch_http():
    request, answer = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse

    def putrequest(self, method, url, *args, **kwargs):
        self._signalbox = (method, getattr(self, "host", ""), str(url).split("?")[0])
        return request(self, method, url, *args, **kwargs)

    def getresponse(self, *args, **kwargs):
        response = answer(self, *args, **kwargs)
        method, host, path = getattr(self, "_signalbox", ("", "", ""))
        note(method=method, host=host, path=path[:200], status=response.status)
        return response

    http.client.HTTPConnection.putrequest = putrequest
    http.client.HTTPConnection.getresponse = getresponse


def redirect(port):
    import socket
    import ssl

    connect = socket.socket.connect

    def to_mock(self, address):
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        return connect(self, ("127.0.0.1", port) if inet else address)

    def resolve(host, service, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    socket.socket.connect = to_mock
    socket.getaddrinfo = resolve
    ssl.SSLContext.wrap_socket = lambda self, sock, *args, **kwargs: sock
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        os.environ.pop(name, None)


class Conforming:
    """Finds the SDK's module as usual, and wraps its one function once it is loaded."""

    def find_spec(self, name, path=None, target=None):
        if name not in CONFORMING:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and spec.loader:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: (load(module), wrap(module))
        return spec


def wrap(module):
    conform = getattr(module, "conform_record_data_types", None)
    if conform is None:
        return

    def conforming(*args, **kwargs):
        # One SDK names its arguments, the other does not, and they call the record differently.
        given = [one for one in (*args, *kwargs.values()) if isinstance(one, (str, dict))]
        stream_name, record = (given + ["", {}])[:2]
        before = dict(record) if isinstance(record, dict) else {}
        result = conform(*args, **kwargs)
        after = result[0] if isinstance(result, tuple) else result
        for name, value in (after if isinstance(after, dict) else {}).items():
            was = before.get(name)
            if isinstance(value, bool) and was is not None and was not in (0, 1):
                note(coerced=stream_name, name=name, was=type(was).__name__)
        return result

    module.conform_record_data_types = conforming


if TRACE:
    try:
        watch_http()
        sys.meta_path.insert(0, Conforming())
        if MOCK:
            redirect(MOCK)
    except Exception as error:
        print("signalbox hook: %s" % error, file=sys.stderr)
