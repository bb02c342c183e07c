//! The move: tunnelled, peer-to-peer and live, as libvirt's typed call.
//!
//! It blocks for as long as the transfer lasts, so it has a thread and a connection of its
//! own, outside the node's pool, and no time-out but keepalive's. When the caller goes away
//! the call goes on: past this point things are observed, not undone.
//!
//! Flags and parameters come from the two tables below and from nowhere else. The TLS flag is
//! not among them: with a tunnel it makes the source's daemon crash.

use std::thread;

use tokio::sync::oneshot;
use tokio::time::timeout;
use virt::connect::Connect;
use virt::sys;

use super::error::{Doing, Result, is_of_transport, of_ours, recoded};
use super::pool::watched;
use super::raw::{self, Value};
use super::{Options, connection, domain};
use crate::model::node::NodeEntry;
use crate::model::order::{MigrationOrder, Parameter, ParameterValue};

/// What every move is.
pub const TUNNELLED: sys::virDomainMigrateFlags =
    sys::VIR_MIGRATE_LIVE | sys::VIR_MIGRATE_PEER2PEER | sys::VIR_MIGRATE_TUNNELLED;

/// Flags that an order may set.
const FLAGS: [(&str, sys::virDomainMigrateFlags); 5] = [
    ("abort_on_error", sys::VIR_MIGRATE_ABORT_ON_ERROR),
    ("auto_converge", sys::VIR_MIGRATE_AUTO_CONVERGE),
    ("change_protection", sys::VIR_MIGRATE_CHANGE_PROTECTION),
    ("compressed", sys::VIR_MIGRATE_COMPRESSED),
    ("unsafe", sys::VIR_MIGRATE_UNSAFE),
];

/// Typed parameters that an order may set, each with the flag that it cannot do without.
const TYPED: [(&str, sys::virDomainMigrateFlags); 5] = [
    ("auto_converge.increment", sys::VIR_MIGRATE_AUTO_CONVERGE),
    ("auto_converge.initial", sys::VIR_MIGRATE_AUTO_CONVERGE),
    ("compression", sys::VIR_MIGRATE_COMPRESSED),
    ("compression.xbzrle.cache", sys::VIR_MIGRATE_COMPRESSED),
    ("graphics_uri", 0),
];

/// An order in libvirt's terms.
#[derive(Debug, PartialEq, Eq)]
struct Call<'a> {
    flags: sys::virDomainMigrateFlags,
    parameters: Vec<(&'a str, Value<'a>)>,
}

pub async fn migrate(source: &NodeEntry, order: &MigrationOrder, options: Options) -> Result<()> {
    let doing = format!("moving the domain {} from {}", order.domain, source.name);
    // Checked before anything is opened or begun.
    call_of(order, &doing)?;
    let (began, has_begun) = oneshot::channel();
    let (answer, answered) = oneshot::channel();
    let work = Work { source: source.clone(), order: order.clone(), doing: doing.clone(), options };
    let spawned = thread::Builder::new().name("libvirt-migrate".into()).spawn(move || {
        let _ = answer.send(work.run(began));
    });
    spawned.map_err(|error| of_ours("internal", &doing, error.to_string()))?;
    // When this gives up, the thread finds the channel closed and does not begin.
    if timeout(options.connect_timeout * 2, has_begun).await.is_err() {
        let text = format!("no connection to {} within {:?}", source.uri, options.connect_timeout * 2);
        return Err(of_ours("node-timeout", doing, text));
    }
    answered.await.unwrap_or_else(|_| Err(of_ours("internal", doing, "the thread of the move ended")))
}

struct Work {
    source: NodeEntry,
    order: MigrationOrder,
    doing: String,
    options: Options,
}

impl Work {
    fn run(&self, began: oneshot::Sender<()>) -> Result<()> {
        let connection = connection::open(&self.source.uri, self.options.connect_timeout)?;
        if began.send(()).is_err() {
            return Err(of_ours("node-timeout", &self.doing, "given up before it began"));
        }
        watched(&connection, |connection| self.call(connection)).map_err(|error| {
            // Our own connection lives, so it is the source daemon's to the destination that does not.
            let theirs = error.code != "connection-lost" && is_of_transport(&error);
            if theirs { recoded(error, "destination-unreachable") } else { error }
        })
    }

    fn call(&self, connection: &Connect) -> Result<()> {
        let domain = domain::find(connection, &self.source.name, &self.order.domain)?;
        let call = call_of(&self.order, &self.doing)?;
        raw::migrate(&domain, &self.order.destination_uri, &call.parameters, call.flags).doing(&self.doing)
    }
}

