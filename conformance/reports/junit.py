"""The report as JUnit's XML, which every CI system reads."""

from __future__ import annotations

from xml.etree import ElementTree

from conformance.deviations import accepted
from conformance.outcome import CONFORMS, FAILS, RequirementResult
from conformance.report import ACCEPTED, Report, printable


def as_junit(report: Report) -> str:
    """Return the report as JUnit's XML: a suite an operator, a test case a requirement."""
    suites = ElementTree.Element("testsuites", name=f"refcnn verify {printable(report.target)}")
    for operator in report.operators:
        results = operator.requirements
        statuses = [report.status(result) for result in results]
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=operator.operator,
            tests=str(len(results)),
            failures=str(statuses.count(FAILS)),
            skipped=str(sum(status not in (FAILS, CONFORMS) for status in statuses)),
            errors="0",
            time=f"{operator.seconds:.3f}",
        )
        for result in results:
            _add_test_case(suite, report, operator.operator, result)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add_test_case(suite: ElementTree.Element, report: Report, operator: str, result: RequirementResult) -> None:
    status = report.status(result)
    case = ElementTree.SubElement(suite, "testcase", classname=f"conformance.{operator}", name=result.requirement)
    if status == FAILS:
        for failure in result.failures:
            element = ElementTree.SubElement(case, "failure", message=printable(failure.violation.message))
            element.text = printable(f"{result.sentence}\n{_looks_like(result)}{failure.case.to_json()}")
    elif status == ACCEPTED:
        ElementTree.SubElement(case, "skipped", message=printable(accepted(report.deviations[result.requirement])))
    elif status != CONFORMS:
        ElementTree.SubElement(case, "skipped", message=status)


def _looks_like(result: RequirementResult) -> str:
    return f"looks like: {result.diagnosis}\n" if result.diagnosis else ""
