"""What may be told of an error: its kind and its place, and no value of what was worked on."""

from itertools import islice

from pydantic import ValidationError

MOST_TOLD = 5
"""Wrong fields that are named; more say nothing new."""


def what_failed(error: BaseException) -> str:
    """Return the kind of an error, and of wrong data where it is wrong; never a value, which may be personal."""
    if isinstance(error, ValidationError):
        wrong = (f"/{'/'.join(map(str, one['loc']))} {one['type']}" for one in error.errors(include_input=False))
        return f"ValidationError: {', '.join(islice(wrong, MOST_TOLD))}"
    return type(error).__name__


def place_of(error: BaseException, package: str) -> str:
    """Return where in the code of `package` an error arose, else where it was raised, as `module:line`."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append((str(trace.tb_frame.f_globals.get("__name__", "")), trace.tb_lineno))
        trace = trace.tb_next
    own = [place for place in places if place[0].partition(".")[0] == package]
    return next((f"{module}:{line}" for module, line in reversed(own or places)), "")
