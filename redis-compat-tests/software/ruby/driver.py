"""Sidekiq: Debian's ruby-sidekiq with the system's interpreter."""

import pathlib

from ...clients.program import Program
from ...clients.toolbox import Unavailable, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent


def from_debian():
    """The gem must be loadable by the system's interpreter."""
    ruby = tool("/usr/bin/ruby", "ruby")
    run_tool([ruby, "-e", "require 'sidekiq'"], lambda why: Unavailable("no package ruby-sidekiq"))
    return Program([ruby, HERE / "sidekiq_checks.rb"], limit_s=90)


CLIENTS = {"sidekiq": from_debian}
