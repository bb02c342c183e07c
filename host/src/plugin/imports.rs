//! The imports of the contract, answered from the columns of one sitting.
//!
//! Everything that a plugin can reach is in this file: reading facts, and a capped log.
//! A registered function is also listed in `Imports::known`, from which a component that
//! asks for more is told so in words.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::component::{Linker, LinkerInstance};
use wasmtime::{Result, StoreContextMut};

use super::sandbox::State;
use crate::model::snapshot::SiteData;

pub const PACKAGE: &str = "wayleave:policy";
pub const CONTRACT: &str = "1.0.0";

/// The full name of an interface of the contract.
pub fn interface(name: &str) -> String {
    format!("{PACKAGE}/{name}@{CONTRACT}")
}

type Context<'a> = StoreContextMut<'a, State>;

pub struct Imports {
    pub linker: Linker<State>,
    /// `interface.function`
    pub known: BTreeSet<String>,
    /// The same in the order of their marks in `State::called`.
    marks: Vec<Arc<str>>,
}

/// Registers the functions of one interface.
pub type Functions = fn(&mut Interface<'_>) -> Result<()>;

/// One interface while its functions are being registered.
pub struct Interface<'a> {
    name: &'a str,
    linker: LinkerInstance<'a, State>,
    known: &'a mut BTreeSet<String>,
    marks: &'a mut Vec<Arc<str>>,
}

impl Interface<'_> {
    pub fn function<F, P, R>(&mut self, name: &str, answer: F) -> Result<()>
    where
        F: Fn(Context<'_>, P) -> Result<R> + Send + Sync + 'static,
        P: wasmtime::component::ComponentNamedList + wasmtime::component::Lift + 'static,
        R: wasmtime::component::ComponentNamedList + wasmtime::component::Lower + 'static,
    {
        let import = format!("{}.{name}", self.name);
        let mark = 1 << self.marks.len();
        self.marks.push(Arc::from(import.as_str()));
        self.known.insert(import);
        self.linker.func_wrap(name, move |mut context: Context<'_>, parameters: P| {
            context.data_mut().called |= mark;
            answer(context, parameters)
        })
    }
}

/// Functions without arguments that hand out one value of the columns.
macro_rules! values {
    ($interface:expr, $($name:literal => |$columns:ident| $value:expr),+ $(,)?) => {
        $($interface.function($name, |context: Context<'_>, (): ()| {
            let $columns = &*context.data().columns;
            Ok(($value,))
        })?;)+
    };
}

impl Imports {
    pub fn new(engine: &wasmtime::Engine) -> Result<Self> {
        Self::of(engine, CONTRACT, &[])
    }

    /// Those of one version of the contract; `more` are functions that it adds to interfaces.
    pub fn of(engine: &wasmtime::Engine, contract: &str, more: &[(&str, Functions)]) -> Result<Self> {
        let own: [(&str, Functions); 13] = [
            ("symbols", symbols),
            ("nodes", nodes),
            ("cpu", cpu),
            ("cells", cells),
            ("residents", residents),
            ("networks", networks),
            ("reach", reach),
            ("storage", storage),
            ("source", source),
            ("domain", domain),
            ("site-data", site_data),
            ("clock", clock),
            ("log", log),
        ];
        let mut imports = Self { linker: Linker::new(engine), known: BTreeSet::new(), marks: Vec::new() };
        for (name, functions) in own {
            let mut root = imports.linker.root();
            let linker = root.instance(&format!("{PACKAGE}/{name}@{contract}"))?;
            let mut interface =
                Interface { name, linker, known: &mut imports.known, marks: &mut imports.marks };
            functions(&mut interface)?;
            for (_, functions) in more.iter().filter(|(of, _)| *of == name) {
                functions(&mut interface)?;
            }
        }
        Ok(imports)
    }

    /// The imports behind the marks of a sandbox.
    pub fn called(&self, marks: u128) -> Vec<Arc<str>> {
        let named = self.marks.iter().enumerate().filter(|(place, _)| marks & (1 << place) != 0);
        named.map(|(_, import)| Arc::clone(import)).collect()
    }
}

