"""Several results come as a list instead of a tuple."""

from _wrapping import with_results

globals().update(with_results(lambda result: result, several=list))
