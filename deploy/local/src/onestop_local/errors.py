"""What can go wrong on one machine, said so that a person knows what to do."""


class LocalError(Exception):
    """Something the person at the terminal has to know or do.

    Attributes:
        advice: what to do about it; may be empty.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice
