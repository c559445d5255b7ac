#!/usr/bin/env python3
"""g++ 12.2 destroys closure and aggregate temporaries twice when they stand in one full-expression with co_await.

So: one co_await a statement, and beside it no lambda literal and no braced initialiser; nor a capturing lambda that is
itself a coroutine. Usage: coroutines.py ROOT | coroutines.py --self-test
"""
import pathlib
import re
import sys

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def statements(text):
    """(line, statement) for each stretch between ; and braces that open or close a block."""
    line, start, current = 1, 1, ""
    depth = 0
    for c in text:
        if not current.strip():
            start = line
        current += c
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == ";" and depth <= 0:
            yield start, current
            current, depth = "", 0
        if c == "\n":
            line += 1
    yield start, current


def complaints(name, text):
    text = TEXT.sub(blank, COMMENT.sub(blank, text))
    for line, statement in statements(text):
        # What precedes the last block brace belongs to an enclosing block, not to this expression.
        at = statement.find("co_await")
        if at < 0:
            continue
        head = max(statement.rfind("{", 0, at), statement.rfind("}", 0, at))
        before, expression = statement[: head + 1], statement[head + 1 :]
        where = f"{name}:{line + before.count(chr(10))}"
        if expression.count("co_await") > 1:
            yield f"{where}: more than one co_await in a statement"
        if re.search(r"\[[^\]\[]*\]\s*(\([^)]*\)\s*)?(mutable\s*)?(->\s*[\w:<>, ]+\s*)?\{", expression):
            yield f"{where}: a lambda literal beside co_await; name it first"
        elif re.search(r"[\w>,(]\s*\{", expression):
            yield f"{where}: a braced initialiser beside co_await; name it first"
        elif "?" in expression:
            yield f"{where}: co_await in a conditional expression; use if and else"


def self_test():
    bad = [
        "co_await f([p=std::move(p)]{ g(p); });",
        "co_await f(opts{.a = s});",
        "co_await f({.a = s});",
        "auto x = co_await a() + co_await b();",
        "auto x = c ? co_await a() : b();",
    ]
    good = ["auto n = co_await s.async_read(b, t);", "if (ok) { co_await f(x); }", 'co_await f("{?");', "co_return x;"]
    for statement in bad:
        if not list(complaints("x", "void f() { " + statement + " }")):
            sys.exit(f"not found: {statement}")
    for statement in good:
        if list(complaints("x", "void f() { " + statement + " }")):
            sys.exit(f"wrongly found: {statement}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        root = pathlib.Path(sys.argv[1])
        found = [
            complaint
            for layer in ("engine", "storage", "handlers", "perf")
            for path in sorted((root / layer).rglob("*.[ch]pp"))
            for complaint in complaints(path.relative_to(root), path.read_text())
        ]
        print("\n".join(found))
        sys.exit(1 if found else 0)
