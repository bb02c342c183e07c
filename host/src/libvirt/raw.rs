//! Calls of libvirt's C library that the `virt` crate lacks or gets wrong.
//!
//! The one file with `unsafe`: each function is a safe call with a safe answer, and
//! knows nothing of nodes, jobs or policy. What the crate wraps soundly is not repeated
//! here. Its `get_job_stats` is not used: with no job it builds a `Vec` from a null
//! pointer, and it frees memory of libvirt's allocator with Rust's.

// Reason: the C library can only be called so; every place says why it holds.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, NulError, c_char, c_int, c_uint};
use std::ptr;

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::Error;
use virt::sys;

/// Why a raw call gave no answer.
#[derive(Debug)]
pub enum Failure {
    Libvirt(Error),
    /// A text with a NUL inside cannot be handed to C.
    Nul,
}

impl From<NulError> for Failure {
    fn from(_: NulError) -> Self {
        Self::Nul
    }
}

/// Must be called right after the failing call: libvirt keeps one error per thread.
fn last_error<T>() -> Result<T, Failure> {
    Err(Failure::Libvirt(Error::last_error()))
}

/// What libvirt tells of a background job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobStats {
    /// `VIR_DOMAIN_JOB_NONE`, `_UNBOUNDED`, `_COMPLETED`, ...
    pub kind: u32,
    pub numbers: BTreeMap<String, u64>,
}

impl JobStats {
    pub fn number(&self, name: &CStr) -> Option<u64> {
        self.numbers.get(name.to_str().ok()?).copied()
    }
}

/// A typed value for a migration parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Text(&'a str),
    Int(i32),
    Ullong(u64),
}

/// A list of typed parameters in libvirt's own memory.
struct TypedParams {
    list: sys::virTypedParameterPtr,
    len: c_int,
    capacity: c_int,
}

impl TypedParams {
    fn new() -> Self {
        Self { list: ptr::null_mut(), len: 0, capacity: 0 }
    }

    fn push(&mut self, name: &str, value: Value<'_>) -> Result<(), Failure> {
        let name = CString::new(name)?;
        let (list, len, capacity) = (&mut self.list, &mut self.len, &mut self.capacity);
        // SAFETY: the three pointers are to live fields that only libvirt's functions
        // have changed, and name and text outlive the calls, which copy them.
        let status = unsafe {
            match value {
                Value::Text(text) => {
                    let text = CString::new(text)?;
                    sys::virTypedParamsAddString(list, len, capacity, name.as_ptr(), text.as_ptr())
                }
                Value::Int(number) => sys::virTypedParamsAddInt(list, len, capacity, name.as_ptr(), number),
                Value::Ullong(number) => {
                    sys::virTypedParamsAddULLong(list, len, capacity, name.as_ptr(), number)
                }
            }
        };
        if status < 0 { last_error() } else { Ok(()) }
    }

    /// Every parameter that is a number that is not negative.
    fn numbers(&self) -> BTreeMap<String, u64> {
        let len = usize::try_from(self.len).unwrap_or(0);
        if self.list.is_null() || len == 0 {
            return BTreeMap::new();
        }
        // SAFETY: not null, and libvirt says that so many initialised elements are there;
        // they live until `self` is dropped.
        let list = unsafe { std::slice::from_raw_parts(self.list, len) };
        list.iter().filter_map(|param| Some((field_name(&param.field), number(param)?))).collect()
    }
}

impl Drop for TypedParams {
    fn drop(&mut self) {
        // SAFETY: list and len are libvirt's own (null and 0 are allowed), freed once.
        unsafe { sys::virTypedParamsFree(self.list, self.len) }
    }
}

