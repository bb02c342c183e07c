//! The program: reads the command line, starts the log, and turns the end into a status.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use wayleave::cli::{self, args::CommandLine};

fn main() -> ExitCode {
    let line = CommandLine::parse();
    start_log(line.global.verbose);
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(cli::run(line));
            // A thread that hangs in a dead daemon's call is not waited for.
            runtime.shutdown_background();
            exit.into()
        }
        Err(error) => {
            cli::out::error(
                line.global.output,
                "no-runtime",
                &format!("starting threads failed: {error}"),
                None,
            );
            cli::Exit::Failed.into()
        }
    }
}

/// The log goes to stderr. `RUST_LOG` says more exactly than `-v` what is wanted.
fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "wayleave=warn,plugin=warn",
        1 => "wayleave=info,plugin=info",
        _ => "wayleave=debug,plugin=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}
