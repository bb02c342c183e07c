//! Score `prefer-label`: the node has a label with a certain value.
//!
//! 1 where it has, 0 where it has not: how much that counts is the policy's weight.

use wayleave_sdk::prelude::*;

settings! {
    struct Settings {
        /// The label's key, as in the inventory.
        key: String = String::from("prefer"),
        /// The value that is preferred.
        value: String = String::from("yes"),
    }
}

struct PreferLabel {
    label: NodeLabel,
    value: Symbol,
    value_text: String,
}

impl Score for PreferLabel {
    const NAME: &'static str = "prefer-label";
    const TITLE: &'static str = "the node has the preferred label";
    type Settings = Settings;

    fn problems(settings: &Settings) -> Vec<Problem> {
        let places = [("/key", &settings.key), ("/value", &settings.value)];
        let empty = places.into_iter().filter(|(_, text)| text.is_empty());
        empty.map(|(place, _)| Problem::at(place, "is not empty")).collect()
    }

    fn new(settings: Settings) -> Self {
        Self {
            label: NodeLabel::new(settings.key),
            value: symbol(&settings.value),
            value_text: settings.value,
        }
    }

    fn score(&self, node: Node<'_>) -> Known<f32> {
        let key = self.label.key();
        let needed = format_args!("{key}={}", self.value_text);
        match self.label.of(node) {
            Some(value) => {
                let points = f32::from(u8::from(value == self.value));
                Ok(points).measured(format_args!("{key}={value}")).needed(needed)
            }
            None => Ok(0.0).measured(format_args!("no label {key}")).needed(needed),
        }
    }
}

wayleave_sdk::scores!(PreferLabel);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{Site, SiteNode};

    #[test]
    fn only_the_preferred_value_counts() {
        let nodes = [
            SiteNode { labels: vec![("rack", "4")], ..SiteNode::named("beta") },
            SiteNode { labels: vec![("rack", "5")], ..SiteNode::named("gamma") },
            SiteNode::named("delta"),
        ];
        let site = Site::of(nodes);
        let trial = site.trial(&PLUGIN, "prefer-label", r#"{"key": "rack", "value": "4"}"#);
        assert_eq!(trial.scores(), [1.0, 0.0, 0.0]);
        assert_eq!(trial.explain(1).expect("node 1 is there").measured, "rack=5");
        assert_eq!(trial.explain(2).expect("node 2 is there").measured, "no label rack");
        // A value that no node has prefers none, not the nodes without the label.
        let trial = site.trial(&PLUGIN, "prefer-label", r#"{"key": "rack", "value": "9"}"#);
        assert_eq!(trial.scores(), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn empty_texts_are_refused() {
        let problems = PLUGIN.configure("prefer-label", r#"{"key": "", "value": ""}"#).err();
        let places: Vec<_> = problems.expect("it is wrong").into_iter().map(|problem| problem.path).collect();
        assert_eq!(places, ["/key", "/value"]);
    }
}
