"""The article's ladder of experiments: its runs, its findings computed again, and the report that shows them."""

from __future__ import annotations

from photochrom.errors import require_extra
from photochrom.openmp import limit_spinning

limit_spinning()  # before PyTorch loads
with require_extra("train", "The study"):
    from photochrom.study.activations import Layer, trace_layers
    from photochrom.study.findings import Finding, compute_findings
    from photochrom.study.ladder import PlannedRun, plan_study, run_ladder
    from photochrom.study.report import write_report
    from photochrom.study.results import RunResult, read_runs
    from photochrom.study.study import StudyResult, run_study

__all__ = [
    "Finding",
    "Layer",
    "PlannedRun",
    "RunResult",
    "StudyResult",
    "compute_findings",
    "plan_study",
    "read_runs",
    "run_ladder",
    "run_study",
    "trace_layers",
    "write_report",
]
