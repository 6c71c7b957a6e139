"""Security: that schemes are complete, and that requirements name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from headgate.document.checks.findings import Findings, Part

NEEDS: Final = {
    "apiKey": ("name", "in"),
    "http": ("scheme",),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
    "mutualTLS": (),
}

PLACES: Final = ("header", "query", "cookie")
"""Where the key of an `apiKey` scheme may be."""


def check_security(findings: Findings) -> None:
    """Check the schemes, then each requirement against them."""
    schemes = dict(findings.root.object("components").members("securitySchemes"))
    for name, scheme in schemes.items():
        _check_scheme(findings, name, findings.resolve(scheme))
    for owner in (findings.root, *(it.part for it in findings.operations)):
        for requirement in owner.items("security"):
            for name in requirement.value:
                if name not in schemes:
                    findings.warning(
                        "unknown-security-scheme",
                        f"there is no security scheme {name!r}; it is left out",
                        (*requirement.tokens, name),
                        _known(schemes),
                    )


def _check_scheme(findings: Findings, name: str, scheme: Part) -> None:
    kind = scheme.text("type")
    if kind is None:
        return
    left_out = "" if is_usable(scheme.value) else "; it is left out"
    if kind not in NEEDS:
        message = f"{kind!r} is no type of security scheme{left_out}"
        place = (*scheme.tokens, "type")
        known = f"known are: {', '.join(NEEDS)}"
        findings.warning("bad-security-scheme", message, place, known)
        return
    for key in NEEDS[kind]:
        if key not in scheme.value:
            message = f"the {kind} scheme {name!r} needs {key!r}{left_out}"
            findings.warning("bad-security-scheme", message, scheme.tokens)
    if kind == "apiKey" and scheme.text("in") not in (None, *PLACES):
        message = f"an API key is in header, query or cookie{left_out}"
        findings.warning("bad-security-scheme", message, (*scheme.tokens, "in"))


def is_usable(scheme: Mapping[str, object]) -> bool:
    """Whether it is known where a scheme's credential goes.

    OAuth and OpenID end in a bearer token, however one gets it.
    """
    match scheme.get("type"):
        case "apiKey":
            return isinstance(scheme.get("name"), str) and scheme.get("in") in PLACES
        case "http":
            return isinstance(scheme.get("scheme"), str)
        case kind:
            return kind in NEEDS


def _known(schemes: dict[str, Part]) -> str:
    return f"known are: {', '.join(schemes)}" if schemes else "none is declared"
