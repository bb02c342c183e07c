//! The small languages inside libvirt's XML: amounts with units, sets of processors,
//! numbers in C's notation, UUIDs. Each is read as libvirt reads it.

use uuid::Uuid;

use super::limits;

pub(super) const BYTE: u64 = 1;
/// What memory is counted in where there is no `unit`.
pub(super) const KIB: u64 = 1 << 10;

pub(super) const AMOUNT_EXPECTED: &str = "a whole number, not negative, of less than 16 EiB";
pub(super) const UNIT_EXPECTED: &str = "bytes, KB, KiB, MB, MiB, GB, GiB, TB, TiB, PB, PiB, EB or EiB";
pub(super) const SET_EXPECTED: &str = "numbers below 65536 and ranges, such as 0-3,^2,8";

/// A number with its unit, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) bytes: u64,
    /// How many bytes one of the unit is.
    pub(super) scale: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmountFault {
    Number,
    Unit,
}

pub(super) fn amount(number: &str, unit: Option<&str>, default_scale: u64) -> Result<Amount, AmountFault> {
    let scale = scale(unit.unwrap_or_default(), default_scale).ok_or(AmountFault::Unit)?;
    let number: u64 = number.trim().parse().map_err(|_| AmountFault::Number)?;
    let bytes = number.checked_mul(scale).ok_or(AmountFault::Number)?;
    Ok(Amount { bytes, scale })
}

/// `k` and `KiB` are 1,024 bytes, `KB` is 1,000; case says nothing.
pub(super) fn scale(unit: &str, default_scale: u64) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    match unit.as_str() {
        "" => return Some(default_scale),
        "b" | "byte" | "bytes" => return Some(BYTE),
        _ => {}
    }
    let power = match unit.chars().next()? {
        'k' => 1,
        'm' => 2,
        'g' => 3,
        't' => 4,
        'p' => 5,
        'e' => 6,
        _ => return None,
    };
    match &unit[1..] {
        "" | "ib" => Some(1024_u64.pow(power)),
        "b" => Some(1000_u64.pow(power)),
        _ => None,
    }
}

/// Reads `0-3,^2,8`, in ascending order. Each piece works on what stands before it,
/// so `^2,0-3` has 2 in it. None if it is not a set, or an empty one.
pub(super) fn set(text: &str) -> Option<Vec<u32>> {
    // Flat, so that a long list of wide ranges costs a fill each, and no memory.
    let mut present = vec![false; limits::CPU_NUMBER as usize];
    let text = text.trim();
    // libvirt lets the list end in a comma.
    for piece in text.strip_suffix(',').unwrap_or(text).split(',') {
        let piece = piece.trim();
        if let Some(without) = piece.strip_prefix('^') {
            present[set_number(without)?] = false;
        } else if let Some((first, last)) = piece.split_once('-') {
            let (first, last) = (set_number(first)?, set_number(last)?);
            if first > last {
                return None;
            }
            present[first..=last].fill(true);
        } else {
            present[set_number(piece)?] = true;
        }
    }
    let members: Vec<u32> = (0..).zip(&present).filter(|(_, is)| **is).map(|(number, _)| number).collect();
    (!members.is_empty()).then_some(members)
}

fn set_number(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number < limits::CPU_NUMBER as usize)
}

/// A number as C writes it: `0x1f`, `31`, or `037`, which is octal.
pub(super) fn c_number(text: &str) -> Option<u32> {
    let text = text.trim();
    let (digits, radix) = if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        (digits, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        (&text[1..], 8)
    } else {
        (text, 10)
    };
    let signed = digits.starts_with(['+', '-']);
    u32::from_str_radix(digits, radix).ok().filter(|_| !signed)
}

/// With dashes anywhere or nowhere, in either case.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    let digits: String = text.chars().filter(|c| *c != '-' && !c.is_whitespace()).take(33).collect();
    let all_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(&digits, 16).ok().filter(|_| all_hex).map(Uuid::from_u128)
}