fn call_of<'a>(order: &'a MigrationOrder, doing: &str) -> Result<Call<'a>> {
    let mut call = Call { flags: TUNNELLED, parameters: Vec::new() };
    if order.persistent {
        call.flags |= sys::VIR_MIGRATE_PERSIST_DEST | sys::VIR_MIGRATE_UNDEFINE_SOURCE;
    }
    if let Some(name) = &order.destination_name {
        call.parameters.push(("destination_name", Value::Text(name)));
    }
    if let Some(mib_s) = order.limits.bandwidth_mib_s_max {
        call.parameters.push(("bandwidth", Value::Ullong(mib_s)));
    }
    for parameter in &order.parameters {
        call.add(parameter).ok_or_else(|| {
            let text = format!("the parameter {} cannot be part of a tunnelled move", parameter.name);
            of_ours("no-support", doing, text)
        })?;
    }
    Ok(call)
}

impl<'a> Call<'a> {
    /// None for what is in neither table.
    fn add(&mut self, parameter: &'a Parameter) -> Option<()> {
        let value = match &parameter.value {
            ParameterValue::Flag(set) => {
                let (_, flag) = FLAGS.iter().find(|(name, _)| *name == parameter.name)?;
                if *set {
                    self.flags |= flag;
                }
                return Some(());
            }
            ParameterValue::Text(text) => Value::Text(text),
            ParameterValue::Int(number) => Value::Int(*number),
            ParameterValue::Ullong(number) => Value::Ullong(*number),
        };
        let (name, flag) = TYPED.iter().find(|(name, _)| *name == parameter.name)?;
        self.flags |= flag;
        self.parameters.push((name, value));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::order::Limits;

    fn order(parameters: &[(&str, ParameterValue)]) -> MigrationOrder {
        MigrationOrder {
            domain: "web".into(),
            destination_uri: "qemu+tls://node-b/system".into(),
            destination_name: None,
            limits: Limits {
                destination_timeout_s: 60,
                bandwidth_mib_s_max: Some(100),
                downtime_ms_max: 500,
            },
            persistent: false,
            parameters: parameters
                .iter()
                .map(|(name, value)| Parameter { name: (*name).into(), value: value.clone() })
                .collect(),
        }
    }

    #[test]
    fn every_move_is_live_peer_to_peer_and_tunnelled() {
        let order = order(&[]);
        let call = call_of(&order, "moving").expect("an order");
        assert_eq!(call, Call { flags: TUNNELLED, parameters: vec![("bandwidth", Value::Ullong(100))] });
    }

    #[test]
    fn a_kept_definition_moves_with_the_domain() {
        let order = MigrationOrder { persistent: true, destination_name: Some("web-2".into()), ..order(&[]) };
        let call = call_of(&order, "moving").expect("an order");
        assert_eq!(call.flags, TUNNELLED | sys::VIR_MIGRATE_PERSIST_DEST | sys::VIR_MIGRATE_UNDEFINE_SOURCE);
        assert_eq!(call.parameters[0], ("destination_name", Value::Text("web-2")));
    }

    #[test]
    fn a_typed_parameter_brings_its_flag() {
        let order = order(&[
            ("auto_converge.initial", ParameterValue::Int(30)),
            ("unsafe", ParameterValue::Flag(false)),
        ]);
        let call = call_of(&order, "moving").expect("an order");
        assert_eq!(call.flags, TUNNELLED | sys::VIR_MIGRATE_AUTO_CONVERGE);
        assert_eq!(call.parameters[1], ("auto_converge.initial", Value::Int(30)));
    }

    #[test]
    fn nothing_outside_the_tables_gets_through() {
        let text = ParameterValue::Text("x".into());
        let flag = ParameterValue::Flag(true);
        for (name, value) in [
            ("tls", &flag),
            ("postcopy", &flag),
            ("tls.destination", &text),
            ("migrate_uri", &text),
            ("compressed", &text),
            ("compression", &flag),
        ] {
            let order = order(&[(name, value.clone())]);
            assert_eq!(call_of(&order, "moving").expect_err("refused").code, "no-support", "{name}");
        }
    }

    #[test]
    fn no_order_can_set_the_tls_flag() {
        let all = FLAGS.iter().chain(&TYPED).fold(TUNNELLED, |all, (_, flag)| all | flag);
        assert_eq!(all & sys::VIR_MIGRATE_TLS, 0);
        assert_eq!(all & sys::VIR_MIGRATE_POSTCOPY, 0);
    }
}
