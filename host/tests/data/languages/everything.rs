//! Rule `everything`: shows every fact there is, one part at a time, and takes a claim. The same
//! rule is written in each language; what they say is compared letter by letter.

use std::fmt::Display;

use wayleave_sdk::prelude::*;

settings! {
    struct Settings {
        /// Which part is shown.
        part: String = String::from("node"),
        /// A page size.
        page_size: u64 = 2097152,
        /// A share.
        share: f64 = 0.5,
        /// Whether the node is refused.
        refuse: bool = false,
        /// Names of tables.
        tables: Vec<String> = vec![String::from("licences")],
    }
}

reasons! {
    SHOWN: warn "shown", "this is what is known";
    REFUSED: reject "refused", "it was to be refused";
    UNKNOWN_PART: unknown "no-such-part", "there is no such part";
}

struct Everything {
    settings: Settings,
    label: NodeLabel,
    licence: ResidentLabel,
    pages: FreePages,
}

fn known(fact: Known<impl Display>) -> String {
    fact.map_or_else(|Unknown(name)| format!("?{name}"), |value| value.to_string())
}

fn flag(fact: Known<bool>) -> String {
    known(fact.map(u8::from))
}

fn or_none(text: Option<impl Display>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

fn joined<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

impl Everything {
    fn node(&self, node: Node<'_>) -> String {
        let texts = [node.uuid(), node.hostname(), node.driver(), node.arch(), node.cpu_model(), node.cpu_vendor()];
        let versions = [node.libvirt_version(), node.hypervisor_version()];
        let numbers = [node.memory_total(), node.memory_free()];
        let flags = [node.maintenance(), node.machine_known()];
        format!(
            "{} {} {} {} {} {} {} of {}",
            node.name(),
            joined(texts.map(known)),
            known(node.cpus()),
            joined(numbers.map(known)),
            joined(versions.map(known)),
            joined(flags.map(flag)),
            or_none(self.label.of(node)),
            node.candidates().count(),
        )
    }

    fn pair(node: Node<'_>) -> String {
        let disks = match node.disks() {
            Err(Unknown(fact)) => format!("?{fact}"),
            Ok(disks) => joined(disks.map(|disk| {
                let (name, access) = (disk.disk(), disk.access() as u8 + 1);
                format!("{name}:{access}:{}:{}", or_none(disk.pool()), disk.detail())
            })),
        };
        let (comparison, reach) = (node.cpu_comparison() as u8, node.reach() as u8);
        let (uri, why) = (node.reach_uri(), node.reach_detail());
        format!("{comparison} {} {reach} {uri} {why} {disks}", node.cpu_detail())
    }

    fn cells(&self, node: Node<'_>) -> String {
        joined(node.cells().map(|cell| {
            let ids = joined(cell.cpu_ids());
            let (total, free) = (known(cell.memory_total()), known(cell.memory_free()));
            let pages = known(self.pages.in_cell(cell));
            format!("{}:{}:{total}:{free}:{ids}:{pages}", known(cell.id()), known(cell.cpus()))
        }))
    }

    fn residents(&self, node: Node<'_>) -> String {
        joined(node.residents().map(|one| {
            let (active, vcpus, memory) = (flag(one.active()), known(one.vcpus()), known(one.memory()));
            let licence = or_none(self.licence.of(one));
            format!("{}:{}:{active}:{vcpus}:{memory}:{licence}", one.name(), one.uuid())
        }))
    }

    fn networks(node: Node<'_>) -> String {
        joined(node.networks().map(|one| format!("{}:{}:{}", one.kind(), one.name(), flag(one.active()))))
    }

    fn domain() -> String {
        let known_texts =
            [domain::uuid(), domain::hypervisor(), domain::state(), domain::arch(), domain::machine()];
        format!(
            "{} {} {} {} {} {} {} {} {} {} {}",
            domain::name(),
            domain::destination_name(),
            joined(known_texts.map(known)),
            known(domain::vcpus()),
            known(domain::memory()),
            domain::cpu_mode(),
            domain::cpu_model(),
            or_none(domain::label("licence")),
            or_none(domain::tpm_backend()),
            or_none(domain::nvram()),
            or_none(domain::launch_security()),
        )
    }

    fn devices() -> String {
        [
            joined(domain::disk_target()),
            joined(domain::disk_device()),
            joined(domain::disk_source_type()),
            joined(domain::disk_source()),
            joined(domain::disk_cache()),
            joined(domain::disk_readonly().into_iter().map(u8::from)),
            joined(domain::disk_shareable().into_iter().map(u8::from)),
            joined(domain::hostdev_kind()),
            joined(domain::hostdev_mode()),
            joined(domain::hostdev_address()),
            joined(domain::interface_kind()),
            joined(domain::interface_source()),
            joined(domain::filesystem_kind()),
            joined(domain::filesystem_source()),
            joined(domain::shared_memory_name()),
        ]
        .join(";")
    }

    fn numa() -> String {
        [
            joined(domain::cell_memory()),
            joined(domain::cell_vcpus()),
            domain::numatune_mode(),
            joined(domain::numatune_cells()),
            joined(domain::cell_binding_offsets()),
            joined(domain::cell_binding()),
            joined(domain::pinned_cpus()),
            joined(domain::hugepage_size()),
            joined(domain::hugepage_memory()),
        ]
        .join(";")
    }

    fn site(&self) -> String {
        let columns = self.settings.tables.iter().flat_map(|table| {
            ["product", "seats"].map(|column| match site::column(table, column) {
                Ok(texts) => joined(texts),
                Err(error) => format!("?{error}"),
            })
        });
        let version = known(source::hypervisor_version());
        let (name, uuid, rack) = (source::name(), known(source::uuid()), or_none(source::label("rack")));
        let columns = columns.collect::<Vec<_>>().join(";");
        format!("{name} {uuid} {version} {rack} {} {columns}", wayleave_sdk::taken_at())
    }

    fn settings(&self) -> String {
        let Settings { page_size, share, refuse, tables, .. } = &self.settings;
        format!("{page_size} {share:.2} {} {}", u8::from(*refuse), joined(tables))
    }

    fn needing(node: Node<'_>) -> Known<String> {
        Ok(format!("{} {}", node.memory_free()?, domain::vcpus()?))
    }
}

impl Check for Everything {
    const NAME: &'static str = "everything";
    const TITLE: &'static str = "every fact is shown";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Settings;

    fn problems(settings: &Settings) -> Vec<Problem> {
        let wrong = settings.share > 1.0;
        wrong.then(|| Problem::at("/share", "is more than 1")).into_iter().collect()
    }

    fn new(settings: Settings) -> Self {
        let pages = FreePages::of_size(settings.page_size);
        Self { settings, label: NodeLabel::new("rack"), licence: ResidentLabel::new("licence"), pages }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let shown = match self.settings.part.as_str() {
            "node" => self.node(node),
            "pair" => Self::pair(node),
            "cells" => self.cells(node),
            "residents" => self.residents(node),
            "networks" => Self::networks(node),
            "domain" => Self::domain(),
            "devices" => Self::devices(),
            "numa" => Self::numa(),
            "site" => self.site(),
            "settings" => self.settings(),
            "needing" => Self::needing(node)?,
            "panic" => panic!("it was to fail"),
            _ => return because(UNKNOWN_PART).needed("a part"),
        };
        let verdict = if self.settings.refuse { because(REFUSED) } else { because(SHOWN) };
        verdict.measured(shown).remedy("look at it")
    }

    fn claims(&self, node: Node<'_>) -> Known<Vec<Claim>> {
        let limit = u64::from(node.cpus()?);
        Ok(vec![Claim { resource: format!("slot/{}", node.name()), amount: 1, limit }])
    }
}

wayleave_sdk::checks_with_claims!(Everything);
