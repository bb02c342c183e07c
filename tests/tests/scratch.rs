//! scratch
#![allow(clippy::print_stderr)]
use anyhow::Result;
use lab::{Guest, Lab};
use std::time::{Instant,Duration};
#[test]
fn time() -> Result<()> {
    let t = Instant::now();
    Lab::run(["node-a", "node-b"], |lab| {
        eprintln!("lab {:?}", t.elapsed());
        let one = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").dirtying(64, 20), &one)?;
        eprintln!("boot {:?}", t.elapsed());
        let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
        eprintln!("moved {:?} {}", t.elapsed(), told.stderr);
        let told = lab.migrate(["web", "--from", "node-b", "--to", "node-a"])?;
        eprintln!("moved {:?} {}", t.elapsed(), told.stderr);
        let (s, id) = lab.begin_migrate(&guest, &one, ["web", "--from", "node-a", "--to", "node-b", "--max-bandwidth", "4"])?;
        std::thread::sleep(Duration::from_secs(3));
        eprintln!("{}", one.virsh(["domjobinfo", "web"])?);
        eprintln!("{} {}", id, s.stderr_so_far());
        s.interrupt()?;
        let f = s.finish_within(Duration::from_secs(60))?;
        eprintln!("{:?} {f:?}", t.elapsed());
        eprintln!("{:?}", t.elapsed());
        Ok(())
    })
}
