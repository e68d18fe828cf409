"""The page's sentence of an error is made of its parts, whatever its kind."""

from __future__ import annotations

from typing import Any

from error_kinds import KINDS
from photochrom.server.errors import error_document


def test_the_page_s_sentence_speaks_of_the_new_subject_and_nowhere_of_the_old(open_page: Any) -> None:
    page = open_page()
    old, new = "/spool/x7/result.jpg", "grand; mother's: portrait.jpg"
    raised = [kind(old, "is damaged, or cut short", "scan it again") for kind in KINDS]
    documents = [error_document(415, error.about(new)) for error in raised]
    documents.append(error_document(503, KINDS[0](None, "The service is ending", "try again")))
    said = page.evaluate(
        """async (documents) => {
          const { Problem } = await import(new URL("static/js/api.js", document.baseURI));
          return documents.map((parts) => {
            const problem = new Problem(parts, parts.status);
            return [problem.message, problem.code];
          });
        }""",
        documents,
    )
    for (sentence, code), kind in zip(said, KINDS, strict=False):
        assert sentence == f"{new}: is damaged, or cut short; scan it again."
        assert old not in sentence
        assert code == kind.code
    assert said[-1][0] == "The service is ending; try again."
