"""From a TOML text that cannot be read to all that is wrong with it: headers and ``key = value``, one by one."""

from __future__ import annotations

import re

from .document import Source
from .places import DEEPEST, TOO_DEEP
from .scan import Scan, quoted
from .toml_help import help_after, help_odd
from .toml_keys import ASSIGNED, KEY, KEYS, VALUE_BEGINS, blank_end, is_header, key_is_good
from .toml_values import comment, value

_BLANKS = re.compile(r"[ \t\r\n]*")
_HEADER = re.compile(rf"(\[\[?)[ \t]*({KEYS.pattern})[ \t]*(\]\]?)(?!\])")
_LOOSE_HEADER = re.compile(rf"(\[+)[ \t]*({KEYS.pattern})?[ \t]*([\])}}]*)")
_ALONE = re.compile(r"[ \t]*(?:#|\r?\n|\Z)")
_EQUALS = re.compile(r"""[^"'#=\r\n]*=(?!=)""")
_ANY_EQUALS = re.compile(r"[^=\r\n]*=")
_CLOSERS_ALONE = re.compile(r"[ \t\]})]+(?=,?[ \t]*(?:#|\r?\n|\Z))")
_JSON_BEGINS = re.compile(r"""\{\s*(?:"|\})""")
# A line in which nothing can be wrong, as nearly all are: a bare key and a plain value.
_PLAIN_LINE = re.compile(
    r"""[A-Za-z0-9_-]+[ \t]*=[ \t]*(?:"[^"\\\x00-\x1f\x7f]*"|-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?|true|false)"""
    r"""[ \t]*(?=\r?\n|\Z)"""
)
_LONE_RETURN = re.compile(r"\r(?!\n)")


def scan_toml(source: Source, trusted: bool) -> Scan:
    """All that is wrong with a TOML text, and the edits after which the rest can be read.

    ``trusted`` says that tomli could read it: then no bracket or quote is missing, and only what tomli takes
    beyond the language is looked for. The edits are for the text of the scan, in which each carriage return
    that stood alone is a line feed.
    """
    text = source.text
    lone = _LONE_RETURN.search(text)
    scan = Scan(source, "E002", trusted)
    if lone:
        # Read on as if they were line breaks: one finding for all of them.
        scan = Scan(Source(source.path, _LONE_RETURN.sub("\n", text)), "E002", trusted)
        scan.report(
            lone.start(),
            lone.end(),
            "expected a line break, found a carriage return alone",
            "save the file with the line ends of Linux (LF) or Windows (CRLF)",
        )
    _Lines(scan).run()
    return scan


