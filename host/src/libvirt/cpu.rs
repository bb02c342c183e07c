//! Is the guest's CPU there at the destination? Its own daemon compares.
//!
//! libvirt compares a CPU that is spelled out feature by feature. It answers "superset" to
//! any CPU that is the host's own, whatever the host has, so for those the two machines
//! are compared here. Not here: whether an answer lets a domain move.

use std::collections::BTreeSet;

use virt::connect::Connect;
use virt::sys;

use super::error::{Doing, Result, has_number, of_ours};
use super::raw::{self, CpuContext};
use super::{Libvirt, domain};
use crate::model::node::{HostFacts, NodeEntry};
use crate::model::snapshot::CpuComparison;
use crate::xml;

/// What QEMU gives an x86 guest whose definition names no CPU.
const X86_DEFAULT: &str = "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>";

/// The live guest's CPU, as its source tells it.
struct Guest {
    /// The `<cpu>` element.
    cpu: Option<String>,
    mode: Option<String>,
    model: Option<String>,
    context: CpuContext,
    /// The machine it runs on, where the guest's CPU is the machine's.
    machine: Option<Machine>,
}

/// A machine's processor with every feature by name.
#[derive(Debug, PartialEq, Eq)]
struct Machine {
    arch: Option<String>,
    vendor: Option<String>,
    features: BTreeSet<String>,
    /// The version of the emulator, which is all that an emulated CPU depends on.
    emulator: Option<u32>,
}

pub async fn compare(
    libvirt: &Libvirt,
    source: &NodeEntry,
    domain: &str,
    destination: &NodeEntry,
) -> CpuComparison {
    let doing = format!("reading the CPU of {domain} on {}", source.name);
    let read = {
        let (node, domain, doing) = (source.name.clone(), domain.to_owned(), doing.clone());
        move |connection: &Connect| guest(connection, &node, &domain, &doing)
    };
    let guest = match libvirt.pool(source).call(&doing, read).await {
        Ok(guest) => guest,
        Err(error) => return CpuComparison::Failed { error: error.to_string() },
    };
    let doing = format!("comparing the CPU of {domain} on {}", destination.name);
    let judge = {
        let doing = doing.clone();
        move |connection: &Connect| judge(connection, &guest, &doing)
    };
    match libvirt.pool(destination).call(&doing, judge).await {
        Ok(comparison) => comparison,
        Err(error) => CpuComparison::Failed { error: error.to_string() },
    }
}

fn guest(connection: &Connect, node: &str, name: &str, doing: &str) -> Result<Guest> {
    // The live definition names every feature that the guest has. The migratable one may be the
    // owner's, where `check='none'` makes libvirt answer "superset" to whatever is missing.
    let definition = domain::find(connection, node, name)?.get_xml_desc(sys::VIR_DOMAIN_NONE).doing(doing)?;
    let bad = |error: xml::XmlError| of_ours("bad-answer", doing, error.to_string());
    let facts = xml::domain_facts(&definition).map_err(bad)?;
    let mode = facts.cpu.mode;
    let machine = if is_the_machines(mode.as_deref()) { Some(machine(connection, doing)?) } else { None };
    Ok(Guest {
        cpu: xml::cpu_element(&definition).map_err(bad)?,
        mode,
        model: facts.cpu.model,
        context: CpuContext {
            emulator: facts.emulator,
            arch: facts.arch,
            machine: facts.machine,
            hypervisor: Some(facts.hypervisor),
        },
        machine,
    })
}

fn is_the_machines(mode: Option<&str>) -> bool {
    matches!(mode, Some("host-passthrough" | "host-model" | "maximum"))
}

