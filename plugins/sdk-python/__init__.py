"""Write a Wayleave rule in a few lines of Python.

A rule is a class: its settings and reasons are attributes, and one method both decides
and explains. A fact that is not known becomes the verdict "unknown" by itself.

    from wayleave import Check, because, checks, domain, mib, passed, reject, setting

    class MemoryRoom(Check):
        name = "memory-room"
        title = "the domain's memory fits the node's free memory"
        reserve_mib = setting(256, "Kept free on every node, in MiB.")
        SHORT = reject("memory-short", "not enough free memory")

        def judge(self, node):
            needed = domain.memory + (self.reserve_mib << 20)
            verdict = because(self.SHORT) if node.memory_free < needed else passed()
            return verdict.measured(mib(node.memory_free)).needed(mib(needed))

    checks(MemoryRoom)
"""

from .facts import (
    Access,
    Cell,
    CpuComparison,
    DataError,
    DiskStorage,
    Network,
    Node,
    Reach,
    Resident,
    Unknown,
    domain,
    log,
    site,
    source,
    taken_at,
)
from .rule import (
    Check,
    Claim,
    Problem,
    Reason,
    Score,
    checks,
    checks_with_claims,
    reject,
    scores,
    setting,
    unknown,
    warn,
)
from .verdict import Points, Verdict, because, mib, passed, points

__all__ = [
    "Access",
    "Cell",
    "Check",
    "Claim",
    "CpuComparison",
    "DataError",
    "DiskStorage",
    "Network",
    "Node",
    "Points",
    "Problem",
    "Reach",
    "Reason",
    "Resident",
    "Score",
    "Unknown",
    "Verdict",
    "because",
    "checks",
    "checks_with_claims",
    "domain",
    "log",
    "mib",
    "passed",
    "points",
    "reject",
    "scores",
    "setting",
    "site",
    "source",
    "taken_at",
    "unknown",
    "warn",
]
