//! Rules `memory-room` and `cpu-room`: the destination has room for the domain.

mod cpu;
mod memory;

wayleave_sdk::checks!(memory::MemoryRoom, cpu::CpuRoom);

#[cfg(test)]
mod tests;
