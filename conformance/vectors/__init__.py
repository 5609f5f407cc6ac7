"""Test vectors: calls with their right answers and allowed errors in files, for implementations in any language.

``VECTORS.md`` says what is in the files and how to use them; ``refcnn vectors`` writes and checks them.
"""

from conformance.vectors.choice import Choice
from conformance.vectors.export import export
from conformance.vectors.folder import Export, VectorsError, read_export
from conformance.vectors.results import Results, ResultsError, read_results
from conformance.vectors.verdict import Verdict, judge_results

__all__ = [
    "Choice",
    "Export",
    "Results",
    "ResultsError",
    "VectorsError",
    "Verdict",
    "export",
    "judge_results",
    "read_export",
    "read_results",
]
