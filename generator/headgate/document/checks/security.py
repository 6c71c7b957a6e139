"""Security: that schemes are complete, and that requirements name them."""

from __future__ import annotations

from typing import Final

from headgate.document.checks.findings import Findings, Part

NEEDS: Final = {
    "apiKey": ("name", "in"),
    "http": ("scheme",),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
    "mutualTLS": (),
}


def check_security(findings: Findings) -> None:
    """Check the schemes, then each requirement against them."""
    schemes = dict(findings.root.object("components").members("securitySchemes"))
    for name, scheme in schemes.items():
        _check_scheme(findings, name, findings.resolve(scheme))
    for owner in (findings.root, *(it.part for it in findings.operations)):
        for requirement in owner.items("security"):
            for name in requirement.value:
                if name not in schemes:
                    findings.error(
                        "unknown-security-scheme",
                        f"there is no security scheme {name!r}",
                        (*requirement.tokens, name),
                        _known(schemes),
                    )


def _check_scheme(findings: Findings, name: str, scheme: Part) -> None:
    kind = scheme.text("type")
    if kind is None:
        return
    if kind not in NEEDS:
        message = f"{kind!r} is no type of security scheme"
        known = f"known are: {', '.join(NEEDS)}"
        findings.error("bad-security-scheme", message, (*scheme.tokens, "type"), known)
        return
    for key in NEEDS[kind]:
        if key not in scheme.value:
            message = f"the {kind} scheme {name!r} needs {key!r}"
            findings.error("bad-security-scheme", message, scheme.tokens)


def _known(schemes: dict[str, Part]) -> str:
    return f"known are: {', '.join(schemes)}" if schemes else "none is declared"
