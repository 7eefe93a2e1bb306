"""Starting and stopping the servers under comparison.

Every server runs on a free loopback port in a temp folder of its own, is stopped by the pid that was started, and
dies with this process even when that is killed (PR_SET_PDEATHSIG).
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .resp import Client, NoReply

PR_SET_PDEATHSIG = 1
OPTIONS = {"bind": "127.0.0.1", "save": "", "appendonly": "no", "enable-debug-command": "yes", "loglevel": "warning"}


class CannotStart(Exception):
    """The server did not come up; the message says why."""


def free_port():
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    """For Popen's preexec_fn: the child is killed when this process ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """One server process. `name` is 'oracle' or 'target' and only used in messages."""

    def __init__(self, name, path, extra_args=(), keep=False):
        self.name, self.path, self.extra_args, self.keep = name, path, list(extra_args), keep
        self.port = self.process = self.folder = self.args = self.log_path = None

    def start(self, options=None, timeout=15.0, port=None):
        """Start, on a free port unless told one, and wait until it answers."""
        found = shutil.which(self.path)
        if not found:
            raise CannotStart("%s not found: %s" % (self.name, self.path))
        self.folder = tempfile.mkdtemp(prefix="usher-compat-%s-" % self.name)
        self.port = port or free_port()
        self.args = [os.path.abspath(found), "--port", str(self.port), "--dir", self.folder]
        for directive, value in {**OPTIONS, **(options or {})}.items():
            self.args += ["--" + directive, value]
        self.log_path = os.path.join(self.folder, "server.log")
        return self.restart(timeout)

    def restart(self, timeout=15.0, prepare=die_with_parent, restore_signals=True):
        """Start it (again) as before, in the same folder. `prepare` runs in the process before the server does."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.args + self.extra_args,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=prepare,
                restore_signals=restore_signals,
            )
        self._wait_until_up(time.monotonic() + timeout)
        return self

    def kill(self):
        """SIGKILL: a crash. The folder stays."""
        self.process.kill()
        self.process.wait(5.0)

    def _wait_until_up(self, deadline):
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                message = "%s exited with %s: %s" % (self.name, self.process.returncode, self.log_tail())
                self.stop()
                raise CannotStart(message)
            try:
                with Client(self.port, timeout=1.0) as client:
                    # Any answer will do: a young server may not know PING.
                    if not client.call("PING")[1].startswith(b"LOADING"):
                        return
            except (OSError, NoReply):
                pass
            time.sleep(0.05)
        message = "%s does not answer PING: %s" % (self.name, self.log_tail())
        self.stop()
        raise CannotStart(message)

    def alive(self):
        """False once the process has ended."""
        return self.process is not None and self.process.poll() is None

    def log_tail(self, lines=15):
        """The last lines of its log, for a failure's message."""
        try:
            with open(self.log_path, "r", errors="replace") as log:
                return "".join(log.readlines()[-lines:]).strip() or "(no log)"
        except OSError:
            return "(no log)"

    def stop(self):
        """SIGTERM, then SIGKILL; the temp folder goes unless it is to be kept."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5.0)
        if self.folder and not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
