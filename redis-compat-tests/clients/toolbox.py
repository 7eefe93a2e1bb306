"""What the drivers of clients and software share: a cache outside the tree, commands under a time limit, stamps.

Whatever a client needs that is not in the tree (installed libraries, compiled programs) lives in the cache folder, so
that a second run is quick. A stamp holds the hash of the files that an installation was made from.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

SETUP_LIMIT_S = 600


class Unavailable(Exception):
    """The client cannot be had here (no tool, no registry); the message says why. Its checks are skipped."""


class Broken(Exception):
    """The client is here, but our program for it does not build; that is a failure."""


def cache_folder(name):
    """The folder of one client under the user's cache, made when missing."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(base) / "usher-clients" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tool(*names):
    """The path of the first of these programs that is installed."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise Unavailable("no %s" % " or ".join(names))


def run_tool(command, error, folder=None, env=None, limit_s=SETUP_LIMIT_S):
    """Run a command of the set-up to its end; `error` is raised with its last words when it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise error("%s took more than %d s" % (_called(command), limit_s)) from late
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise error("%s ended with %d: %s" % (_called(command), done.returncode, _last_words(text, error)))
    return text


def _called(command):
    return " ".join([os.path.basename(str(command[0])), *map(str, command[1:3])])


def _last_words(text, error):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return "\n".join(lines[-30:]) if error is Broken else (telling[0][:200] if telling else "it said nothing")


def once(folder, sources, make):
    """Call make() unless it has succeeded before in this folder from files with the same content."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(pathlib.Path(source).read_bytes() + b"\0")
    stamp = pathlib.Path(folder) / "stamp"
    if stamp.is_file() and stamp.read_text() == digest.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    make()
    stamp.write_text(digest.hexdigest())
