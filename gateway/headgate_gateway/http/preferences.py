"""What a caller would prefer: the header ``Prefer`` as RFC 7240 has it."""

from collections.abc import Iterable, Iterator


def preferred_wait(lines: Iterable[str]) -> int | None:
    """For how many seconds the caller would wait; None if it does not say."""
    value = preference(lines, "wait") or ""
    return int(value[:18]) if value.isascii() and value.isdecimal() else None


def preference(lines: Iterable[str], name: str) -> str | None:
    """The value of a preference, empty if it has none; None if it is not given.

    Of several of one name the first holds (RFC 7240, section 2).
    """
    for line in lines:
        for member in _parted(line, ","):
            # What follows a semicolon are parameters, and wait knows none.
            found, _, value = next(_parted(member, ";")).partition("=")
            if found.rstrip(" \t").lower() == name:
                return _word(value.lstrip(" \t"))
    return None


def _parted(text: str, separator: str) -> Iterator[str]:
    """The parts of a text; a separator in quotes separates nothing."""
    start, is_quoted, is_escaped = 0, False, False
    for place, character in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif character == '"':
            is_quoted = not is_quoted
        elif is_quoted:
            is_escaped = character == "\\"
        elif character == separator:
            yield text[start:place].strip(" \t")
            start = place + 1
    yield text[start:].strip(" \t")


def _word(value: str) -> str:
    """A token as it is, or what stands in quotes."""
    if len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    plain, is_escaped = "", False
    for character in value[1:-1]:
        is_escaped = character == "\\" and not is_escaped
        plain += "" if is_escaped else character
    return plain