fn symbols(interface: &mut Interface<'_>) -> Result<()> {
    interface.function("lookup", |context: Context<'_>, (texts,): (Vec<String>,)| {
        let symbols = &context.data().columns.symbols;
        Ok((texts.iter().map(|text| symbols.lookup(text)).collect::<Vec<u32>>(),))
    })?;
    interface.function("texts", |context: Context<'_>, (wanted,): (Vec<u32>,)| {
        let symbols = &context.data().columns.symbols;
        Ok((wanted.iter().map(|symbol| symbols.text(*symbol)).collect::<Vec<_>>(),))
    })
}

fn nodes(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "count" => |columns| u32::try_from(columns.rows.len()).unwrap_or(u32::MAX),
        "name" => |columns| Arc::clone(&columns.nodes.name),
        "uuid" => |columns| Arc::clone(&columns.nodes.uuid),
        "hostname" => |columns| Arc::clone(&columns.nodes.hostname),
        "driver" => |columns| Arc::clone(&columns.nodes.driver),
        "arch" => |columns| Arc::clone(&columns.nodes.arch),
        "cpu-model" => |columns| Arc::clone(&columns.nodes.cpu_model),
        "cpu-vendor" => |columns| Arc::clone(&columns.nodes.cpu_vendor),
        "cpus" => |columns| Arc::clone(&columns.nodes.cpus),
        "memory-total" => |columns| Arc::clone(&columns.nodes.memory_total),
        "memory-free" => |columns| Arc::clone(&columns.nodes.memory_free),
        "libvirt-version" => |columns| Arc::clone(&columns.nodes.libvirt_version),
        "hypervisor-version" => |columns| Arc::clone(&columns.nodes.hypervisor_version),
        "maintenance" => |columns| Arc::clone(&columns.nodes.maintenance),
        "machine-known" => |columns| Arc::clone(&columns.nodes.machine_known),
    );
    interface.function("label", |context: Context<'_>, (key,): (String,)| {
        Ok((context.data().columns.node_labels(&key),))
    })
}

/// A text by row; a row that does not exist has none.
fn text_at(texts: &[String], row: u32) -> String {
    texts.get(row as usize).cloned().unwrap_or_default()
}

fn cpu(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface, "comparison" => |columns| Arc::clone(&columns.pairs.cpu));
    interface.function("detail", |context: Context<'_>, (node,): (u32,)| {
        Ok((text_at(&context.data().columns.pairs.cpu_detail, node),))
    })
}

fn cells(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "offsets" => |columns| Arc::clone(&columns.cells.offsets),
        "id" => |columns| Arc::clone(&columns.cells.id),
        "cpus" => |columns| Arc::clone(&columns.cells.cpus),
        "memory-total" => |columns| Arc::clone(&columns.cells.memory_total),
        "memory-free" => |columns| Arc::clone(&columns.cells.memory_free),
        "cpu-offsets" => |columns| Arc::clone(&columns.cells.cpu_offsets),
        "cpu-id" => |columns| Arc::clone(&columns.cells.cpu_id),
    );
    interface.function("free-pages", |context: Context<'_>, (size_bytes,): (u64,)| {
        Ok((context.data().columns.free_pages(size_bytes),))
    })
}

fn residents(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "offsets" => |columns| Arc::clone(&columns.residents.offsets),
        "name" => |columns| Arc::clone(&columns.residents.name),
        "uuid" => |columns| Arc::clone(&columns.residents.uuid),
        "active" => |columns| Arc::clone(&columns.residents.active),
        "vcpus" => |columns| Arc::clone(&columns.residents.vcpus),
        "memory" => |columns| Arc::clone(&columns.residents.memory),
    );
    interface.function("label", |context: Context<'_>, (key,): (String,)| {
        Ok((context.data().columns.resident_labels(&key),))
    })
}

