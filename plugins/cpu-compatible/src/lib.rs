//! Rule `cpu-compatible`: the destination's processor and driver can run the guest.
//!
//! The destination's own daemon compares the guest's CPU with its machine's; this rule
//! judges its answer. It does not compare feature lists by itself.

use wayleave_sdk::prelude::*;

reasons! {
    OTHER_ARCH: reject "architecture-differs", "the node's architecture cannot run the guest's";
    OTHER_DRIVER: reject "driver-differs", "the node's hypervisor driver is not the domain's";
    INCOMPATIBLE: reject "cpu-incompatible", "the node's CPU lacks something that the guest uses";
    NOT_ASKED: unknown "cpu-not-asked", "the destination has not compared the guest's CPU with its own yet";
    COMPARISON_FAILED: unknown "cpu-comparison-failed", "the destination could not compare the guest's CPU";
}

/// Guest architectures that machines of another one run by themselves.
const NATIVE_GUESTS: [(&str, &str); 3] = [("i686", "x86_64"), ("armv7l", "aarch64"), ("ppc64", "ppc64le")];

/// Domain types and the name that the driver which runs them gives itself.
const DRIVERS: [(&str, &str); 6] =
    [("kvm", "QEMU"), ("qemu", "QEMU"), ("hvf", "QEMU"), ("xen", "Xen"), ("lxc", "LXC"), ("bhyve", "BHYVE")];

struct CpuCompatible {
    arch: Known<[Symbol; 2]>,
    arch_text: String,
    driver: Known<Symbol>,
    driver_text: String,
    emulated: bool,
}

impl Check for CpuCompatible {
    const NAME: &'static str = "cpu-compatible";
    const TITLE: &'static str = "the node's processor and driver can run the guest";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        let arch = domain::arch();
        let hypervisor = domain::hypervisor();
        let driver = hypervisor.as_deref().map(driver_of).map_err(|unknown| *unknown);
        Self {
            arch: arch
                .as_deref()
                .map(|arch| [symbol(arch), symbol(host_of(arch))])
                .map_err(|unknown| *unknown),
            arch_text: arch.unwrap_or_default(),
            driver: driver.map(symbol),
            driver_text: driver.unwrap_or_default().to_owned(),
            emulated: hypervisor.as_deref() == Ok("qemu"),
        }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let driver = node.driver()?;
        if driver != self.driver? {
            return because(OTHER_DRIVER)
                .measured(driver)
                .needed(&self.driver_text)
                .remedy("choose a node that runs the same hypervisor");
        }
        // Without acceleration a machine runs guests of any architecture that its emulators know.
        let arch = node.arch()?;
        if !self.emulated && !self.arch?.contains(&arch) {
            return because(OTHER_ARCH)
                .measured(arch)
                .needed(&self.arch_text)
                .remedy("choose a node of the same architecture");
        }
        let detail = std::fmt::from_fn(|out| out.write_str(&node.cpu_detail()));
        let needed = "a CPU with everything that the guest's has";
        match node.cpu_comparison() {
            CpuComparison::Identical => pass().measured("the same CPU").needed(needed),
            CpuComparison::Superset => pass().measured("a CPU with more").needed(needed),
            CpuComparison::Incompatible => because(INCOMPATIBLE).measured(detail).needed(needed).remedy(
                "choose another node, or give the domain a CPU model that all nodes have \
                 (virsh hypervisor-cpu-baseline) and restart it",
            ),
            CpuComparison::NotAsked => because(NOT_ASKED).needed(needed),
            CpuComparison::Failed => because(COMPARISON_FAILED).measured(detail).needed(needed),
        }
    }
}

/// The other architecture whose machines run this one; itself if there is none.
fn host_of(guest: &str) -> &str {
    NATIVE_GUESTS.iter().find(|(name, _)| *name == guest).map_or(guest, |(_, host)| host)
}

/// A type that is not in the table is taken to be the driver's own name.
fn driver_of(hypervisor: &str) -> &str {
    DRIVERS.iter().find(|(name, _)| *name == hypervisor).map_or(hypervisor, |(_, driver)| driver)
}

wayleave_sdk::checks!(CpuCompatible);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{DomainFacts, Site, SiteNode};

    fn node(driver: &'static str, arch: &'static str, cpu: (u8, &'static str)) -> SiteNode {
        SiteNode { driver, arch, cpu, ..SiteNode::named("beta") }
    }

    fn codes(hypervisor: &str, arch: &str, nodes: &[SiteNode]) -> Vec<&'static str> {
        let domain =
            DomainFacts { hypervisor: hypervisor.into(), arch: arch.into(), ..DomainFacts::default() };
        Site::of(nodes).domain(domain).trial(&PLUGIN, "cpu-compatible", "{}").codes()
    }

    #[test]
    fn the_comparison_decides_where_driver_and_architecture_agree() {
        let nodes = [1, 2, 3, 0, 4].map(|comparison| node("QEMU", "x86_64", (comparison, "no avx2")));
        let expected = ["ok", "ok", "cpu-incompatible", "cpu-not-asked", "cpu-comparison-failed"];
        assert_eq!(codes("kvm", "x86_64", &nodes), expected);
        let domain =
            DomainFacts { hypervisor: "kvm".into(), arch: "x86_64".into(), ..DomainFacts::default() };
        let trial = Site::of(nodes).domain(domain).trial(&PLUGIN, "cpu-compatible", "{}");
        assert_eq!(trial.explain(2).expect("node 2 is there").measured, "no avx2");
    }

    #[test]
    fn another_driver_or_architecture_is_refused_first() {
        let nodes = [node("Xen", "x86_64", (1, "")), node("QEMU", "aarch64", (1, "")), SiteNode::default()];
        assert_eq!(codes("kvm", "x86_64", &nodes), ["driver-differs", "architecture-differs", "not-known"]);
        assert_eq!(codes("xen", "x86_64", &nodes), ["ok", "driver-differs", "not-known"]);
        assert_eq!(codes("", "x86_64", &nodes[..1]), ["not-known"]);
        assert_eq!(codes("xen", "", &nodes[..1]), ["not-known"]);
    }

    #[test]
    fn small_guests_run_on_large_machines_and_emulated_ones_anywhere() {
        let nodes = [node("QEMU", "x86_64", (1, "")), node("QEMU", "aarch64", (1, ""))];
        assert_eq!(codes("kvm", "i686", &nodes), ["ok", "architecture-differs"]);
        assert_eq!(codes("qemu", "riscv64", &nodes), ["ok", "ok"]);
    }
}