fn judge(connection: &Connect, guest: &Guest, doing: &str) -> Result<CpuComparison> {
    if let (Some(mode), Some(source)) = (&guest.mode, &guest.machine) {
        let offered = domain_capabilities(connection, &guest.context, doing)?;
        if mode_is_offered(&offered, mode) == Some(false) {
            let detail = format!("the destination does not offer the CPU mode {mode}");
            return Ok(CpuComparison::Incompatible { detail });
        }
        let here = machine(connection, doing)?;
        let emulated = guest.context.hypervisor.as_deref() == Some("qemu");
        return Ok(if emulated { compare_emulators(source, &here) } else { compare_machines(source, &here) });
    }
    // libvirt writes the CPU of every live x86 and Arm guest into its XML, so this is rare.
    // An emulated CPU is made by QEMU alone: with the same machine type, which the question
    // for its capabilities shows to be there, the guest has the very same. Under KVM the
    // default is QEMU's `qemu64` on x86, compared like any other. Elsewhere the default
    // is the machine's own, and nothing says what the guest uses of it.
    match (&guest.cpu, guest.context.hypervisor.as_deref(), guest.context.arch.as_deref()) {
        (Some(cpu), ..) => compare_spelled_out(connection, guest, cpu, doing),
        (None, Some("qemu"), _) => {
            domain_capabilities(connection, &guest.context, doing).map(|_| CpuComparison::Identical)
        }
        (None, Some("kvm"), Some("x86_64" | "i686")) => {
            compare_spelled_out(connection, guest, X86_DEFAULT, doing)
        }
        _ => Ok(CpuComparison::Failed { error: "the domain's definition names no CPU to compare".into() }),
    }
}

fn compare_spelled_out(connection: &Connect, guest: &Guest, cpu: &str, doing: &str) -> Result<CpuComparison> {
    let listing_what_is_missing = sys::VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE;
    let answer = raw::compare_hypervisor_cpu(connection, &guest.context, cpu, listing_what_is_missing);
    match answer.doing(doing) {
        Ok(sys::VIR_CPU_COMPARE_IDENTICAL) => Ok(CpuComparison::Identical),
        Ok(sys::VIR_CPU_COMPARE_SUPERSET) => Ok(CpuComparison::Superset),
        Ok(_) => {
            Ok(CpuComparison::Incompatible { detail: "the destination does not say what is missing".into() })
        }
        Err(error) if has_number(&error, sys::VIR_ERR_CPU_INCOMPATIBLE) => {
            Ok(CpuComparison::Incompatible { detail: error.text })
        }
        Err(error) => match unknown_model(connection, guest) {
            Some(detail) => Ok(CpuComparison::Incompatible { detail }),
            None => Err(error),
        },
    }
}

/// A model that a daemon does not know is an error of the comparison, not an answer.
fn unknown_model(connection: &Connect, guest: &Guest) -> Option<String> {
    let (model, arch) = (guest.model.as_deref()?, guest.context.arch.as_deref()?);
    let known = connection.get_cpu_models_names(arch, 0).ok().filter(|names| !names.is_empty())?;
    (!known.iter().any(|name| name == model)).then(|| format!("the destination knows no CPU model {model}"))
}

fn domain_capabilities(connection: &Connect, context: &CpuContext, doing: &str) -> Result<String> {
    connection
        .get_domain_capabilities(
            context.emulator.as_deref(),
            context.arch.as_deref(),
            context.machine.as_deref(),
            context.hypervisor.as_deref(),
            0,
        )
        .doing(doing)
}

/// What `<mode name='...' supported='...'>` says; none where there is no such element.
fn mode_is_offered(domain_capabilities: &str, mode: &str) -> Option<bool> {
    domain_capabilities.split("<mode ").skip(1).find_map(|rest| {
        let tag = rest.split('>').next()?.replace('"', "'");
        tag.contains(&format!("name='{mode}'")).then(|| tag.contains("supported='yes'"))
    })
}

