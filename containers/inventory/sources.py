"""Finds the Python files of a project and parses them: nothing of them is ever imported or run."""
import ast
import os
import stat
import warnings

MOST_FILES = 3000
MOST_BYTES = 1_000_000
MOST_BYTES_IN_ALL = 30_000_000
SECONDS_PER_FILE = 20
NOT_OURS = {"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist", "docs", "tests", "test"}


def files(root, endings):
    """Regular files below a folder, in order of their names; no link is followed, so nothing outside is read."""
    for folder, folders, names in os.walk(root, onerror=lambda error: None):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and name[0] not in "._")
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(endings) and not name.startswith(("test_", "conftest")) and stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def load(root, endings=(".py",)):
    """Contents by path relative to the root, and what was not read, with the reason."""
    texts, failed, total = {}, [], 0
    for path in files(root, endings):
        name = os.path.relpath(path, root).encode("utf-8", "replace").decode()
        size = os.lstat(path).st_size
        total += size
        if size > MOST_BYTES:
            failed.append({"file": name, "reason": f"larger than {MOST_BYTES} bytes"})
        elif len(texts) >= MOST_FILES or total > MOST_BYTES_IN_ALL:
            failed.append({"file": name, "reason": "the project has more source than is read"})
            break
        else:
            try:
                with open(path, "rb") as file:
                    texts[name] = file.read(MOST_BYTES)
            except OSError as error:
                failed.append({"file": name, "reason": error.strerror or "cannot be read"})
    return texts, failed


def parse_all(texts):
    """Syntax trees by path. A file that breaks or hangs the parser does so in a child process first."""
    warnings.simplefilter("ignore")
    names, failed = list(texts), []
    for name in _deadly(names, texts):
        failed.append({"file": name, "reason": "the parser did not survive it"})
        names.remove(name)
    trees = {}
    for name in names:
        try:
            trees[name] = ast.parse(texts[name])
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            failed.append({"file": name, "reason": _reason(error)})
    return trees, failed


def _reason(error):
    line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    return f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"[:200] + line


def _deadly(names, texts):
    """Those at which a child that parses them all in turn dies; the next child goes on after each."""
    import signal

    dead, index = [], 0
    while index < len(names):
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            for position in range(index, len(names)):
                os.write(writes, b".")
                signal.alarm(SECONDS_PER_FILE)
                try:
                    ast.parse(texts[names[position]])
                except BaseException:
                    pass
            os._exit(0)
        os.close(writes)
        begun = 0
        while chunk := os.read(reads, 65536):
            begun += len(chunk)
        os.close(reads)
        if os.waitpid(child, 0)[1] == 0:
            return dead
        dead.append(names[index + begun - 1])
        index += begun
    return dead