/// The text in a fixed field that a NUL ends.
fn field_name(field: &[c_char]) -> String {
    let bytes: Vec<u8> = field.iter().map(|c| c.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn number(param: &sys::virTypedParameter) -> Option<u64> {
    let kind = u32::try_from(param.type_).ok()?;
    // SAFETY: the type says which member of the union libvirt has filled.
    unsafe {
        match kind {
            sys::VIR_TYPED_PARAM_INT => u64::try_from(param.value.i).ok(),
            sys::VIR_TYPED_PARAM_UINT => Some(u64::from(param.value.ui)),
            sys::VIR_TYPED_PARAM_LLONG => u64::try_from(param.value.l).ok(),
            sys::VIR_TYPED_PARAM_ULLONG => Some(param.value.ul),
            _ => None,
        }
    }
}

pub fn job_stats(domain: &Domain, flags: sys::virDomainGetJobStatsFlags) -> Result<JobStats, Failure> {
    let mut kind: c_int = 0;
    let mut params = TypedParams::new();
    // SAFETY: the domain's pointer is valid while the reference lives, and the other
    // pointers are to locals; libvirt allocates the list, `TypedParams` frees it.
    let status = unsafe {
        sys::virDomainGetJobStats(domain.as_ptr(), &mut kind, &mut params.list, &mut params.len, flags)
    };
    if status < 0 {
        return last_error();
    }
    Ok(JobStats { kind: u32::try_from(kind).unwrap_or(0), numbers: params.numbers() })
}

pub fn abort_job(domain: &Domain) -> Result<(), Failure> {
    // SAFETY: the domain's pointer is valid while the reference lives.
    let status = unsafe { sys::virDomainAbortJob(domain.as_ptr()) };
    if status < 0 { last_error() } else { Ok(()) }
}

/// Blocks until the migration has ended, either way.
pub fn migrate(
    domain: &Domain,
    destination_uri: &str,
    parameters: &[(&str, Value<'_>)],
    flags: sys::virDomainMigrateFlags,
) -> Result<(), Failure> {
    let uri = CString::new(destination_uri)?;
    let mut params = TypedParams::new();
    for (name, value) in parameters {
        params.push(name, *value)?;
    }
    let len = c_uint::try_from(params.len).unwrap_or(0);
    // SAFETY: the domain's pointer is valid while the reference lives, uri and list
    // outlive the call, and len is the list's own length.
    let status =
        unsafe { sys::virDomainMigrateToURI3(domain.as_ptr(), uri.as_ptr(), params.list, len, flags) };
    if status < 0 { last_error() } else { Ok(()) }
}

/// The guest that a CPU is meant for; what is not given is the daemon's default.
#[derive(Clone, Debug, Default)]
pub struct CpuContext {
    pub emulator: Option<String>,
    pub arch: Option<String>,
    pub machine: Option<String>,
    pub hypervisor: Option<String>,
}

/// One of `VIR_CPU_COMPARE_*`, as the daemon answered.
pub fn compare_hypervisor_cpu(
    connection: &Connect,
    context: &CpuContext,
    cpu_xml: &str,
    flags: sys::virConnectCompareCPUFlags,
) -> Result<i32, Failure> {
    let text = |text: &Option<String>| text.as_deref().map(CString::new).transpose();
    let (emulator, arch) = (text(&context.emulator)?, text(&context.arch)?);
    let (machine, hypervisor) = (text(&context.machine)?, text(&context.hypervisor)?);
    let cpu_xml = CString::new(cpu_xml)?;
    let pointer = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
    // SAFETY: the connection's pointer is valid while the reference lives; each text is
    // null, which the call allows for these, or outlives the call.
    let answer = unsafe {
        sys::virConnectCompareHypervisorCPU(
            connection.as_ptr(),
            pointer(&emulator),
            pointer(&arch),
            pointer(&machine),
            pointer(&hypervisor),
            cpu_xml.as_ptr(),
            flags,
        )
    };
    if answer < 0 { last_error() } else { Ok(answer) }
}

/// The node's memory figures in KiB: `total`, `free`, `buffers`, `cached`.
pub fn memory_stats(connection: &Connect) -> Result<BTreeMap<String, u64>, Failure> {
    let mut len: c_int = 0;
    let all = sys::VIR_NODE_MEMORY_STATS_ALL_CELLS;
    // SAFETY: the connection's pointer is valid while the reference lives; a null list
    // with length 0 asks how long it must be.
    let status =
        unsafe { sys::virNodeGetMemoryStats(connection.as_ptr(), all, ptr::null_mut(), &mut len, 0) };
    if status < 0 {
        return last_error();
    }
    let empty = sys::_virNodeMemoryStats { field: [0; 80], value: 0 };
    let mut list = vec![empty; usize::try_from(len).unwrap_or(0)];
    // SAFETY: as above, and the list has exactly the length that is passed.
    let status =
        unsafe { sys::virNodeGetMemoryStats(connection.as_ptr(), all, list.as_mut_ptr(), &mut len, 0) };
    if status < 0 {
        return last_error();
    }
    let filled = usize::try_from(len).unwrap_or(0);
    Ok(list.iter().take(filled).map(|entry| (field_name(&entry.field), entry.value)).collect())
}
