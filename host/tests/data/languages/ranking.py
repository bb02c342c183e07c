"""Score `ranking`: the share of memory that is free."""

from wayleave import Score, mib, points, scores


class Ranking(Score):
    name = "ranking"
    title = "much memory is free"

    def score(self, node):
        free, total = node.memory_free, node.memory_total
        share = min(free / total, 1) if total else 0
        return points(share).measured("{} of {} is free", mib(free), mib(total))


scores(Ranking)
