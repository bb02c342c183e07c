"""Rule `few-domains`: a node carries only so many live domains for each of its processors."""

from wayleave import Check, because, checks, passed, reject, setting


class FewDomains(Check):
    name = "few-domains"
    title = "the node carries few enough live domains for its processors"

    domains_per_cpu = setting(
        4, "How many live domains a node may carry for each processor, this one among them."
    )

    CROWDED = reject(
        "node-crowded", "the node carries more live domains than its processors are to bear"
    )

    def judge(self, node):
        live = 1 + sum(resident.active for resident in node.residents())
        most = self.domains_per_cpu * node.cpus
        if live > most:
            verdict = because(self.CROWDED).remedy(
                "move something away from {}, or raise domains_per_cpu", node.name
            )
        else:
            verdict = passed()
        return verdict.measured("{} with this one", live).needed(
            "at most {}, {} a processor", most, self.domains_per_cpu
        )


checks(FewDomains)