/// The machine's processor. Its model stands for a set of features, so the daemon is asked
/// to spell that out: two machines of different models can then be compared.
fn machine(connection: &Connect, doing: &str) -> Result<Machine> {
    let text = connection.get_capabilities().doing(doing)?;
    let bad = |error: xml::XmlError| of_ours("bad-answer", doing, error.to_string());
    let host = xml::host_facts(&text).map_err(bad)?;
    let all_features = sys::VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES;
    let expanded = connection.baseline_cpu(&[&cpu_of(&host)], all_features).doing(doing)?;
    let expanded =
        xml::host_facts(&format!("<capabilities><host>{expanded}</host></capabilities>")).map_err(bad)?;
    let features = [host.cpu.features, expanded.cpu.features].into_iter().flatten();
    let there = features.filter(|feature| !matches!(feature.policy.as_str(), "disable" | "forbid"));
    Ok(Machine {
        arch: host.arch,
        vendor: host.cpu.vendor,
        features: there.map(|feature| feature.name).collect(),
        emulator: connection.get_hyp_version().ok(),
    })
}

fn cpu_of(host: &HostFacts) -> String {
    let element = |name: &str, content: &Option<String>| {
        content.as_ref().map(|content| format!("<{name}>{content}</{name}>")).unwrap_or_default()
    };
    let features: String =
        host.cpu.features.iter().map(|feature| format!("<feature name='{}'/>", feature.name)).collect();
    format!(
        "<cpu>{}{}{}{features}</cpu>",
        element("arch", &host.arch),
        element("model", &host.cpu.model),
        element("vendor", &host.cpu.vendor)
    )
}

fn compare_machines(source: &Machine, destination: &Machine) -> CpuComparison {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".into());
    for (what, from, to) in [
        ("architecture", &source.arch, &destination.arch),
        ("processor vendor", &source.vendor, &destination.vendor),
    ] {
        if from != to {
            let detail =
                format!("the guest has the CPU of its node: {what} {} there, {} here", text(from), text(to));
            return CpuComparison::Incompatible { detail };
        }
    }
    let missing: Vec<&str> = source.features.difference(&destination.features).map(String::as_str).collect();
    if !missing.is_empty() {
        let detail =
            format!("the guest has the CPU of its node, and here is missing: {}", missing.join(", "));
        CpuComparison::Incompatible { detail }
    } else if source.features == destination.features {
        CpuComparison::Identical
    } else {
        CpuComparison::Superset
    }
}

fn compare_emulators(source: &Machine, destination: &Machine) -> CpuComparison {
    match (source.emulator, destination.emulator) {
        (Some(from), Some(to)) if from == to => CpuComparison::Identical,
        _ => CpuComparison::Failed {
            error: "the guest has all that its emulator can do, and the emulators differ in version".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(vendor: &str, features: &[&str]) -> Machine {
        Machine {
            arch: Some("x86_64".into()),
            vendor: Some(vendor.into()),
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            emulator: Some(10_000_002),
        }
    }

    #[test]
    fn machines_are_compared_by_vendor_and_features() {
        let source = machine("Intel", &["avx", "avx2"]);
        assert_eq!(compare_machines(&source, &machine("Intel", &["avx2", "avx"])), CpuComparison::Identical);
        assert_eq!(
            compare_machines(&source, &machine("Intel", &["avx", "avx2", "sha-ni"])),
            CpuComparison::Superset
        );
        let CpuComparison::Incompatible { detail } = compare_machines(&source, &machine("Intel", &["avx"]))
        else {
            panic!("avx2 is missing");
        };
        assert!(detail.ends_with("missing: avx2"), "{detail}");
        assert!(matches!(
            compare_machines(&source, &machine("AMD", &["avx", "avx2"])),
            CpuComparison::Incompatible { .. }
        ));
    }

    #[test]
    fn whether_a_mode_is_offered_is_read_from_its_tag() {
        let text = "<cpu><mode name='host-passthrough' supported='no'/><mode name='maximum' supported='yes'>\
                    <enum name='x'/></mode></cpu>";
        assert_eq!(mode_is_offered(text, "host-passthrough"), Some(false));
        assert_eq!(mode_is_offered(text, "maximum"), Some(true));
        assert_eq!(mode_is_offered(text, "host-model"), None);
    }
}
