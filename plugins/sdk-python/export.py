"""A plugin as a component: its exports, and the text of what went wrong in it.

An instance answers for one decision: configured once, then asked. Its facts are fetched
once and never again, so the core makes a fresh instance for the next.
"""

import functools
import json

from componentize_py_types import Err
from wit_world.exports import settings as settings_types
from wit_world.imports import explanation, log

try:
    from wit_world.exports import claims as claims_types
except ImportError:
    # A plugin without claims.
    claims_types = None

from . import rule as rules
from .facts import Node, Unknown, imported
from .verdict import words

plugin = {"name": "", "version": ""}


def offer(name, version):
    """Says what the plugin is called; the build calls this with what the manifest says."""
    plugin.update(name=name, version=version)


def _place(trace):
    """File and line where it was raised. There are no files to look more up in."""
    while trace.tb_next:
        trace = trace.tb_next
    name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{name}:{trace.tb_lineno}"


def _told(export):
    """A trap says nothing of why; this does."""

    @functools.wraps(export)
    def call(*arguments):
        try:
            return export(*arguments)
        except Err:
            raise
        except BaseException as error:
            log.panic(f"{type(error).__name__}: {error} ({_place(error.__traceback__)})")
            raise

    return call


class _Work:
    """One rule with its settings, once facts are there to be asked for."""

    rule = None

    def __init__(self, rule):
        self.rule, self.started, self.missing = rule, False, None

    def start(self):
        if not self.started:
            self.started = True
            try:
                self.rule.start()
            except Unknown as error:
                self.missing = error

    def nodes(self):
        self.start()
        return map(Node, range(imported("nodes", "count")()))

    def ask(self, question, row):
        self.start()
        if row >= imported("nodes", "count")():
            raise Err(f"there is no node {row}")
        if self.missing:
            raise self.missing
        return question(Node(row))

    def codes(self):
        judge, not_known = self.rule.judge, len(type(self.rule)._reasons) + 1
        codes = bytearray()
        for node in self.nodes():
            if self.missing:
                codes.append(not_known)
                continue
            try:
                codes.append(judge(node).code)
            except Unknown:
                codes.append(not_known)
        return bytes(codes)

    def scores(self):
        score, scores = self.rule.score, []
        for node in self.nodes():
            try:
                answer = 0.0 if self.missing else score(node)
                scores.append(float(getattr(answer, "value", answer)))
            except Unknown:
                scores.append(0.0)
        return scores

    def explained(self, question, row):
        words.clear()
        words.explaining = True
        try:
            self.ask(question, row)
        except Unknown as error:
            words.measured = words.measured or str(error)
        finally:
            words.explaining = False
        return explanation.Explained(words.measured, words.needed, words.remedy)


_work = None


def _at_work():
    if _work is None:
        raise Err("configure was not called")
    return _work


class Metadata:
    @_told
    def describe(self):
        described = [rule.described() for rule in rules.offered]
        document = {**plugin, "contract": rules.CONTRACT, "rules": described}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


class Settings:
    @_told
    def configure(self, rule, settings):
        global _work
        found = next((one for one in rules.offered if one.name == rule), None)
        if found is None:
            refuse([rules.Problem("", f"{plugin['name']} has no rule {rule!r}")])
        configured, problems = found.configured(settings)
        if problems:
            refuse(problems)
        _work = _Work(configured)


def refuse(problems):
    raise Err([settings_types.Problem(one.path, one.message) for one in problems])


class Check:
    @_told
    def evaluate(self):
        return _at_work().codes()

    @_told
    def explain(self, node):
        work = _at_work()
        return work.explained(work.rule.judge, node)


class Claims:
    @_told
    def claims(self, node):
        work = _at_work()
        try:
            claims = work.ask(work.rule.claims, node)
        except Unknown as error:
            raise Err(str(error)) from None
        return [claims_types.Claim(one.resource, one.amount, one.limit) for one in claims]


class Score:
    @_told
    def evaluate(self):
        return _at_work().scores()

    @_told
    def explain(self, node):
        work = _at_work()
        return work.explained(work.rule.score, node)
