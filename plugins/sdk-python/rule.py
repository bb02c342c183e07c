"""What a rule is: a check, which lets a node through or not, or a score, which ranks it.

Settings and reasons are attributes of the class; the metadata and the JSON Schema that
the core sees are made from them.
"""

import json
from dataclasses import dataclass

from .verdict import Verdict

CONTRACT = "1.0"
UNKNOWN_KEY = "a setting that the rule does not have"


class Reason:
    """One answer of a check that is not a plain pass. Codes are for ever; texts may change."""

    def __init__(self, kind, code, text):
        self.kind, self.code, self.text = kind, code, text
        self.verdict = None

    def described(self):
        return {"code": self.code, "kind": self.kind, "text": self.text}


def reject(code, text):
    """A reason for which the node is refused."""
    return Reason("reject", code, text)


def warn(code, text):
    """A reason for which the node is warned of."""
    return Reason("warn", code, text)


def unknown(code, text):
    """Something that the rule needs is not known: the node is neither taken nor refused for it."""
    return Reason("unknown", code, text)


class Setting:
    """A setting and its default, which also says its type. Of the rule it is the plain value."""

    def __init__(self, default, text):
        self.default, self.text = default, text
        self.name = ""
        for kind in _TYPES:
            if kind.fits(default):
                self.kind = kind
                return
        raise TypeError(f"a setting cannot have the default {default!r}")

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, rule, owner):
        return self if rule is None else self.default

    def schema(self):
        return {**self.kind.schema, "description": self.text, "default": self.default}


def setting(default, text):
    """A setting of a rule: `setting(256, "Kept free on every node, in MiB.")`.

    The default's type is the setting's: an integer that is not negative, a float, a bool,
    a text, or a list of texts.
    """
    return Setting(default, text)


@dataclass(frozen=True)
class _Type:
    schema: dict
    wanted: str
    fits: callable


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _are_texts(value):
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


_TYPES = (
    _Type({"type": "boolean"}, "true or false", lambda value: isinstance(value, bool)),
    _Type(
        {"type": "integer", "minimum": 0},
        "a whole number, not negative and not too large",
        _is_integer,
    ),
    _Type({"type": "number"}, "a number", _is_number),
    _Type({"type": "string"}, "a string", lambda value: isinstance(value, str)),
    _Type({"type": "array", "items": {"type": "string"}}, "an array of strings", _are_texts),
)


@dataclass(frozen=True)
class Problem:
    """Something wrong with the settings: a JSON pointer, as in `/reserve_mib`, and what."""

    path: str
    message: str


@dataclass(frozen=True)
class Claim:
    """Something countable that the move must hold while it runs.

    `limit` is how much of it all open jobs together may hold.
    """

    resource: str
    amount: int
    limit: int


NOT_KNOWN = Reason("unknown", "not-known", "a fact that the rule needs is not known")


class _Rule:
    kind = ""
    #: Kebab-case, for ever.
    name = ""
    #: One line for a person: what holds where the rule passes, or what scores high.
    title = ""

    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        attributes = [value for base in reversed(cls.__mro__) for value in vars(base).values()]
        cls._settings = {one.name: one for one in attributes if isinstance(one, Setting)}
        cls._reasons = [one for one in attributes if isinstance(one, Reason)]
        for number, reason in enumerate(cls._reasons, 1):
            if reason.verdict and reason.verdict.code != number:
                raise TypeError(f"the reason {reason.code} is in two rules; give each its own")
            reason.verdict = Verdict(number)

    def problems(self):
        """What is wrong with settings that fit the schema: Problems. No facts are there yet."""
        return ()

    def start(self):
        """Once a decision, before the first node: keep what is the same for every node."""

    @classmethod
    def described(cls):
        reasons = [*cls._reasons, NOT_KNOWN] if cls.kind == "check" else []
        return {
            "name": cls.name,
            "kind": cls.kind,
            "title": cls.title,
            "reasons": [reason.described() for reason in reasons],
            "settings_schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {name: one.schema() for name, one in cls._settings.items()},
                "additionalProperties": False,
            },
        }

    @classmethod
    def configured(cls, text):
        """A rule with these settings, and what is wrong with them."""
        try:
            settings = json.loads(text)
        except ValueError as error:
            return None, [Problem("", f"is not JSON: {error}")]
        if not isinstance(settings, dict):
            return None, [Problem("", "needs an object")]
        rule, problems = cls(), []
        for key, value in settings.items():
            known = cls._settings.get(key)
            if known and known.kind.fits(value):
                setattr(rule, key, value)
                continue
            path = "/" + key.replace("~", "~0").replace("/", "~1")
            problems.append(Problem(path, f"needs {known.kind.wanted}" if known else UNKNOWN_KEY))
        return rule, problems or list(rule.problems())


class Check(_Rule):
    """A rule that lets a node through or not."""

    kind = "check"

    def judge(self, node):
        """`passed()` or `because(reason)`, with words."""
        raise NotImplementedError(f"{type(self).__name__} has no method judge")

    def claims(self, node):
        """What the move must hold while it runs: Claims. Asked for the chosen node only."""
        return ()


class Score(_Rule):
    """A rule that ranks nodes."""

    kind = "score"

    def score(self, node):
        """`points(0.5)`, with words, or the bare number."""
        raise NotImplementedError(f"{type(self).__name__} has no method score")


offered = []


def checks(*rules):
    """What the plugin offers: the last line of its source."""
    offered.extend(rules)


def checks_with_claims(*rules):
    """What the plugin offers, where some rule takes claims."""
    offered.extend(rules)


def scores(*rules):
    """What the plugin offers, where its rules are scores."""
    offered.extend(rules)
