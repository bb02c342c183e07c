"""Rule `everything`: shows every fact there is, one part at a time, and takes a claim."""

import wayleave
from wayleave import Check, Claim, DataError, Problem, Unknown, because, checks_with_claims
from wayleave import domain, reject, setting, site, source, unknown, warn


def known(ask):
    try:
        value = ask()
    except Unknown as error:
        return f"?{error.fact}"
    return str(int(value) if isinstance(value, bool) else value)


def facts(of, *names):
    return ",".join(known(lambda: getattr(of, name)) for name in names)


def or_none(text):
    return "-" if text is None else text


def joined(values):
    return ",".join(str(value) for value in values)


class Everything(Check):
    name = "everything"
    title = "every fact is shown"

    part = setting("node", "Which part is shown.")
    page_size = setting(2097152, "A page size.")
    share = setting(0.5, "A share.")
    refuse = setting(False, "Whether the node is refused.")
    tables = setting(["licences"], "Names of tables.")

    SHOWN = warn("shown", "this is what is known")
    REFUSED = reject("refused", "it was to be refused")
    UNKNOWN_PART = unknown("no-such-part", "there is no such part")

    def problems(self):
        if self.share > 1:
            yield Problem("/share", "is more than 1")

    def of_node(self, node):
        return " ".join(
            [
                node.name,
                facts(node, "uuid", "hostname", "driver", "arch", "cpu_model", "cpu_vendor"),
                facts(node, "cpus"),
                facts(node, "memory_total", "memory_free"),
                facts(node, "libvirt_version", "hypervisor_version"),
                facts(node, "maintenance", "machine_known"),
                or_none(node.label("rack")),
                f"of {len(node.candidates())}",
            ]
        )

    def of_pair(self, node):
        try:
            disks = joined(
                f"{disk.disk}:{disk.access.value}:{or_none(disk.pool)}:{disk.detail}"
                for disk in node.disks()
            )
        except Unknown as error:
            disks = f"?{error.fact}"
        comparison, reach = node.cpu_comparison.value, node.reach.value
        why = node.reach_detail
        return f"{comparison} {node.cpu_detail} {reach} {node.reach_uri} {why} {disks}"

    def of_cells(self, node):
        def shown(cell):
            pages = known(lambda: cell.free_pages(self.page_size))
            total, free = facts(cell, "memory_total"), facts(cell, "memory_free")
            ids = joined(cell.cpu_ids())
            return f"{facts(cell, 'id')}:{facts(cell, 'cpus')}:{total}:{free}:{ids}:{pages}"

        return joined(map(shown, node.cells()))

    def of_residents(self, node):
        def shown(one):
            numbers = [facts(one, "active"), facts(one, "vcpus"), facts(one, "memory")]
            return ":".join([one.name, one.uuid, *numbers, or_none(one.label("licence"))])

        return joined(map(shown, node.residents()))

    def of_networks(self, node):
        return joined(f"{one.kind}:{one.name}:{facts(one, 'active')}" for one in node.networks())

    def of_domain(self, node):
        return " ".join(
            [
                domain.name,
                domain.destination_name,
                facts(domain, "uuid", "hypervisor", "state", "arch", "machine"),
                facts(domain, "vcpus"),
                facts(domain, "memory"),
                domain.cpu_mode,
                domain.cpu_model,
                or_none(domain.label("licence")),
                or_none(domain.tpm_backend),
                or_none(domain.nvram),
                or_none(domain.launch_security),
            ]
        )

    def of_devices(self, node):
        columns = [
            domain.disk_target,
            domain.disk_device,
            domain.disk_source_type,
            domain.disk_source,
            domain.disk_cache,
            domain.disk_readonly,
            domain.disk_shareable,
            domain.hostdev_kind,
            domain.hostdev_mode,
            domain.hostdev_address,
            domain.interface_kind,
            domain.interface_source,
            domain.filesystem_kind,
            domain.filesystem_source,
            domain.shared_memory_name,
        ]
        return ";".join(map(joined, columns))

    def of_numa(self, node):
        columns = [
            domain.cell_memory,
            domain.cell_vcpus,
            [domain.numatune_mode],
            domain.numatune_cells,
            domain.cell_binding_offsets,
            domain.cell_binding,
            domain.pinned_cpus,
            domain.hugepage_size,
            domain.hugepage_memory,
        ]
        return ";".join(map(joined, columns))

    def of_site(self, node):
        columns = []
        for table in self.tables:
            for column in ["product", "seats"]:
                try:
                    columns.append(joined(site.column(table, column)))
                except DataError as error:
                    columns.append(f"?{error}")
        version, rack = facts(source, "hypervisor_version"), or_none(source.label("rack"))
        time = wayleave.taken_at()
        return f"{source.name} {facts(source, 'uuid')} {version} {rack} {time} {';'.join(columns)}"

    def of_settings(self, node):
        return f"{self.page_size} {self.share:.2f} {int(self.refuse)} {joined(self.tables)}"

    def of_needing(self, node):
        return f"{node.memory_free} {domain.vcpus}"

    def of_panic(self, node):
        raise ValueError("it was to fail")

    def judge(self, node):
        part = getattr(self, f"of_{self.part}", None)
        if part is None:
            return because(self.UNKNOWN_PART).needed("a part")
        shown = part(node)
        verdict = because(self.REFUSED) if self.refuse else because(self.SHOWN)
        return verdict.measured(shown).remedy("look at it")

    def claims(self, node):
        return [Claim(f"slot/{node.name}", 1, node.cpus)]


checks_with_claims(Everything)
