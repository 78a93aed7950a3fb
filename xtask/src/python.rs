//! A Python 3 with the packages that a script needs: the system's if it has them, otherwise a virtual environment in the root.

use crate::shell::{command, root, run, succeeds};
use std::path::{Path, PathBuf};

/// What a script needs.
#[derive(Clone, Copy)]
pub struct Needs {
    /// Succeeds where nothing is to be installed.
    probe: &'static str,
    /// The packages, with their versions.
    requirements: &'static str,
    /// The environment.
    folder: &'static str,
}

/// Any NumPy will do.
pub const NUMPY: Needs = Needs { probe: "import numpy", requirements: "suite/requirements.txt", folder: ".venv" };

/// What is compared is exactly the SymPy of the file.
pub const SYMPY: Needs = Needs {
    probe: "import numpy, sympy, sys; sys.exit('sympy==' + sympy.__version__ not in open('suite/compare/requirements.txt').read().split())",
    requirements: "suite/compare/requirements.txt",
    folder: ".venv-compare",
};

/// Debian's packages without which there is no virtual environment.
const PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// The interpreter, made if need be.
pub fn interpreter(needs: Needs) -> Result<PathBuf, String> {
    let own = root().join(needs.folder).join("bin/python");
    for candidate in [Path::new("python3"), &own] {
        if succeeds(&mut command(candidate, &["-c", needs.probe])) {
            return Ok(candidate.to_path_buf());
        }
    }
    if !make_environment(needs.folder) {
        install()?;
        if !make_environment(needs.folder) {
            return Err(format!("`python3 -m venv {}` failed although python3-venv is installed", needs.folder));
        }
    }
    run(&mut command(&own, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", needs.requirements]))?;
    Ok(own)
}

fn make_environment(folder: &str) -> bool {
    run(&mut command("python3", &["-m", "venv", folder])).is_ok()
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