fn networks(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "offsets" => |columns| Arc::clone(&columns.networks.offsets),
        "kind" => |columns| Arc::clone(&columns.networks.kind),
        "name" => |columns| Arc::clone(&columns.networks.name),
        "active" => |columns| Arc::clone(&columns.networks.active),
    );
    Ok(())
}

fn reach(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface, "state" => |columns| Arc::clone(&columns.pairs.reach));
    interface.function("uri", |context: Context<'_>, (node,): (u32,)| {
        Ok((text_at(&context.data().columns.pairs.reach_uri, node),))
    })?;
    interface.function("detail", |context: Context<'_>, (node,): (u32,)| {
        Ok((text_at(&context.data().columns.pairs.reach_detail, node),))
    })
}

fn storage(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "probed" => |columns| Arc::clone(&columns.storage.probed),
        "offsets" => |columns| Arc::clone(&columns.storage.offsets),
        "disk" => |columns| Arc::clone(&columns.storage.disk),
        "access" => |columns| Arc::clone(&columns.storage.access),
        "pool" => |columns| Arc::clone(&columns.storage.pool),
    );
    interface.function("detail", |context: Context<'_>, (row,): (u32,)| {
        Ok((text_at(&context.data().columns.storage.detail, row),))
    })
}

fn source(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "name" => |columns| columns.source.name.clone(),
        "uuid" => |columns| columns.source.uuid.clone(),
        "hypervisor-version" => |columns| columns.source.hypervisor_version,
    );
    interface.function("label", |context: Context<'_>, (key,): (String,)| {
        Ok((context.data().columns.source.labels.get(&key).cloned(),))
    })
}

fn domain(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "name" => |columns| columns.domain.name.clone(),
        "destination-name" => |columns| columns.domain.destination_name.clone(),
        "uuid" => |columns| columns.domain.uuid.clone(),
        "hypervisor" => |columns| columns.domain.hypervisor.clone(),
        "state" => |columns| columns.domain.state.clone(),
        "arch" => |columns| columns.domain.arch.clone(),
        "machine" => |columns| columns.domain.machine.clone(),
        "vcpus" => |columns| columns.domain.vcpus,
        "memory" => |columns| columns.domain.memory,
        "cpu-mode" => |columns| columns.domain.cpu_mode.clone(),
        "cpu-model" => |columns| columns.domain.cpu_model.clone(),
        "tpm-backend" => |columns| columns.domain.tpm_backend.clone(),
        "nvram" => |columns| columns.domain.nvram.clone(),
        "launch-security" => |columns| columns.domain.launch_security.clone(),
        "cell-memory" => |columns| columns.domain.cell_memory.clone(),
        "cell-vcpus" => |columns| columns.domain.cell_vcpus.clone(),
        "numatune-mode" => |columns| columns.domain.numatune_mode.clone(),
        "numatune-cells" => |columns| columns.domain.numatune_cells.clone(),
        "cell-binding-offsets" => |columns| columns.domain.cell_binding_offsets.clone(),
        "cell-binding" => |columns| columns.domain.cell_binding.clone(),
        "pinned-cpus" => |columns| columns.domain.pinned_cpus.clone(),
        "hugepage-size" => |columns| columns.domain.hugepage_size.clone(),
        "hugepage-memory" => |columns| columns.domain.hugepage_memory.clone(),
    );
    interface.function("label", |context: Context<'_>, (key,): (String,)| {
        Ok((context.data().columns.domain.labels.get(&key).cloned(),))
    })?;
    domain_devices(interface)
}

