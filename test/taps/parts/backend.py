"""Builds a project of one module with the standard library alone."""
import os
import re
import zipfile

ROOT = os.path.dirname(os.path.abspath(__file__))


def get_requires_for_build_editable(config_settings=None):
    return []


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    with open(os.path.join(ROOT, "pyproject.toml")) as file:
        text = file.read()
    name = re.search(r'^name = "(.+)"', text, re.M).group(1)
    script, entry = re.search(r'^([\w-]+) = "(\w+:\w+)"', text, re.M).groups()
    python = re.search(r'^requires-python = "(.+)"', text, re.M).group(1)
    package = name.replace("-", "_")
    info = package + "-1.0.dist-info/"
    files = {
        package + ".pth": ROOT + "\n",
        info + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\nRequires-Python: %s\n" % (name, python),
        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        info + "entry_points.txt": "[console_scripts]\n%s = %s\n" % (script, entry),
    }
    files[info + "RECORD"] = "".join("%s,,\n" % one for one in list(files) + [info + "RECORD"])
    wheel = package + "-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel
