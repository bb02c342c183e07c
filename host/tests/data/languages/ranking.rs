//! Score `ranking`: the share of memory that is free.

use wayleave_sdk::prelude::*;

score! {
    /// much memory is free
    Ranking = "ranking";
    score(self, node) {
        let (free, total) = (node.memory_free()?, node.memory_total()?);
        let share = if total == 0 { 0.0 } else { free as f64 / total as f64 };
        Ok(share.min(1.0) as f32).measured(format_args!("{} of {} is free", mib(free), mib(total)))
    }
}

wayleave_sdk::scores!(Ranking);
