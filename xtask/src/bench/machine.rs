//! Facts of the machine and the versions of programs: what a figure is worth nothing without.

use crate::shell::command;
use std::fs;
use std::path::Path;

/// The name of the fact that says how busy the machine was.
pub const LOAD: &str = "load at the start";

/// The facts, in the order in which they are printed; what the system does not tell is left out.
pub fn facts() -> Vec<(String, String)> {
    let mut out = vec![];
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            out.push((name.to_string(), value));
        }
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    add("processor", field(&cpu, "model name").or_else(|| said("sysctl", &["-n", "machdep.cpu.brand_string"])));
    add("cores", Some(cores().to_string()));
    add("vector instructions", field(&cpu, "flags").map(|flags| vectors(&flags)));
    add("caches", caches(Path::new("/sys/devices/system/cpu/cpu0/cache")));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kb = field(&memory, "MemTotal").and_then(|t| t.split(' ').next()?.parse::<f64>().ok());
    add("memory", kb.map(|kb| format!("{:.1} GiB", kb / 1048576.0)));
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = system.lines().find_map(|l| l.strip_prefix("PRETTY_NAME=")).map(|n| n.trim_matches('"').to_string());
    let kernel = said("uname", &["-sr"]).unwrap_or_default();
    add("system", Some(name.map_or(kernel.clone(), |n| format!("{n}, {kernel}"))));
    let load = fs::read_to_string("/proc/loadavg").ok();
    add(LOAD, load.and_then(|l| l.split(' ').next().map(str::to_string)));
    out
}

/// How many threads the machine runs at once.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Versions of the compilers and of Python.
pub fn compilers(python: &Path) -> Vec<(String, String)> {
    let versions = [
        ("rustc", said("rustc", &["--version"])),
        ("cc", said("cc", &["--version"])),
        ("python", said(&python.to_string_lossy(), &["--version"])),
    ];
    versions.into_iter().map(|(name, v)| (name.to_string(), v.unwrap_or_else(|| "not there".into()))).collect()
}

/// Today, by the clock of the system: `2026-01-31`.
pub fn today() -> String {
    said("date", &["-u", "+%Y-%m-%d"]).unwrap_or_default()
}

/// The first line that a program says.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let out = command(program, arguments).output().ok().filter(|out| out.status.success())?;
    String::from_utf8_lossy(&out.stdout).lines().next().map(|l| l.trim().to_string())
}

/// The value of the first `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|l| l.split(':').next().is_some_and(|k| k.trim() == name))?;
    line.split_once(':').map(|(_, v)| v.trim().to_string())
}

/// Those that matter here, of all the flags.
fn vectors(flags: &str) -> String {
    let flags: Vec<&str> = flags.split(' ').collect();
    ["sse4_2", "avx", "fma", "avx2", "avx512f", "avx512dq"].into_iter().filter(|f| flags.contains(f)).collect::<Vec<_>>().join(", ")
}

fn caches(folder: &Path) -> Option<String> {
    let mut out = vec![];
    for k in 0.. {
        let read = |name: &str| fs::read_to_string(folder.join(format!("index{k}")).join(name)).map(|t| t.trim().to_string());
        let (Ok(level), Ok(kind), Ok(size)) = (read("level"), read("type"), read("size")) else { break };
        if kind != "Instruction" {
            out.push(format!("L{level} {size}"));
        }
    }
    (!out.is_empty()).then(|| out.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_flags() {
        let text = "processor\t: 0\nmodel name\t: Some CPU: 9\nflags\t\t: fpu avx2 sse4_2 sgx\n";
        assert_eq!(field(text, "model name").as_deref(), Some("Some CPU: 9"));
        assert_eq!(vectors(&field(text, "flags").unwrap()), "sse4_2, avx2");
        assert_eq!(field(text, "name"), None);
    }
}
