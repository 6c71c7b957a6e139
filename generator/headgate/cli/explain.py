"""`headgate explain`."""

from __future__ import annotations

from difflib import get_close_matches

import click


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Say what the CODE of a diagnostic means and what to do about it.

    Without CODE, list all codes.
    """
    from headgate.diagnostics import explanations

    known = explanations()
    if code is None:
        width = max(map(len, known))
        for each, paragraph in known.items():
            click.echo(f"{each:<{width}}  {_first_sentence(paragraph)}")
        return
    if code not in known:
        near = get_close_matches(code, known, n=3, cutoff=0.5)
        also = f"; near it: {', '.join(near)}" if near else ""
        raise click.UsageError(f"no diagnostic has the code {code!r}{also}")
    click.echo(f"{code}\n\n{known[code]}")


def _first_sentence(paragraph: str) -> str:
    text = " ".join(paragraph.split())
    return text.partition(". ")[0].rstrip(".")
