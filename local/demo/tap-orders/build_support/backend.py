"""Builds this package with the standard library alone, so that it installs where no package index is reachable."""

import base64
import hashlib
import os
import re
import zipfile

NAME = "tap-orders"
PACKAGE = "tap_orders"
SCRIPTS = {"tap-orders": "tap_orders.cli:main"}

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    folder = os.path.join(ROOT, PACKAGE)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    return write_wheel(wheel_directory, {PACKAGE + "/" + name: read(PACKAGE, name) for name in names})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return write_wheel(wheel_directory, {"__editable__%s.pth" % PACKAGE: ROOT + "\n"})


def write_wheel(directory, files):
    version = re.search(r'__version__ = "(.+)"', read(PACKAGE, "__init__.py")).group(1)
    info = "%s-%s.dist-info/" % (PACKAGE, version)
    scripts = "".join("%s = %s\n" % pair for pair in SCRIPTS.items())
    files = dict(files)
    files[info + "METADATA"] = "Metadata-Version: 2.1\nName: %s\nVersion: %s\nRequires-Python: >=3.9\n" % (NAME, version)
    files[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[info + "entry_points.txt"] = "[console_scripts]\n" + scripts
    files[info + "RECORD"] = "".join(record(name, text) for name, text in files.items()) + info + "RECORD,,\n"
    wheel = "%s-%s-py3-none-any.whl" % (PACKAGE, version)
    with zipfile.ZipFile(os.path.join(directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def record(name, text):
    data = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return "%s,sha256=%s,%d\n" % (name, digest, len(data))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()
