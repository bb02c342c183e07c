//! What guests boot: the distribution's kernel, an initramfs of one static program, and whether this
//! machine's KVM can run it. Built once into the cache folder; it is not per lab.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{eventually, finish, run, words};

const INIT: &str = include_str!("../guest/init.c");
const SHARED_SHIM: &str = include_str!("../guest/shared.c");
/// In the order in which they need each other; those built into the kernel are not found as files.
const MODULES: [&str; 6] =
    ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"];

#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub kernel: PathBuf,
    pub initramfs: PathBuf,
    pub kvm: bool,
    /// Only where libvirt does not know the setting shared_filesystems.
    pub shared_shim: Option<PathBuf>,
}

impl Image {
    /// Gives the image, building what the cache lacks.
    pub fn ready(cache: &Path) -> Result<Self> {
        let kernel = newest_kernel(&cache.join("kernel/boot"))?;
        let mut hasher = DefaultHasher::new();
        (INIT, SHARED_SHIM, MODULES, &kernel).hash(&mut hasher);
        let folder = cache.join(format!("guest-{:016x}", hasher.finish()));
        if !folder.exists() {
            build(cache, &folder).context("cannot build the guest image")?;
        }
        let initramfs = folder.join("initramfs.gz");
        let kvm = kvm_boots(&folder, &kernel, &initramfs)?;
        let shim = folder.join("shared.so");
        let shared_shim = (!knows_shared_filesystems()).then_some(shim);
        Ok(Self { kernel, initramfs, kvm, shared_shim })
    }
}

fn newest_kernel(boot: &Path) -> Result<PathBuf> {
    let entries =
        fs::read_dir(boot).with_context(|| format!("no kernel in {}; run tests/setup", boot.display()))?;
    let mut kernels: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    kernels.retain(|path| path.to_string_lossy().contains("/vmlinuz-"));
    kernels.sort();
    kernels.pop().with_context(|| format!("no vmlinuz in {}", boot.display()))
}

/// Builds beside and renames at the end, so that two builders or a dead one do no harm.
fn build(cache: &Path, folder: &Path) -> Result<()> {
    let work = cache.join(format!("building-{}", process::id()));
    let root = work.join("root");
    fs::create_dir_all(root.join("modules"))?;
    compile(INIT, &work.join("init.c"), &root.join("init"), &["-static"])?;
    compile(SHARED_SHIM, &work.join("shared.c"), &work.join("shared.so"), &["-shared", "-fPIC"])?;
    add_modules(&cache.join("kernel"), &root.join("modules"))?;
    let pack = "cd root && find . | cpio --quiet -o -H newc | gzip -1 >../initramfs.gz";
    let packed = Command::new("bash").args(["-o", "pipefail", "-c", pack]).current_dir(&work).status()?;
    if !packed.success() {
        bail!("cannot pack the initramfs");
    }
    if fs::rename(&work, folder).is_err() {
        fs::remove_dir_all(&work)?;
    }
    Ok(())
}

fn compile(text: &str, source: &Path, program: &Path, how: &[&str]) -> Result<()> {
    fs::write(source, text)?;
    let mut args = vec!["-O2".to_owned(), "-Wall".into(), "-o".into()];
    args.extend([program, source].map(|path| path.display().to_string()));
    args.extend(how.iter().map(|&flag| flag.to_owned()));
    run("gcc", args).map(drop)
}

fn add_modules(kernel: &Path, into: &Path) -> Result<()> {
    let found = run("find", [&*kernel.to_string_lossy(), "-name", "virtio*.ko*"])?;
    let mut number = 0;
    for module in MODULES {
        let Some(path) = found.lines().find(|path| stem(path) == module) else { continue };
        let target = into.join(format!("{number:02}.ko"));
        let unpack = match path.rsplit('.').next() {
            Some("xz") => "xz",
            Some("zst") => "zstd",
            Some("gz") => "gzip",
            _ => "cat",
        };
        let mut command = Command::new(unpack);
        if unpack != "cat" {
            command.arg("-dc");
        }
        let status = command.arg(path).stdout(File::create(&target)?).status()?;
        if !status.success() {
            bail!("cannot unpack {path}");
        }
        number += 1;
    }
    Ok(())
}

fn stem(path: &str) -> &str {
    path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or("")
}

/// A /dev/kvm that is there may still not boot a guest, so one is booted; the answer is kept.
fn kvm_boots(folder: &Path, kernel: &Path, initramfs: &Path) -> Result<bool> {
    if !Path::new("/dev/kvm").exists() {
        return Ok(false);
    }
    let answer = folder.join("kvm");
    if let Ok(text) = fs::read_to_string(&answer) {
        return Ok(text.trim() == "yes");
    }
    let console = folder.join(format!("kvm-probe-{}", process::id()));
    let mut guest = Command::new("qemu-system-x86_64")
        .args(words("-accel kvm -cpu kvm64 -m 128 -nodefaults -display none -no-reboot"))
        .args(["-append", "console=ttyS0 quiet panic=-1"])
        .args(["-serial", &format!("file:{}", console.display())])
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initramfs)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run qemu-system-x86_64")?;
    let ticked = eventually("a tick under KVM", Duration::from_secs(8), || {
        let text = fs::read_to_string(&console).unwrap_or_default();
        let ended = guest.try_wait()?.is_some();
        Ok((ended || text.contains("tick 2 ")).then(|| text.contains("tick 2 ")))
    });
    let _ = guest.kill();
    guest.wait()?;
    let _ = fs::remove_file(&console);
    let boots = ticked.unwrap_or(false);
    fs::write(answer, if boots { "yes\n" } else { "no\n" })?;
    Ok(boots)
}

/// Asked of the driver itself, as distributions carry the setting back to older versions.
fn knows_shared_filesystems() -> bool {
    let folders = "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver /usr/lib/libvirt/connection-driver";
    words(folders).into_iter().any(|folder| {
        let driver = format!("{folder}/libvirt_driver_qemu.so");
        finish("grep", ["-q", "shared_filesystems", &driver]).is_ok_and(|grep| grep.ok())
    })
}
