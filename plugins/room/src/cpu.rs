//! Rule `cpu-room`: the node has processors enough for the domain.
//!
//! A guest with more virtual processors than its machine has waits for itself, so that is
//! refused whatever the ratio. Beyond it, all live domains together may have so many
//! virtual processors for each of the node's.

use wayleave_sdk::prelude::*;

settings! {
    pub struct Settings {
        /// How many virtual processors of live domains one processor of the node may carry.
        vcpus_per_cpu: f64 = 4.0,
    }
}

reasons! {
    TOO_WIDE: reject "more-vcpus-than-cpus", "the domain has more virtual processors than the node has processors";
    OVERCOMMITTED: reject "vcpus-overcommitted", "the node would carry too many virtual processors";
}

pub struct CpuRoom {
    vcpus: Known<u32>,
    ratio: f64,
}

impl Check for CpuRoom {
    const NAME: &'static str = "cpu-room";
    const TITLE: &'static str = "the domain's virtual processors fit the node's processors";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Settings;

    fn problems(settings: &Settings) -> Vec<Problem> {
        let fine = settings.vcpus_per_cpu > 0.0 && settings.vcpus_per_cpu.is_finite();
        let wrong = Problem::at("/vcpus_per_cpu", "is above 0");
        if fine { Vec::new() } else { vec![wrong] }
    }

    fn new(settings: Settings) -> Self {
        Self { vcpus: domain::vcpus(), ratio: settings.vcpus_per_cpu }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let (vcpus, cpus) = (self.vcpus?, node.cpus()?);
        if vcpus > cpus {
            return because(TOO_WIDE)
                .measured(format_args!("{cpus} processors"))
                .needed(vcpus)
                .remedy("choose a node with more processors, or give the domain fewer: virsh setvcpus");
        }
        let mut carried = u64::from(vcpus);
        for resident in node.residents() {
            if resident.active()? {
                carried += u64::from(resident.vcpus()?);
            }
        }
        let limit = (f64::from(cpus) * self.ratio) as u64;
        let verdict = if carried > limit {
            because(OVERCOMMITTED)
                .remedy("move something away from the node, or raise vcpus_per_cpu in the policy")
        } else {
            pass()
        };
        verdict
            .measured(format_args!("{carried} virtual processors with this domain, on {cpus} processors"))
            .needed(format_args!("at most {limit}, {} for each processor", self.ratio))
    }
}
