//! A Python 3 with the packages of `suite/requirements.txt`: the system's if it has them, otherwise a virtual environment in `.venv`.

use crate::shell::{command, root, run, succeeds};
use std::path::{Path, PathBuf};

/// What the scripts import, and the file that pins it.
const PROBE: &str = "import numpy";
const REQUIREMENTS: &str = "suite/requirements.txt";

/// Debian's packages without which there is no virtual environment.
const PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// The interpreter, made if need be.
pub fn interpreter() -> Result<PathBuf, String> {
    let own = root().join(".venv/bin/python");
    for candidate in [Path::new("python3"), &own] {
        if succeeds(&mut command(candidate, &["-c", PROBE])) {
            return Ok(candidate.to_path_buf());
        }
    }
    if !make_environment() {
        install()?;
        if !make_environment() {
            return Err("`python3 -m venv .venv` failed although python3-venv is installed".into());
        }
    }
    run(&mut command(&own, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]))?;
    Ok(own)
}

fn make_environment() -> bool {
    run(&mut command("python3", &["-m", "venv", ".venv"])).is_ok()
}

/// Installs what Debian keeps in packages of their own, if this user may; otherwise says how.
fn install() -> Result<(), String> {
    let apt = format!("apt-get install -y {}", PACKAGES.join(" "));
    let is_root = command("id", &["-u"]).output().is_ok_and(|out| out.stdout.trim_ascii() == b"0");
    if !is_root || !succeeds(&mut command("apt-get", &["--version"])) {
        return Err(format!("the corpus needs Python 3 with venv. On Debian: {apt}"));
    }
    run(&mut command("apt-get", &["update", "-q"]))?;
    let mut install = command("apt-get", &["install", "-y", "-q", "--no-install-recommends"]);
    run(install.args(PACKAGES).env("DEBIAN_FRONTEND", "noninteractive"))
}
