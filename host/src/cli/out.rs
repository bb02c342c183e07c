//! The only place that writes to stdout and stderr (beside the progress of a move).
//!
//! Data goes to stdout, everything else to stderr. A reader that has gone away, as in
//! `wayleave nodes | head -1`, is no error.

use std::io::{self, Write};

use super::args::Output;
use super::render;

/// Writes a result, with one newline at its end.
pub fn data(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written =
        stdout.write_all(text.trim_end_matches('\n').as_bytes()).and_then(|()| stdout.write_all(b"\n"));
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Something that did not go as it should, and kept nothing from going on.
pub fn warning(output: Output, code: &str, message: &str, hint: Option<&str>) {
    let text = match output {
        Output::Table => render::warning(code, message, hint),
        Output::Json => render::json_warning(code, message, hint),
    };
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// Writes an error to stderr, in the form that was asked for.
pub fn error(output: Output, code: &str, message: &str, hint: Option<&str>) {
    let text = match output {
        Output::Table => render::error(code, message, hint),
        Output::Json => render::json_error(code, message, hint),
    };
    // There is nobody left to tell when stderr is gone.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// A line on stderr beside the result.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", render::text::clean(text));
}
