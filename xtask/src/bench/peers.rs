//! The Python environment of the peers, and how a worker is started.

use super::machine;
use crate::shell::{command, root, run, succeeds};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where everything that a run makes is kept: inputs, the environment, partial reports.
pub fn folder() -> PathBuf {
    root().join("target/bench")
}

/// The environment's interpreter.
pub fn python() -> PathBuf {
    folder().join("venv/bin/python")
}

/// What is needed whatever the peers.
const BASE: [&str; 3] = ["numpy", "scipy", "threadpoolctl"];

/// A peer that could not be installed, with the reason.
pub type Missing = (String, String);

/// Installs the peers whose names begin so (all if none is given), one by one.
pub fn install(wanted: &[String]) -> Result<Vec<Missing>, String> {
    std::fs::create_dir_all(folder()).map_err(|e| format!("{}: {e}", folder().display()))?;
    if !python().exists() {
        let made = run(&mut command("python3", &["-m", "venv", "target/bench/venv"]));
        made.map_err(|why| format!("{why}; on Debian: apt-get install -y python3-venv"))?;
    }
    let path = root().join("bench/requirements.txt");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let there = versions();
    let mut missing = vec![];
    for (name, version) in requirements(&text) {
        let asked = BASE.contains(&name) || wanted.is_empty() || wanted.iter().any(|w| w.starts_with(name) || name.starts_with(w.as_str()));
        if !asked || there.iter().any(|(n, v)| n == name && v == version) {
            continue;
        }
        eprintln!("installing {name} {version}");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        let out = command(python(), &pip).arg(format!("{name}=={version}")).output().map_err(|e| e.to_string())?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            let why = said.lines().rev().find(|l| l.contains("ERROR")).or(said.lines().last()).unwrap_or("pip failed");
            eprintln!("  not installed: {why}");
            missing.push((name.to_string(), why.trim_start_matches("ERROR: ").to_string()));
        }
    }
    if BASE.iter().any(|b| missing.iter().any(|m| m.0 == *b)) {
        return Err(format!("NumPy and SciPy are the reference and could not be installed: {}", missing[0].1));
    }
    Ok(missing)
}

/// `name==version`, a line each; what follows # is not read.
fn requirements(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|l| l.split('#').next()?.trim().split_once("=="))
}

/// What is installed of the list, with versions.
pub fn versions() -> Vec<(String, String)> {
    let out = command(python(), &["-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]).output();
    let text = out.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let list = std::fs::read_to_string(root().join("bench/requirements.txt")).unwrap_or_default();
    let named: Vec<&str> = requirements(&list).map(|r| r.0).collect();
    requirements(&text).filter(|r| named.contains(&r.0)).map(|(n, v)| (n.to_string(), v.to_string())).collect()
}

/// Variables by which a vendor or a user may tie a peer's libraries down: a worker starts without them.
const FORGET: [&str; 14] = [
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "OPENBLAS_MAIN_FREE",
    "MKL_CBWR",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_DYNAMIC",
    "NPY_DISABLE_CPU_FEATURES",
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "KMP_AFFINITY",
    "GOMP_CPU_AFFINITY",
    "OMP_PROC_BIND",
    "OMP_PLACES",
];

/// The variables by which numbers of threads are told.
const THREADS: [&str; 6] =
    ["BENCH_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"];

/// A program on its own cores, told how many threads it has.
fn pinned(program: &Path, arguments: &[&str], threads: usize) -> Command {
    let cores = machine::cores();
    let first = cores.saturating_sub(threads);
    let mut out = if cores >= threads && succeeds(&mut command("taskset", &["--version"])) {
        let list = if threads == 1 { first.to_string() } else { format!("{first}-{}", cores - 1) };
        let mut pinned = command("taskset", &["-c", &list]);
        pinned.arg(program);
        pinned.args(arguments);
        pinned
    } else {
        command(program, arguments)
    };
    for name in FORGET {
        out.env_remove(name);
    }
    for name in THREADS {
        out.env(name, threads.to_string());
    }
    out
}

/// The worker of a peer.
pub fn peer(module: &str, peer: &str, threads: usize) -> Command {
    let script = root().join("bench/peers/worker.py");
    let mut out = pinned(&python(), &[&script.to_string_lossy(), module, peer], threads);
    out.env("JAX_PLATFORMS", "cpu").env("JAX_ENABLE_X64", "1").env("PYTHONWARNINGS", "ignore");
    out.env("NUMBA_CACHE_DIR", folder().join("numba"));
    out.env("XLA_FLAGS", if threads == 1 { "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" } else { "" });
    out
}

/// The worker of hesse, built for release.
pub fn hesse(module: &str, threads: usize) -> Command {
    let target = root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let mut out = pinned(&target.join("release/hesse-bench"), &[module], threads);
    out.env("BENCH_WORKLOADS", root().join("bench/workloads"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_pinned() {
        let text = "# numpy==1\nnumpy==2.0  # the reference\n\nscipy == 1\njax";
        assert_eq!(requirements(text).map(|r| (r.0.trim(), r.1.trim())).collect::<Vec<_>>(), [("numpy", "2.0"), ("scipy", "1")]);
        let list = std::fs::read_to_string(root().join("bench/requirements.txt")).unwrap();
        let lines = list.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).count();
        assert_eq!(requirements(&list).count(), lines);
        assert!(BASE.iter().all(|b| requirements(&list).any(|r| r.0 == *b)));
    }

    #[test]
    fn workers_are_told_their_threads() {
        let command = peer("neuron", "jax", 2);
        let value = |name: &str| command.get_envs().find(|e| e.0 == name).map(|e| e.1.map(|v| v.to_string_lossy().into_owned()));
        assert_eq!(value("OMP_NUM_THREADS"), Some(Some("2".into())));
        assert_eq!(value("OPENBLAS_CORETYPE"), Some(None));
    }
}
