#!/usr/bin/env python3
"""Writes command_docs.inc: what COMMAND DOCS of a running redis-server says, and the hand-written supplement over it.

    generate_command_docs.py --port 6379 [--host 127.0.0.1]

The supplement (command_docs_supplement.json, in our own words) adds what Redis 7.2 and Usher have and a redis-server 7.0
does not. An entry replaces the server's; with "like" it starts from the server's entry of that name, its other fields
replace, and "more_arguments" are appended. The output depends on nothing else, so running it twice changes nothing.
"""
import argparse
import json
import pathlib
import socket

FOLDER = pathlib.Path(__file__).resolve().parent
FLAGS = {"optional": "kArgOptional", "multiple": "kArgMultiple", "multiple_token": "kArgMultipleToken"}
DOC_FLAGS = {"deprecated": "kDocDeprecated", "syscmd": "kDocSyscmd"}


class Resp3:
    """The little of RESP3 that COMMAND DOCS needs."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=20)
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.read()

    def read(self):
        line = self.file.readline().rstrip(b"\r\n").decode()
        kind, rest = line[0], line[1:]
        if kind == "-":
            raise RuntimeError(rest)
        if kind == "$":
            return self.file.read(int(rest) + 2)[:-2].decode()
        if kind == "%":
            return {self.read(): self.read() for _ in range(int(rest))}
        if kind in "*~":
            return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == ":" else rest


def flatten(docs):
    """Commands and subcommands by full name, without the nesting."""
    flat = {}
    for name, doc in docs.items():
        flat.update(flatten(doc.pop("subcommands", {})))
        flat[name] = doc
    return flat


def supplemented(flat, supplement):
    for name, entry in supplement.items():
        entry = dict(entry)
        doc = dict(flat[entry.pop("like")]) if "like" in entry else {}
        more = entry.pop("more_arguments", [])
        doc.update(entry)
        if more:
            doc["arguments"] = doc.get("arguments", []) + more
        flat[name] = doc
    return flat


def text(value):
    return json.dumps(value)


def mask(names, known):
    return " | ".join(known[name] for name in names) or "0"


class Tables:
    """The three flat arrays; a parent's children stand side by side."""

    def __init__(self):
        self.arguments, self.history, self.commands = [], [], []

    def add_arguments(self, arguments):
        first = len(self.arguments)
        self.arguments += [None] * len(arguments)
        for place, argument in enumerate(arguments, first):
            children = self.add_arguments(argument.get("arguments", []))
            self.arguments[place] = self.argument_row(argument, children)
        return first, len(arguments)

    @staticmethod
    def argument_row(argument, children):
        fields = [f".name = {text(argument['name'])}", f".type = {text(argument['type'])}"]
        if "token" in argument:
            fields.append(f".token = {text(argument['token'])}")
        for field in ("since", "deprecated_since"):
            if field in argument:
                fields.append(f".{field} = {text(argument[field])}")
        if "key_spec_index" in argument:
            fields.append(f".key_spec_index = {argument['key_spec_index']}")
        if "flags" in argument:
            fields.append(f".flags = {mask(argument['flags'], FLAGS)}")
        if children[1]:
            fields.append(".arguments = {%d, %d}" % children)
        unknown = set(argument) - {"name", "type", "token", "since", "deprecated_since", "key_spec_index", "flags",
                                   "arguments"}
        assert not unknown, unknown
        return "{" + ", ".join(fields) + "},"

    def add_command(self, name, doc, supplement):
        fields = [f".name = {text(name)}"]
        for field in ("summary", "since", "group", "complexity", "deprecated_since", "replaced_by"):
            if field in doc:
                fields.append(f".{field} = {text(doc[field])}")
        if "doc_flags" in doc:
            fields.append(f".flags = {mask(doc['doc_flags'], DOC_FLAGS)}")
        if "history" in doc:
            fields.append(".history = {%d, %d}" % (len(self.history), len(doc["history"])))
            self.history += ["{%s, %s}," % (text(since), text(change)) for since, change in doc["history"]]
        if "arguments" in doc:
            fields.append(".arguments = {%d, %d}" % self.add_arguments(doc["arguments"]))
        if supplement:
            fields.append(".is_supplement = true")
        unknown = set(doc) - {"summary", "since", "group", "complexity", "deprecated_since", "replaced_by", "doc_flags",
                              "history", "arguments"}
        assert not unknown, unknown
        self.commands.append("{" + ", ".join(fields) + "},")

    def source(self):
        parts = ["// Generated by generate_command_docs.py; included by command_docs.cpp alone. Do not edit.",
                 "// clang-format off"]
        for name, kind, rows in (("kArguments", "ArgumentDoc", self.arguments),
                                 ("kHistory", "HistoryDoc", self.history),
                                 ("kCommands", "CommandDoc", self.commands)):
            parts += [f"constexpr {kind} {name}[] = {{", *("    " + row for row in rows), "};"]
        return "\n".join(parts + ["// clang-format on", ""])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, required=True)
    options = options.parse_args()
    server = Resp3(options.host, options.port)
    server.call(b"HELLO", b"3")
    supplement = json.loads((FOLDER / "command_docs_supplement.json").read_text())
    flat = supplemented(flatten(server.call(b"COMMAND", b"DOCS")), supplement)
    tables = Tables()
    for name in sorted(flat):
        tables.add_command(name, flat[name], name in supplement)
    (FOLDER / "command_docs.inc").write_text(tables.source())


if __name__ == "__main__":
    main()