fn domain_devices(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface,
        "disk-target" => |columns| columns.domain.disk_target.clone(),
        "disk-device" => |columns| columns.domain.disk_device.clone(),
        "disk-source-type" => |columns| columns.domain.disk_source_type.clone(),
        "disk-source" => |columns| columns.domain.disk_source.clone(),
        "disk-cache" => |columns| columns.domain.disk_cache.clone(),
        "disk-readonly" => |columns| columns.domain.disk_readonly.clone(),
        "disk-shareable" => |columns| columns.domain.disk_shareable.clone(),
        "hostdev-kind" => |columns| columns.domain.hostdev_kind.clone(),
        "hostdev-mode" => |columns| columns.domain.hostdev_mode.clone(),
        "hostdev-address" => |columns| columns.domain.hostdev_address.clone(),
        "interface-kind" => |columns| columns.domain.interface_kind.clone(),
        "interface-source" => |columns| columns.domain.interface_source.clone(),
        "filesystem-kind" => |columns| columns.domain.filesystem_kind.clone(),
        "filesystem-source" => |columns| columns.domain.filesystem_source.clone(),
        "shared-memory-name" => |columns| columns.domain.shared_memory_name.clone(),
    );
    Ok(())
}

fn site_data(interface: &mut Interface<'_>) -> Result<()> {
    interface.function("column", |context: Context<'_>, (table, column): (String, String)| {
        let found = match context.data().columns.site_data.get(&table) {
            None => Err("undeclared".to_owned()),
            Some(SiteData::Unavailable { code, .. }) => Err(code.clone()),
            Some(SiteData::Table(table)) => {
                table.columns.get(&column).cloned().ok_or_else(|| "no-such-column".to_owned())
            }
        };
        Ok((found,))
    })
}

fn clock(interface: &mut Interface<'_>) -> Result<()> {
    values!(interface, "taken-at" => |columns| columns.taken_at);
    Ok(())
}

fn log(interface: &mut Interface<'_>) -> Result<()> {
    interface.function("emit", |mut context: Context<'_>, (level, message): (u8, String)| {
        context.data_mut().log(level, &message);
        Ok(())
    })?;
    interface.function("panic", |mut context: Context<'_>, (message,): (String,)| {
        context.data_mut().panicked(&message);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::engine::SandboxLimits;
    use super::super::{Imports, Plugins, signature};
    use super::*;
    use crate::model::policy::RuleUse;
    use crate::model::port::{Evaluate, Rows};
    use crate::model::snapshot::Snapshot;

    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/golden");

    /// A core of contract 1.1, whose nodes have one column more.
    fn later_core() -> Plugins {
        let more: Functions = |interface| {
            interface.function("rack-unit", |context: Context<'_>, (): ()| {
                Ok((vec![7_u32; context.data().columns.rows.len()],))
            })
        };
        let mut plugins = Plugins::empty(None, SandboxLimits::default()).expect("there is an engine");
        let engine = plugins.loader.imports.linker.engine().clone();
        plugins.loader.imports = Imports::of(&engine, "1.1.0", &[("nodes", more)]).expect("it links");
        plugins
    }

    #[test]
    fn what_is_answered_is_in_the_contract() {
        let plugins = Plugins::empty(None, SandboxLimits::default()).expect("there is an engine");
        let known = &plugins.loader.imports.known;
        let unknown: Vec<_> = known.iter().filter(|one| signature::expected(one).is_none()).collect();
        assert!(unknown.is_empty() && known.len() > 80, "{unknown:?} of {}", known.len());
    }

    #[test]
    fn a_column_more_breaks_no_plugin_of_contract_1_0() {
        let mut plugins = later_core();
        plugins.load_folder(std::path::Path::new(GOLDEN));
        assert!(plugins.broken.is_empty(), "{:?}", plugins.broken);
        assert!(plugins.rules().len() >= 2);
        assert!(plugins.loader.imports.known.contains("nodes.rack-unit"));
        for info in plugins.rules() {
            let rule = RuleUse::enforced(info.clone(), serde_json::json!({}));
            let snapshot = Snapshot::empty();
            let rows = plugins.sit(&snapshot).answer(&rule, &|_, _| true).rows;
            let none = match rows.expect("it answers") {
                Rows::Codes { codes, .. } => codes.is_empty(),
                Rows::Scores { scores, .. } => scores.is_empty(),
            };
            assert!(none, "{} answers for nobody", info.name);
        }
    }
}
