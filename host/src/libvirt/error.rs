//! libvirt's errors as `HypervisorError`: stable codes, libvirt's own numbers kept.
//!
//! Nothing here, and nobody elsewhere, looks at the text of an error: only its number
//! and the part of libvirt it came from say what it is.

use virt::error::Error;
use virt::sys;

use super::raw::Failure;
use crate::model::port::HypervisorError;

pub type Result<T> = std::result::Result<T, HypervisorError>;

/// An error of ours, without libvirt's numbers.
pub fn of_ours(code: &str, doing: impl Into<String>, text: impl Into<String>) -> HypervisorError {
    HypervisorError {
        code: code.to_owned(),
        doing: doing.into(),
        text: text.into(),
        hint: hint(code).map(str::to_owned),
        number: None,
    }
}

/// Says what failed when libvirt failed.
pub trait Doing<T> {
    fn doing(self, doing: &str) -> Result<T>;
}

impl<T> Doing<T> for std::result::Result<T, Error> {
    fn doing(self, doing: &str) -> Result<T> {
        self.map_err(|error| of_libvirt(doing, &error))
    }
}

impl<T> Doing<T> for std::result::Result<T, Failure> {
    fn doing(self, doing: &str) -> Result<T> {
        self.map_err(|failure| match failure {
            Failure::Libvirt(error) => of_libvirt(doing, &error),
            Failure::Nul => of_ours("bad-value", doing, "a text has a NUL character inside"),
        })
    }
}

fn of_libvirt(doing: &str, error: &Error) -> HypervisorError {
    let (number, domain) = (error.code().to_raw(), error.domain().to_raw());
    let code = code(number, domain);
    HypervisorError {
        code: code.to_owned(),
        doing: doing.to_owned(),
        text: error.message().to_owned(),
        hint: hint(code).map(str::to_owned),
        number: Some((number, domain)),
    }
}

/// The same error, found to be the loss of the connection it was made on.
pub fn lost(error: HypervisorError) -> HypervisorError {
    recoded(error, "connection-lost")
}

pub fn recoded(error: HypervisorError, code: &str) -> HypervisorError {
    HypervisorError { code: code.to_owned(), hint: hint(code).map(str::to_owned), ..error }
}

pub fn has_number(error: &HypervisorError, wanted: sys::virErrorNumber) -> bool {
    error.number.is_some_and(|(number, _)| number == wanted)
}

/// The daemon's connection to somebody failed; whose, only the caller can tell.
pub fn is_of_transport(error: &HypervisorError) -> bool {
    error.number.is_some_and(|(_, domain)| domain == sys::VIR_FROM_RPC)
}

fn code(number: sys::virErrorNumber, domain: sys::virErrorDomain) -> &'static str {
    match (number, domain) {
        (sys::VIR_ERR_NO_DOMAIN, _) => "no-such-domain",
        (sys::VIR_ERR_AUTH_FAILED | sys::VIR_ERR_AUTH_CANCELLED | sys::VIR_ERR_AUTH_UNAVAILABLE, _) => {
            "node-auth"
        }
        (sys::VIR_ERR_OPERATION_DENIED | sys::VIR_ERR_ACCESS_DENIED, _) => "denied",
        (sys::VIR_ERR_OPERATION_ABORTED, _) => "aborted",
        (sys::VIR_ERR_MIGRATE_UNSAFE, _) => "migrate-unsafe",
        (sys::VIR_ERR_CPU_INCOMPATIBLE, _) => "cpu-incompatible",
        (sys::VIR_ERR_OPERATION_INVALID, _) => "operation-invalid",
        (sys::VIR_ERR_OPERATION_TIMEOUT, _) => "busy",
        (
            sys::VIR_ERR_NO_SUPPORT | sys::VIR_ERR_ARGUMENT_UNSUPPORTED | sys::VIR_ERR_OPERATION_UNSUPPORTED,
            _,
        ) => "no-support",
        (sys::VIR_ERR_NO_STORAGE_POOL, _) => "no-such-pool",
        (sys::VIR_ERR_NO_STORAGE_VOL, _) => "no-such-volume",
        _ => "libvirt-error",
    }
}

/// Where a person can do something.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "node-unreachable" => "check that the daemon runs there and that this URI is right",
        "node-timeout" => "check the node and the network to it; others are not held up by it",
        "node-auth" => "give the credentials in libvirt's auth.conf, or check the certificates",
        "denied" => "the connection needs the right to change this node: use a read-write URI and user",
        "connection-lost" => "what was asked may still have happened: look at the node before asking again",
        "destination-unreachable" => "the source's daemon must reach this URI: try it from the source node",
        "migrate-unsafe" => {
            "use cache=none on shared storage, or name it in `shared_filesystems` of the source's qemu.conf"
        }
        "cpu-incompatible" => "give the domain a CPU model that both nodes have",
        "busy" => "another job works on this domain: wait for it to end",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_from_numbers_alone() {
        assert_eq!(code(42, sys::VIR_FROM_QEMU), "no-such-domain");
        assert_eq!(code(78, sys::VIR_FROM_QEMU), "aborted");
        assert_eq!(code(81, sys::VIR_FROM_QEMU), "migrate-unsafe");
        assert_eq!(code(1, sys::VIR_FROM_RPC), "libvirt-error");
        assert_eq!(code(9999, 9999), "libvirt-error");
    }

    #[test]
    fn a_lost_connection_keeps_its_numbers() {
        let error =
            HypervisorError { number: Some((38, 7)), ..of_ours("libvirt-error", "reading", "End of file") };
        let error = lost(error);
        assert_eq!((error.code.as_str(), error.number), ("connection-lost", Some((38, 7))));
        assert!(error.hint.is_some());
    }
}
