"""What the article did and what it reported: the figures that a study is held against.

George Kamtziridis, "Building an Image Colorization Neural Network — Part 4: Implementation", 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ARTICLE", "ARTICLE_NETWORKS", "DEV_TIMES", "FINAL_TIMES", "LEARNING_RATES", "ReportedTime"]

ARTICLE = 'George Kamtziridis, "Building an Image Colorization Neural Network — Part 4: Implementation"'

ARTICLE_NETWORKS = ("article-1", "article-2", "article-3", "article-4", "article-5", "article-6")

LEARNING_RATES = (0.001, 0.01, 0.0001)
"""In the order in which a study takes them: Adam's usual rate first, so that it says most where time is short."""


@dataclass(frozen=True)
class ReportedTime:
    """How long a training took the article.

    Attributes:
        machine: what it ran on, as far as the article says.
        seconds: that it took.
    """

    machine: str
    seconds: float


DEV_TIMES = (ReportedTime("a GPU on Google Colab", 40 * 60), ReportedTime("an Intel i5-4690K", 2.5 * 3600))
"""One training on the dev set: 200 photos for 200 epochs."""

FINAL_TIMES = (ReportedTime("the article's machine", 3 * 24 * 3600),)
"""The final run: 2,000 photos for 300 epochs."""
