//! Another size in the text, and nothing else.

use super::{DEFINITIONS, cpu_element, definition, domain_facts, domain_with, with_other_memory};

const GIB: u64 = 1 << 30;

#[test]
fn every_definition_grows_and_nothing_else_changes() {
    for (name, xml) in DEFINITIONS {
        let before = domain_facts(xml).unwrap();
        if before.memory_bytes == 0 {
            assert_eq!(with_other_memory(xml).unwrap_err().code(), "xml-missing-value", "{name}");
            continue;
        }
        let mut after = domain_facts(&with_other_memory(xml).unwrap()).unwrap();
        assert_eq!(after.memory_bytes, before.memory_bytes + GIB, "{name}");
        assert_eq!(after.memory_current_bytes, before.memory_current_bytes + GIB, "{name}");
        after.memory_bytes = before.memory_bytes;
        after.memory_current_bytes = before.memory_current_bytes;
        if let Some(cell) = after.numa.cells.first_mut() {
            cell.memory_bytes -= GIB;
        }
        assert_eq!(after, before, "{name}");
    }
}

#[test]
fn byte_for_byte() {
    let other = |inside: &str| with_other_memory(&domain_with(inside)).unwrap();
    let same = |from: &str, to: &str| assert_eq!(other(from), domain_with(to));
    same("<memory unit='KiB'>1048576</memory>", "<memory unit='KiB'>2097152</memory>");
    same("<memory  unit = \"G\" >1</memory >", "<memory  unit = \"G\" >2</memory >");
    same(
        "<memory a='>'>1</memory><!-- <memory>1</memory> -->",
        "<memory a='>'>1048577</memory><!-- <memory>1</memory> -->",
    );
    same("<memory>1<!-- one --></memory>", "<memory>1048577</memory>");
    same("<memory><![CDATA[1]]></memory>", "<memory>1048577</memory>");
    // Units that the step is no multiple of.
    same("<memory unit='KB'>1</memory>", "<memory unit='b'>1073742824</memory>");
    same("<memory unit='TiB'>1</memory>", "<memory unit='b'>1100585369600</memory>");
    // Zero is "as much as there is".
    same(
        "<memory>1</memory><currentMemory>0</currentMemory>",
        "<memory>1048577</memory><currentMemory>0</currentMemory>",
    );
}

#[test]
fn the_sum_and_the_largest_stay_true() {
    let other = |inside: &str| with_other_memory(&domain_with(inside)).unwrap();
    let cells = |memory: u64, first: u64| {
        domain_with(&format!(
            "<memory unit='GiB'>{memory}</memory><cpu><numa><cell memory='{first}' unit='GiB'/>\
             <cell memory='1' unit='GiB'/></numa></cpu>"
        ))
    };
    assert_eq!(with_other_memory(&cells(2, 1)).unwrap(), cells(3, 2));
    let room = "<maxMemory slots='4' unit='GiB'>8</maxMemory><memory unit='GiB'>7</memory>";
    assert_eq!(other(room), domain_with(&room.replace("'GiB'>7", "'GiB'>8")));
    let full = "<maxMemory slots='4' unit='GiB'>8</maxMemory><memory unit='GiB'>8</memory>";
    assert_eq!(other(full), domain_with(&full.replace("'GiB'>8", "'GiB'>9")));
    let only_cells = "<cpu><numa><cell cpus='0' memory='1048576'/></numa></cpu>";
    assert_eq!(other(only_cells), domain_with(&only_cells.replace("1048576", "2097152")));
}

#[test]
fn a_size_that_cannot_grow() {
    let largest = domain_with(&format!("<memory unit='b'>{}</memory>", u64::MAX));
    assert_eq!(with_other_memory(&largest).unwrap_err().code(), "xml-bad-value");
    assert_eq!(with_other_memory("<pool/>").unwrap_err().code(), "xml-not-a-domain");
}

#[test]
fn the_cpu_as_it_stands() {
    let cpu = cpu_element(definition("kvm-full")).unwrap().unwrap();
    assert!(cpu.starts_with("<cpu mode='custom' match='exact'"));
    assert!(cpu.ends_with("</numa>\n  </cpu>"));
    assert!(definition("kvm-full").contains(&cpu));
    let short = domain_with("<cpu  mode=\"host-model\" />");
    assert_eq!(cpu_element(&short).unwrap().as_deref(), Some("<cpu  mode=\"host-model\" />"));
    assert_eq!(cpu_element(definition("vbox")).unwrap(), None);
}
