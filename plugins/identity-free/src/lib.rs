//! Rule `identity-free`: the domain's name and UUID are free at the destination.
//!
//! A definition that a former stay has left there, with the same name and the same UUID,
//! is the domain's own: libvirt overwrites it. A live domain with the same UUID is a
//! second copy of this one, and nothing may be added to that.

use wayleave_sdk::prelude::*;

reasons! {
    RUNS_THERE: reject "already-runs-there", "a live domain with the same UUID is at the destination";
    UUID_TAKEN: reject "uuid-taken", "another domain at the destination has the UUID";
    NAME_TAKEN: reject "name-taken", "another domain at the destination has the name";
}

struct IdentityFree {
    name: Symbol,
    name_text: String,
    uuid: Known<Symbol>,
}

impl Check for IdentityFree {
    const NAME: &'static str = "identity-free";
    const TITLE: &'static str = "the domain's name and UUID are free at the node";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        let name_text = domain::destination_name();
        Self { name: symbol(&name_text), name_text, uuid: domain::uuid().map(|uuid| symbol(&uuid)) }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let own = self.uuid?;
        let mut kept = false;
        for resident in node.residents() {
            let (same_name, same_uuid) = (resident.name() == self.name, resident.uuid() == own);
            if !same_name && !same_uuid {
                continue;
            }
            let verdict = match (same_uuid, same_name) {
                (true, _) if resident.active()? => because(RUNS_THERE).remedy(
                    "find out which of the two is the true one, and stop the other, before anything else",
                ),
                (true, true) => {
                    kept = true;
                    continue;
                }
                (true, false) => because(UUID_TAKEN).remedy(format_args!(
                    "undefine it at the node if nobody needs it: virsh undefine {}",
                    resident.name()
                )),
                (false, _) => because(NAME_TAKEN)
                    .remedy("give the domain another name at the destination, or rename the other"),
            };
            return verdict
                .measured(format_args!("{} ({})", resident.name(), resident.uuid()))
                .needed(format_args!("{} and its UUID are free", self.name_text));
        }
        let measured = if kept { "only its own inactive definition" } else { "free" };
        pass().measured(measured)
    }
}

wayleave_sdk::checks!(IdentityFree);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{DomainFacts, Neighbour, Site, SiteNode};

    fn codes(uuid: &str, residents: &[(&'static str, &'static str, bool)]) -> Vec<&'static str> {
        let domain =
            DomainFacts { uuid: uuid.into(), destination_name: "web".into(), ..DomainFacts::default() };
        let nodes: Vec<_> = residents
            .iter()
            .map(|(name, uuid, active)| {
                let resident = Neighbour { name, uuid, active: *active, ..Neighbour::default() };
                SiteNode { residents: vec![resident], ..SiteNode::named("beta") }
            })
            .chain([SiteNode::named("empty")])
            .collect();
        Site::of(nodes).domain(domain).trial(&PLUGIN, "identity-free", "{}").codes()
    }

    #[test]
    fn another_domain_may_have_neither_name_nor_uuid() {
        let residents = [
            ("db", "u-2", true),
            ("web", "u-2", false),
            ("db", "u-1", false),
            ("web", "u-1", false),
            ("web", "u-1", true),
            ("db", "u-1", true),
        ];
        let expected =
            ["ok", "name-taken", "uuid-taken", "ok", "already-runs-there", "already-runs-there", "ok"];
        assert_eq!(codes("u-1", &residents), expected);
    }

    #[test]
    fn a_domain_without_uuid_cannot_be_told_apart() {
        assert_eq!(codes("", &[("web", "u-2", true)]), ["not-known"; 2]);
    }
}
