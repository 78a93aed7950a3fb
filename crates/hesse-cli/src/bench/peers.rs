//! A peer in a process of its own: an interpreter that has it, its code, its clock.

use crate::bench::functions::Peer;
use crate::environment;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = include_str!("peers.py");

/// What libraries read the number of threads from.
const THREADS: [&str; 4] = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"];

/// A folder of files that goes when it is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder among the temporary files.
    pub fn new() -> Result<Folder, String> {
        let path = std::env::temp_dir().join(format!("hesse-bench-{}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("{} cannot be made: {e}", path.display()))?;
        Ok(Folder(path))
    }
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
    /// Writes numbers to a file of it.
    pub fn write(&self, name: &str, data: &[f64]) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs::write(&path, bytes).map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An interpreter that has the peer: the given one, or that of a virtual environment into which the peer is installed if it is missing.
pub fn interpreter(peer: Peer, given: Option<&Path>) -> Result<PathBuf, String> {
    let has = |python: &Path| quiet(Command::new(python).args(["-c", &format!("import numpy, {}", peer.name())]));
    if let Some(python) = given {
        return if has(python).is_ok() { Ok(python.to_path_buf()) } else { Err(format!("{} cannot import it", python.display())) };
    }
    let folder = environment::cache().ok_or("neither XDG_CACHE_HOME nor HOME says where to install it")?.join("bench");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if has(&python).is_ok() {
        return Ok(python);
    }
    if !python.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        quiet(Command::new(system).args(["-m", "venv"]).arg(&folder)).map_err(|e| format!("no virtual environment: {e}"))?;
    }
    let packages = if peer == Peer::Numpy { vec!["numpy"] } else { vec!["numpy", peer.name()] };
    quiet(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages))
        .map_err(|e| format!("cannot be installed: {e}"))?;
    has(&python).map(|()| python).map_err(|e| format!("is installed but not imported: {e}"))
}

/// Runs a command for its success; the last line that it complains with, otherwise.
fn quiet(command: &mut Command) -> Result<(), String> {
    let done = command.stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&done.stderr);
    if done.status.success() { Ok(()) } else { Err(said.trim().lines().last().unwrap_or("it failed").to_string()) }
}

/// What a peer is to compute.
pub struct Job<'a> {
    /// The peer.
    pub peer: Peer,
    /// A Python function `f` of the inputs that gives a list: the value, for NumPy the gradients behind it.
    pub code: &'a str,
    /// Inputs: shape and file of numbers.
    pub inputs: &'a [(Vec<usize>, PathBuf)],
    /// Numbers of sizes by their names in Python.
    pub sizes: &'a [(String, usize)],
    /// Positions of the inputs to differentiate by.
    pub wrt: &'a [usize],
    /// Whether the Hessian by the only one of these is computed too.
    pub hessian: bool,
    /// How many threads.
    pub threads: usize,
    /// Where results go.
    pub folder: &'a Path,
}

/// A peer that has computed once and waits.
pub struct Running {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Seconds of the first call.
    pub first: f64,
    /// The results of it.
    pub results: Vec<Vec<f64>>,
}

impl Running {
    /// Starts a peer and lets it compute once.
    pub fn start(python: &Path, job: &Job) -> Result<Running, String> {
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        for name in THREADS {
            command.env(name, job.threads.to_string());
        }
        if job.threads == 1 {
            command.env("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1");
        }
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", python.display()))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else { return Err("no pipe".into()) };
        let mut running = Running { child, orders, answers: BufReader::new(answers), first: 0.0, results: vec![] };
        let inputs: Vec<Value> = job.inputs.iter().map(|(shape, file)| json!({ "shape": shape, "file": file })).collect();
        let sizes: serde_json::Map<String, Value> = job.sizes.iter().map(|(name, n)| (name.clone(), json!(n))).collect();
        let said = running.ask(&json!({ "peer": job.peer.name(), "code": job.code, "inputs": inputs, "sizes": sizes, "wrt": job.wrt,
            "hessian": job.hessian, "threads": job.threads, "folder": job.folder }))?;
        running.first = said["first"].as_f64().ok_or("an answer without a time")?;
        for file in said["results"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let bytes = fs::read(file).map_err(|e| format!("{file}: {e}"))?;
            running.results.push(bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default())).collect());
        }
        Ok(running)
    }

    /// Seconds of that many calls.
    pub fn calls(&mut self, n: usize) -> Result<f64, String> {
        self.ask(&json!(n))?["seconds"].as_f64().ok_or_else(|| "an answer without a time".into())
    }

    fn ask(&mut self, order: &Value) -> Result<Value, String> {
        writeln!(self.orders, "{order}").and_then(|()| self.orders.flush()).map_err(|e| format!("it has ended: {e}"))?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| e.to_string())?;
        let said: Value = serde_json::from_str(&line).map_err(|_| "it has ended without an answer".to_string())?;
        match said["error"].as_str() {
            Some(error) => Err(error.to_string()),
            None => Ok(said),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