class _Lines:
    """The way through the lines of one text."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.text = scan.text
        self.section = -1  # where the header stands that the lines belong to
        self.muted: tuple[str, ...] | None = None  # the path of a header that could not be read
        self.quiet = False  # whether a bracket was missing, so that loose ends are no news

    def run(self) -> None:
        scan, text = self.scan, self.text
        at = _end(_BLANKS, text, 0)
        if _JSON_BEGINS.match(text, at):
            scan.report(
                at,
                at + 1,
                "expected TOML, found what looks like JSON",
                "give the file a name that ends in .json, or write it as TOML: key = value",
            )
            self._drop_rest(at)
            return
        while at < len(text):
            if scan.full:
                self._drop_rest(at)
                return
            if text[at] == "#":
                end = scan.line_end(at)
                comment(scan, at, end)
                at = _end(_BLANKS, text, end)
                continue
            mark, begun = len(scan.edits), at
            found = _PLAIN_LINE.match(text, at) if self.muted is None else None
            if found:
                self.quiet = False
                at = _end(_BLANKS, text, found.end())
                continue
            scan.abandoned = scan.resumed = False
            scan.margin = at - (text.rfind("\n", 0, at) + 1)
            at = self._header(at) if text[at] == "[" else self._pair(at)
            if self.muted is not None:
                del scan.edits[mark:]
                scan.edits.append((begun, at, ""))
            if scan.gave_up():
                self.quiet = True
            at = _end(_BLANKS, text, max(at, begun + 1))

    def _drop_rest(self, at: int) -> None:
        self.scan.edits.append((at, len(self.text), ""))
        self.scan.headers.append((at, ()))
        self.scan.damaged.add(-1)

    # ------------------------------------------------------------- headers

    def _header(self, start: int) -> int:
        scan, text = self.scan, self.text
        found = _HEADER.match(text, start)
        if found and len(found[1]) == len(found[3]):
            if not key_is_good(scan, found[2], found.start(2)):
                return self._lose_header(start, found[2], told=True)
            self._enter(start, found[2])
            return self._after_header(found.end())
        loose = _LOOSE_HEADER.match(text, start)
        if loose and loose[2] and _ALONE.match(text, loose.end()) and not self.quiet:
            # The name can be read, the brackets around it do not pair.
            path = loose[2]
            double = len(loose[1]) > 1 or f"[[{path}]]" in text
            should = f"[[{path}]]" if double else f"[{path}]"
            wrong = quoted(text[start : loose.end()])
            scan.report(start, loose.end(), f"expected the header {quoted(should)}, found {wrong}", f"write {should}")
            scan.edits.append((start, loose.end(), should))
            self._enter(start, path)
            return loose.end()
        if text.startswith("[" * (DEEPEST + 1), start):
            scan.report(start, start + 1, TOO_DEEP, "no spec needs so many; take brackets away", code="E009")
            return self._lose_header(start, None, told=True)
        return self._lose_header(start, loose[2] if loose else None)

    def _enter(self, start: int, path: str) -> None:
        names = tuple(part.group().strip("\"'") for part in re.finditer(KEY, path))
        if self.muted and len(names) > len(self.muted) and names[: len(self.muted)] == self.muted:
            return  # a table below one that could not be read
        self.muted, self.quiet, self.section = None, False, start

    def _lose_header(self, start: int, path: str | None, told: bool = False) -> int:
        """A header that cannot be read takes the lines below it along."""
        scan, text = self.scan, self.text
        end = start + len(text[start : scan.line_end(start)].split("#", maxsplit=1)[0].rstrip())
        if not self.quiet and not told:
            first = re.match(r"\[+", text[start:end])
            inner = text[start + (first.end() if first else 0) : end].strip("[] \t")
            help_ = "a header is a name in brackets: [training], [data.inputs.image], [[layers]]"
            if inner and re.fullmatch(r"[^\[\]=\"'#,{}]+", inner):
                help_ = f'write a dot between the parts of a name, or the name in quotes: "{inner}"'
            elif not inner:
                help_ = "write the name of the table between the brackets"
            scan.report(start, end, f"expected a header like `[name]`, found {quoted(text[start:end])}", help_)
        names = tuple(part.group().strip("\"'") for part in re.finditer(KEY, path or ""))
        scan.damaged.add(-1)
        scan.headers.append((start, names))
        self.muted = names
        return scan.line_end(start)

    def _after_header(self, at: int) -> int:
        scan, text = self.scan, self.text
        at = blank_end(text, at)
        if _ALONE.match(text, at):
            return at
        end = scan.line_end(at)
        rest = text[at:end]
        if ASSIGNED.match(rest) or rest[0] == "[":
            scan.report(
                at,
                at + len(rest.split("#", maxsplit=1)[0].rstrip()),
                f"expected the end of the line after the header, found {quoted(rest)}",
                "begin a new line after the header",
            )
            scan.edits.append((at, at, "\n"))
            return at
        scan.report(
            at,
            at + max(len(rest.split("#", maxsplit=1)[0].rstrip()), 1),
            f"expected the end of the line after the header, found {quoted(rest)}",
            "take it away; a comment begins with #",
        )
        scan.edits.append((at, end, ""))
        return end

    # --------------------------------------------------------------- pairs

    def _pair(self, start: int) -> int:
        scan, text = self.scan, self.text
        keys = KEYS.match(text, start)
        if keys is None:
            return self._odd_line(start, None)
        path = keys.group()
        if path.count(".") >= DEEPEST and len(re.findall(KEY, path)) > DEEPEST:
            scan.report(
                start,
                keys.end(),
                f"expected at most {DEEPEST} tables inside each other, found a key of more parts",
                "use fewer dots",
                code="E009",
            )
            scan.damaged.add(self.section)
            end = scan.line_end(start)
            scan.edits.append((start, end, ""))
            return end
        at = blank_end(text, keys.end())
        char = text[at : at + 1]
        if char == ":" and _ALONE.match(text, at + 1) and self._value_below(at + 1) < 0:
            help_ = f"a table begins with a header: [{path}]; a value is written {path} = …"
            scan.report(at, at + 1, "expected `=` and a value after the key, found `:` alone", help_)
            scan.edits.append((at, at + 1, "=0"))
            scan.holes.add(at)
            return at + 1
        if char == ":" and text[at + 1 : at + 2] != "=":
            scan.report(at, at + 1, "expected `=` after the key, found `:`", "write `=` between key and value")
            scan.edits.append((at, at + 1, "="))
        elif char == ":":
            scan.report(at, at + 2, "expected `=` after the key, found `:=`", "write `=` between key and value")
            scan.edits.append((at, at + 1, ""))
            at += 1
        elif char != "=":
            if at > keys.end() and VALUE_BEGINS.match(text, at) and not _EQUALS.match(text, at):
                scan.report(
                    keys.end(),
                    at,
                    f"expected `=` after the key `{path}`, found the value at once",
                    "write `=` between key and value",
                )
                scan.edits.append((keys.end(), keys.end(), "="))
                at -= 1
            else:
                return self._odd_line(start, keys.end())
        if not key_is_good(scan, path, start):
            return self._drop_pair(start, at + 1)
        self.quiet = False
        return self._value(at + 1)

    def _value(self, at: int) -> int:
        scan, text = self.scan, self.text
        after = at
        at = blank_end(text, at)
        if text[at : at + 1] == "=":
            scan.report(at, at + 1, "expected a value after `=`, found `=` again", "write `=` once")
            scan.edits.append((at, at + 1, ""))
            after, at = at + 1, blank_end(text, at + 1)
        if _ALONE.match(text, at):
            below = self._value_below(at)
            if below < 0:
                scan.report(
                    after - 1,
                    after,
                    "expected a value after `=`, found the end of the line",
                    'write a value: a number, true, false, "text", a list […] or a table {…}',
                )
                scan.edits.append((after, after, "0"))
                scan.holes.add(after)
                return scan.line_end(at) if text[at : at + 1] != "#" else at
            scan.report(
                after - 1,
                after,
                "expected a value after `=`, found the end of the line",
                "begin the value on the line of its key",
            )
            scan.edits.append((at, below, ""))
            at = below
        mark = len(scan.edits)
        # Brackets of one statement are none of another's.
        scan.brackets.clear()
        end = value(scan, at, 0, "line")
        lost = text[at:end] if at in scan.holes else ""
        if sum(map(lost.count, "([{")) > sum(map(lost.count, ")]}")):
            self.quiet = True  # what it opens goes on below
        return end if scan.gave_up() else self._after_value(mark, at, end)

    def _value_below(self, at: int) -> int:
        """Where the value begins that was put on the next line, or -1."""
        text = self.text
        line = text.find("\n", at) + 1
        if not line:
            return -1
        begin = blank_end(text, line)
        char = text[begin : begin + 1]
        if not char or char not in "[{\"'" or is_header(text, line) or ASSIGNED.match(text, begin):
            return -1
        return begin

    def _after_value(self, mark: int, begun: int, at: int) -> int:
        scan, text = self.scan, self.text
        at = blank_end(text, at)
        if _ALONE.match(text, at):
            return at
        stop = scan.line_end(at)
        rest = text[at:stop]
        bare = rest.split("#", maxsplit=1)[0].rstrip()
        end = at + max(len(bare), 1)
        message = f"expected the end of the line after the value, found {quoted(bare or rest)}"
        keep = True
        if bare in (",", ";"):
            help_ = f"take the {'comma' if bare == ',' else 'semicolon'} away; lines end without one"
        elif rest.startswith("//"):
            help_, end = "a comment begins with #", stop
        elif ASSIGNED.match(text, at) and at > begun:
            scan.report(at, end, message, "begin a new line for each key")
            scan.edits.append((at, at, "\n"))
            return at
        elif _CLOSERS_ALONE.fullmatch(bare):
            help_ = "take it away: nothing is open that it could close"
        else:
            keep, help_ = False, help_after(text, begun, at, rest)
            if len(bare) < len(rest) and (bare.count('"') % 2 or bare.count("'") % 2):
                end = at + len(rest.rstrip())
        if keep:
            scan.report(at, end, message, help_)
            scan.edits.append((at, end, ""))
            return end
        scan.report(at, end, message, help_)
        scan.fill(mark, begun, end)
        return end

    # ------------------------------------------------------------ odd lines

    def _odd_line(self, start: int, key_end: int | None) -> int:
        """A line that does not begin with ``key =``; whatever it meant to say is lost."""
        scan, text = self.scan, self.text
        stop = scan.line_end(start)
        line = text[start:stop]
        bare = line.split("#", maxsplit=1)[0].rstrip() or line
        equals = _EQUALS.match(text, start) or _ANY_EQUALS.match(text, start)
        closers = _CLOSERS_ALONE.match(text, start)
        if self.quiet and equals is None:
            pass  # what is left of a list whose bracket was missing
        elif closers:
            scan.report(
                start,
                closers.end(),
                f"expected `key = value` or `[header]`, found {quoted(closers.group())}",
                "take it away: nothing is open that it could close",
            )
            scan.edits.append((start, stop, ""))
            return stop
        else:
            message = f"expected `key = value` or `[header]`, found {quoted(bare)}"
            scan.report(start, start + len(bare), message, help_odd(text, start, key_end, bare, equals))
        if equals and equals.end() <= stop:
            return self._drop_pair(start, equals.end())
        scan.damaged.add(self.section)
        scan.edits.append((start, stop, ""))
        if bare.count("[") > bare.count("]") or bare.count("{") > bare.count("}"):
            self.quiet = True
        return stop

    def _drop_pair(self, start: int, at: int) -> int:
        """Take a pair away whose key cannot be read; what is wrong with its value is reported still."""
        scan = self.scan
        mark = len(scan.edits)
        if scan.findings and not self.quiet:
            scan.doubt(start)
        end = self._value(at)
        del scan.edits[mark:]
        while scan.edits and scan.edits[-1][0] >= start:
            scan.edits.pop()
        scan.edits.append((start, end, ""))
        scan.damaged.add(self.section)
        return end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
