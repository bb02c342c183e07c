//! Rule `no-passthrough`: the domain holds no device of its machine.
//!
//! The same answer for every node: a device that is plugged into one machine is not in
//! another. What a device would need to move with its guest (a variant driver, a mapping)
//! is not a fact yet.

use wayleave_sdk::prelude::*;

reasons! {
    PCI: reject "pci-passthrough", "the domain holds a PCI device of its machine";
    USB: reject "usb-passthrough", "the domain holds a USB device of its machine";
    SCSI: reject "scsi-passthrough", "the domain holds a SCSI device of its machine";
    MDEV: reject "mdev-passthrough", "the domain holds a mediated device of its machine";
    TPM: reject "tpm-passthrough", "the domain holds the TPM of its machine";
    OTHER: reject "device-passthrough", "the domain holds a device of its machine";
}

struct NoPassthrough {
    domain: String,
    /// Kind and address, as a person would look for them.
    devices: Vec<String>,
    /// Of the first device.
    reason: Option<Reason>,
}

impl Check for NoPassthrough {
    const NAME: &'static str = "no-passthrough";
    const TITLE: &'static str = "the domain holds no device of its machine";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        let kinds = domain::hostdev_kind();
        let mut reason = kinds.first().map(|kind| reason_of(kind));
        let addresses = domain::hostdev_address().into_iter().map(Some).chain(std::iter::repeat(None));
        let mut devices: Vec<String> = kinds.iter().zip(addresses).map(named).collect();
        if domain::tpm_backend().as_deref() == Some("passthrough") {
            devices.push("tpm".to_owned());
            reason = reason.or(Some(TPM));
        }
        Self { domain: domain::name(), devices, reason }
    }

    fn judge(&self, _node: Node<'_>) -> Verdict {
        let Some(reason) = self.reason else {
            return pass().measured("no such device");
        };
        because(reason).measured(list(&self.devices)).needed("none").remedy(format_args!(
            "take it from the guest before the move, with its XML in device.xml: \
             virsh detach-device {} device.xml --live",
            self.domain
        ))
    }
}

fn named((kind, address): (&String, Option<String>)) -> String {
    match address.filter(|address| !address.is_empty()) {
        Some(address) => format!("{kind} {address}"),
        None => kind.clone(),
    }
}

fn reason_of(kind: &str) -> Reason {
    match kind {
        // A network card that is passed through is a PCI function, whatever its element is called.
        "pci" | "net" => PCI,
        "usb" => USB,
        "scsi" | "scsi_host" => SCSI,
        "mdev" => MDEV,
        _ => OTHER,
    }
}

wayleave_sdk::checks!(NoPassthrough);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{DomainFacts, Site, SiteNode, Trial};

    fn trial(kinds: &[&str], addresses: &[&str], tpm: Option<&str>) -> Trial {
        let domain = DomainFacts {
            name: "web".into(),
            hostdev_kind: kinds.iter().map(|kind| (*kind).into()).collect(),
            hostdev_address: addresses.iter().map(|address| (*address).into()).collect(),
            tpm_backend: tpm.map(Into::into),
            ..DomainFacts::default()
        };
        let nodes = [SiteNode::named("beta"), SiteNode::named("gamma")];
        Site::of(nodes).domain(domain).trial(&PLUGIN, "no-passthrough", "{}")
    }

    #[test]
    fn each_kind_of_device_has_its_own_reason_at_every_node() {
        for (kind, code) in [
            ("pci", "pci-passthrough"),
            ("net", "pci-passthrough"),
            ("usb", "usb-passthrough"),
            ("scsi", "scsi-passthrough"),
            ("scsi_host", "scsi-passthrough"),
            ("mdev", "mdev-passthrough"),
            ("storage", "device-passthrough"),
            ("misc", "device-passthrough"),
        ] {
            assert_eq!(trial(&[kind], &["x"], None).codes(), [code, code], "{kind}");
        }
        assert_eq!(trial(&[], &[], Some("passthrough")).codes(), ["tpm-passthrough", "tpm-passthrough"]);
        assert_eq!(trial(&[], &[], Some("emulator")).codes(), ["ok", "ok"]);
        assert_eq!(trial(&[], &[], None).codes(), ["ok", "ok"]);
    }

    #[test]
    fn every_device_is_named() {
        let trial = trial(&["pci", "usb"], &["0000:3b:00.1", ""], Some("passthrough"));
        let words = trial.explain(1).expect("node 1 is there");
        assert_eq!(words.measured, "pci 0000:3b:00.1, usb, tpm");
        assert!(words.remedy.contains("virsh detach-device web "), "{}", words.remedy);
    }
}
