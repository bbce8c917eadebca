"""Errors that end a command with exit status 1."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A command that was refused: a stable code, a sentence, and the API's own answer where it gave one."""

    def __init__(self, code: str, sentence: str, problem: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.problem = problem


def from_problem(problem: dict[str, Any], retry_after: str | None = None) -> Refused:
    """A refusal out of problem+json; what is wrong with single fields follows on lines of their own."""
    sentence = str(problem.get("detail") or problem.get("title") or "The request was refused.")
    if retry_after and retry_after.isdigit():
        sentence += f" Try again in {retry_after} s."
    for error in problem.get("errors") or []:
        if error.get("detail") != problem.get("detail"):
            sentence += f"\n  {error.get('field')}: {error.get('detail')}"
    return Refused(str(problem["code"]), sentence, problem)
