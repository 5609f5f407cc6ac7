"""What is raised for data that cannot be had, or cannot be trusted."""


class DataError(RuntimeError):
    """A file of digits is missing, damaged, of another format, or cannot be downloaded.

    Examples
    --------
    >>> raise refusal("labels.gz", "a file of 60000 labels", 59999)
    Traceback (most recent call last):
        ...
    refcnn.mnist.error.DataError: refcnn.mnist: labels.gz must be a file of 60000 labels, got 59999
    """


def refusal(subject: object, rule: str, got: object, advice: str = "") -> DataError:
    """Word the error of data that break their rule, with what to do about it."""
    return DataError(f"refcnn.mnist: {subject} must be {rule}, got {got}" + (f"; {advice}" if advice else ""))


def require_data(holds: bool, subject: object, rule: str, got: object, advice: str = "") -> None:
    """Refuse data that break their rule."""
    if not holds:
        raise refusal(subject, rule, got, advice)
