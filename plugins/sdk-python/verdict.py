"""Verdicts and their words: what was measured, what was needed, what would help.

A rule says the words in the method that decides. They are kept only while one node is
being explained to a person; with values apart from the text, as in
`.measured("{} of {}", used, total)`, they are not even formatted before.
"""


class Words:
    """The words of one answer; `explaining` is up while somebody wants to hear them."""

    __slots__ = ("explaining", "measured", "needed", "remedy")

    def __init__(self):
        self.explaining = False
        self.clear()

    def clear(self):
        self.measured = self.needed = self.remedy = ""


words = Words()


class _Answer:
    __slots__ = ()

    def measured(self, text, *values):
        """What the rule saw, as in "2048 MiB free"."""
        if words.explaining:
            words.measured = _said(text, values)
        return self

    def needed(self, text, *values):
        """What it wanted to see, as in "4096 MiB"."""
        if words.explaining:
            words.needed = _said(text, values)
        return self

    def remedy(self, text, *values):
        """What a person can do about it: an imperative, a command if there is one."""
        if words.explaining:
            words.remedy = _said(text, values)
        return self


def _said(text, values):
    return str(text).format(*values) if values else str(text)


class Verdict(_Answer):
    """The answer of a check: the number of a reason, 0 where the node is fine."""

    __slots__ = ("code",)

    def __init__(self, code):
        self.code = code


class Points(_Answer):
    """The answer of a score."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


_PASSED = Verdict(0)


def passed():
    """The node is fine."""
    return _PASSED


def because(reason):
    """The node is refused, warned of, or held back, as the reason's kind says."""
    return reason.verdict


def points(value):
    """From 0 to 1, higher is better; anything else is a fault of the rule."""
    return Points(value)


def mib(size_bytes):
    """Bytes as whole MiB, rounded down."""
    return f"{size_bytes >> 20} MiB"
