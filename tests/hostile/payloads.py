"""Texts that break out of some context if nobody encodes them, and their twins.

`MARK` stands for a word that tells one payload from all others; it is also the name
of the file that the payload's code would make if it ran: the canary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final

MARK: Final = "MARK"

_PYTHON: Final = "__import__('pathlib').Path('MARK').touch()"
_NODE: Final = "process.getBuiltinModule('fs').writeFileSync('MARK','')"
_RUST: Final = 'std::fs::write("MARK","").unwrap();'
_SHELL: Final = "touch MARK"

_TOKEN: Final = frozenset(ascii_letters + digits + "!#$%&'*+-.^_`|~")

TEMPLATES: Final = (
    # Python: strings, docstrings, comments, interpolation, continuation.
    f'"\n{_PYTHON}\n"',
    f"'\n{_PYTHON}\n'",
    f'"""\n{_PYTHON}\n"""',
    f"'''\n{_PYTHON}\n'''",
    f'\\"""\n{_PYTHON}\n"""',
    f'MARK"; {_PYTHON}; "',
    f"MARK'; {_PYTHON}; '",
    f"MARK\n{_PYTHON}\n",
    f"MARK\r{_PYTHON}\r",
    f"MARK\x0c\n{_PYTHON}",
    f"MARK\x85{_PYTHON}",
    f"{{{_PYTHON}}} MARK",
    f"{{{{{_PYTHON}}}}} {{% raw %}} MARK",
    "MARK ends in a backslash\\",
    "MARK ends in two\\\\",
    'MARK ends in a quote"',
    'MARK ends in three quotes"""',
    "MARK\\N{NULL}\\x41\\u0041\\101",
    f"] = {_PYTHON}  # MARK",
    f"MARK: str = {_PYTHON}",
    # TypeScript: comments, strings, templates, casts, separators, HTML.
    f"*/ {_NODE}; /* MARK",
    f"*/}}; {_NODE}; const MARK = {{/*",
    f"* / */\n{_NODE}\n/** MARK",
    f"${{{_NODE}}} MARK",
    f"`; {_NODE}; `MARK",
    f"MARK\u2028{_NODE}",
    f"MARK\u2029{_NODE}",
    f"</script><script>{_NODE}</script> MARK",
    f'"; {_NODE}; const MARK = "',
    f"'; {_NODE}; const MARK = '",
    f"MARK = {_NODE} as unknown",
    f"MARK: {_NODE}, [{_NODE}]: 1",
    "@ts-nocheck MARK\n// @ts-nocheck",
    "<!-- MARK --> {@link MARK} @deprecated MARK",
    # Rust: doc comments that cargo would compile, attributes, raw strings, formats.
    f"```\n{_RUST} // MARK\n```",
    f"~~~rust\n{_RUST} // MARK\n~~~",
    f"    {_RUST} // MARK\n",
    f"MARK\n\n    {_RUST}\n",
    f"> ```\n> {_RUST}\n> ``` MARK",
    f"- MARK\n\n      {_RUST}\n",
    f"```rust,should_panic\n{_RUST}\n``` MARK",
    f'"#; {_RUST} const MARK: &str = r#"',
    f'")] fn MARK() {{ {_RUST} }} #[doc = ("',
    f"*/ {_RUST} /* MARK",
    f"MARK\n{_RUST}\n///",
    '#![doc = include_str!("/etc/passwd")] MARK',
    "{MARK:?} {0} {} {{",
    # Manifests, file names, shells, Markdown, terminals.
    f'"\n[scripts]\nMARK = "{_SHELL}"\n',
    f'", "scripts": {{"postinstall": "{_SHELL}"}}, "MARK": "',
    f"$({_SHELL}) `{_SHELL}` ; {_SHELL} && {_SHELL} | MARK",
    "../../MARK/../../../etc/MARK",
    "..\\..\\MARK C:\\MARK",
    "[MARK](javascript:MARK) ![MARK](http://x.invalid/MARK) <img src=x>",
    "\x1b]0;MARK\x07\x1b[2J\x1b[31m",
    "MARK\u202eGNP\u2066 \u200b\ufeff\xad",
    "MARK\x00\x01\x08\x7f",
    "%s %(MARK)s %n ${MARK} $MARK #{MARK}",
    "\uff02\uff1bMARK\uff02 \u201cMARK\u201d \u02bc",
    "MARK-" + "A" * 3000,
)
"""More than forty, each with its mark."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One hostile text, by its number among all."""

    number: int

    def hostile(self, stem: str) -> str:
        """The text itself; `stem` begins the word that stands for the mark."""
        return TEMPLATES[self.number].replace(MARK, f"{stem}{self.number:02d}")

    def benign(self, stem: str, kept: str = "") -> str:
        """A text of the same words, and so of the same names, that breaks nothing.

        It is no identifier either: the twin is quoted where the payload is. `kept`
        are the characters that the position itself gives a meaning.
        """
        text = "".join(
            character if character.isalnum() or character in kept else " "
            for character in self.hostile(stem)
        )
        return " ".join(text.split()) + " -"

    def token(self, stem: str) -> str:
        """The text as a header's name, which still means something to most languages.

        What RFC 9110 does not let into a token is left out.
        """
        left = "".join(filter(_TOKEN.__contains__, self.hostile(stem)))
        return f"`$'{left}%s*|`~"

    def benign_token(self, stem: str) -> str:
        """A name of the same words with nothing but dashes around them."""
        return _dashed(self.token(stem))

    def benign_crate(self, stem: str) -> str:
        """A crate's name of the same words."""
        return _dashed(self.hostile(stem)).strip("-")


def _dashed(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", text)


PAYLOADS: Final = tuple(map(Payload, range(len(TEMPLATES))))
