//! What a site might add: a rule of its own; and rules that are broken in different ways.

use wayleave_sdk::prelude::*;

settings! {
    struct Settings {
        /// The only rack that a domain may go to.
        rack: String = String::from("1"),
    }
}

reasons! {
    OTHER_RACK: reject "other-rack", "the node stands in another rack";
}

struct OwnRack {
    label: NodeLabel,
    rack: Symbol,
    rack_text: String,
}

impl Check for OwnRack {
    const NAME: &'static str = "own-rack";
    const TITLE: &'static str = "the node stands in the site's own rack";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Settings;

    fn new(settings: Settings) -> Self {
        Self { label: NodeLabel::new("rack"), rack: symbol(&settings.rack), rack_text: settings.rack }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let needed = format_args!("rack {}", self.rack_text);
        match self.label.of(node) {
            Some(rack) if rack == self.rack => pass().needed(needed),
            Some(rack) => {
                because(OTHER_RACK).measured(format_args!("rack {rack}")).needed(needed).remedy("carry it over")
            }
            None => because(OTHER_RACK).measured("no rack").needed(needed).remedy("label the node"),
        }
    }
}

/// Rules that never answer.
macro_rules! broken {
    ($rule:ident, $name:literal, $act:expr) => {
        struct $rule;

        impl Check for $rule {
            const NAME: &'static str = $name;
            const TITLE: &'static str = "nothing: it is broken";
            const REASONS: &'static [Reason] = &[];
            type Settings = NoSettings;

            fn new(_: NoSettings) -> Self {
                Self
            }

            fn judge(&self, _: Node<'_>) -> Verdict {
                $act
            }
        }
    };
}

broken!(Panics, "panics", panic!("the site forgot this case"));
broken!(Loops, "loops", {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
});
broken!(Eats, "eats", {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(std::hint::black_box(vec![1; 1 << 20]));
    }
});

wayleave_sdk::checks!(OwnRack, Panics, Loops, Eats);
