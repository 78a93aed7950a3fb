//! The workloads on hesse's side: which formula, what is asked of it, what of the results is compared.

use crate::derivation::Derivation;
use crate::engine::{self, Ask, Bound, Compiled, Inputs, Output};
use crate::streaming::Streaming;
use hesse_data::{Limits, Tensor, npy};
use hesse_run::structure::Structure;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// The parts of the name of a case: `op=vg,N=1000`.
struct Case<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Case<'a> {
    fn new(name: &'a str) -> Self {
        Case(name.split(',').filter_map(|part| part.split_once('=')).collect())
    }
    fn word(&self, key: &str) -> &'a str {
        self.0.get(key).copied().unwrap_or("")
    }
    fn is(&self, key: &str, word: &str) -> bool {
        self.word(key) == word
    }
    fn number(&self, key: &str) -> Result<usize, String> {
        self.word(key).parse().map_err(|_| format!("the case has no number {key}"))
    }
}

/// What is compared with the peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// All results as they are.
    All,
    /// The last one.
    Last,
    /// Diagonals.
    Diagonal,
    /// The Jacobians beside each other, times `v`; their transposes below each other, times `v`.
    Products,
}

/// What a case needs, read from files: the clock of the first call starts after that.
pub enum Given {
    /// A formula over arrays.
    Formula {
        /// Its text.
        text: String,
        /// What is asked of it.
        asks: Vec<Ask>,
        /// What is compared.
        compare: Compare,
        /// The arrays.
        inputs: Inputs,
        /// Whether results are written out entry by entry.
        dense: bool,
    },
    /// A family of formulas.
    Derivation(Box<Derivation>),
    /// A formula over a file.
    Streaming {
        /// Its text.
        text: String,
        /// Where the file is.
        folder: PathBuf,
    },
}

/// Something that runs.
pub enum Work {
    /// A formula over arrays.
    Formula {
        /// The program with its numbers.
        bound: Box<Bound>,
        /// What is compared.
        compare: Compare,
        /// The vector of [`Compare::Products`].
        v: Vec<f64>,
    },
    /// A family of formulas.
    Derivation(Box<Derivation>),
    /// A formula over a file.
    Streaming(Box<Streaming>),
}

/// Reads the formula and the inputs of a case.
///
/// # Errors
/// An unknown workload or case; a file that cannot be read.
pub fn read(workload: &str, name: &str, folder: &Path) -> Result<Given, String> {
    let case = Case::new(name);
    let value_and = |gradients| vec![Ask::Value, Ask::Gradients(gradients)];
    let (file, asks, compare) = match workload {
        "neuron" => ("neuron", value_and(&["w", "b"]), Compare::All),
        "batch_neuron" => ("batch-neuron", value_and(&["w", "b"]), Compare::All),
        "logistic" if case.is("op", "vg") => ("logistic", value_and(&["w"]), Compare::All),
        "logistic" => ("logistic", vec![Ask::Hessian("w")], Compare::All),
        "elementwise" => ("elementwise", vec![Ask::Jacobian("w")], Compare::Diagonal),
        "hessians" => {
            let (file, wrt) = match case.word("p") {
                "quadratic" => ("quadratic", "x"),
                "logistic" => ("logistic-loss", "w"),
                "factorization" => ("factorization", "U"),
                _ => ("relu-net", "W1"),
            };
            match case.is("as", "form") {
                true => (file, vec![Ask::Hessian(wrt), Ask::HessianVector(wrt)], Compare::Last),
                false => (file, vec![Ask::Hessian(wrt)], Compare::All),
            }
        }
        "mlp" => ("mlp", value_and(&["W1", "b1", "W2", "b2"]), Compare::All),
        "gaussian" => ("gaussian", value_and(&["S", "m"]), Compare::All),
        "kinematics" => ("kinematics", vec![Ask::Value, Ask::Jacobian("q")], Compare::All),
        "stencils" if case.is("p", "burgers") => ("burgers", vec![Ask::Jacobian("u")], Compare::Products),
        "stencils" => ("brusselator", vec![Ask::Jacobian("a"), Ask::Jacobian("b")], Compare::Products),
        "functions" => {
            let text = format!("x : vector(n)\n{}(x)\n", case.word("f"));
            return Ok(Given::Formula { text, asks: vec![Ask::Value], compare: Compare::All, inputs: arrays(folder)?, dense: false });
        }
        "derivation" => {
            let (net, hessian) = (case.is("f", "net"), case.is("op", "h"));
            return Ok(Given::Derivation(Box::new(Derivation::new(net, hessian, case.number("depth")?, arrays(folder)?))));
        }
        "streaming" => return Ok(Given::Streaming { text: formula("logistic-loss")?, folder: folder.to_path_buf() }),
        _ => return Err(format!("there is no workload {workload}")),
    };
    let dense = workload == "hessians" && !case.is("as", "form");
    Ok(Given::Formula { text: formula(file)?, asks, compare, inputs: arrays(folder)?, dense })
}

/// A text of `bench/workloads`.
fn formula(name: &str) -> Result<String, String> {
    let folder = std::env::var_os("BENCH_WORKLOADS").map_or_else(|| PathBuf::from("bench/workloads"), PathBuf::from);
    let path = folder.join(name).with_extension("hesse");
    std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
}

/// All arrays of a folder, by name.
fn arrays(folder: &Path) -> Result<Inputs, String> {
    let mut inputs = Inputs::default();
    let broken = |e: &dyn std::fmt::Display| format!("{}: {e}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(|e| broken(&e))? {
        let path = entry.map_err(|e| broken(&e))?.path();
        if path.extension().is_none_or(|e| e != "npy") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = File::open(&path).map_err(|e| broken(&e))?;
        let array = npy::decode(BufReader::with_capacity(1 << 20, file), &name, &Limits::default()).map_err(|e| e.to_string())?;
        inputs.arrays.insert(name, array);
    }
    Ok(inputs)
}

impl Given {
    /// Derives, compiles, binds.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn build(self) -> Result<Work, String> {
        match self {
            Given::Formula { text, asks, compare, inputs, dense } => {
                let compiled = Compiled::new(&text, &asks, dense).map_err(|e| e.to_string())?;
                let bound = compiled.bind(&inputs).map_err(|e| e.to_string())?;
                let v = inputs.arrays.get("v").map_or(vec![], |v| v.data.clone());
                Ok(Work::Formula { bound: Box::new(bound), compare, v })
            }
            Given::Derivation(derivation) => Ok(Work::Derivation(derivation)),
            Given::Streaming { text, folder } => Ok(Work::Streaming(Box::new(Streaming::open(&text, &folder)?))),
        }
    }
}

impl Work {
    /// Computes once.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn run(&mut self) -> Result<(), String> {
        match self {
            Work::Formula { bound, .. } => bound.call().map_err(|e| e.to_string()),
            Work::Derivation(derivation) => derivation.run().map_err(|e| e.to_string()),
            Work::Streaming(streaming) => streaming.run(),
        }
    }

    /// What is compared, of the last call.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn results(&mut self) -> Result<Vec<Tensor>, String> {
        let (outputs, compare, v) = match self {
            Work::Formula { bound, compare, v } => {
                bound.call().map_err(|e| e.to_string())?;
                (bound.results(), *compare, &v[..])
            }
            Work::Derivation(derivation) => return derivation.results().map(|r| r.iter().map(tensor).collect()).map_err(|e| e.to_string()),
            Work::Streaming(streaming) => return Ok(streaming.results()),
        };
        let failed = |e: hesse::Error| e.to_string();
        let all = |(s, values): &(&Structure, &[f64])| engine::entries(s, values).map(|a| tensor(&a)).map_err(failed);
        match compare {
            Compare::All => outputs.iter().map(all).collect(),
            Compare::Last => outputs.iter().rev().take(1).map(all).collect(),
            Compare::Diagonal => outputs.iter().map(|(s, v)| engine::diagonal(s, v).map(|a| tensor(&a)).map_err(failed)).collect(),
            Compare::Products => joined(&outputs, v).map_err(failed),
        }
    }

    /// Further figures.
    pub fn notes(&self) -> Vec<(&'static str, usize)> {
        match self {
            Work::Derivation(derivation) => vec![("nodes", derivation.nodes())],
            _ => vec![],
        }
    }
}

fn tensor(a: &Output) -> Tensor {
    Tensor::new(a.shape.clone(), a.data.clone())
}

/// [J₁ J₂ …]·v and [J₁ J₂ …]ᵀ·v.
fn joined(jacobians: &[(&Structure, &[f64])], v: &[f64]) -> Result<Vec<Tensor>, hesse::Error> {
    let (mut across, mut down, mut from) = (vec![], vec![], 0);
    for (j, values) in jacobians {
        let columns = j.sides().1;
        let [right, left] = engine::products(j, values, &v[from..from + columns], v)?;
        across.resize(right.data.len(), 0.0);
        for (to, x) in across.iter_mut().zip(&right.data) {
            *to += x;
        }
        down.extend(left.data);
        from += columns;
    }
    Ok(vec![Tensor::new(vec![across.len()], across), Tensor::new(vec![down.len()], down)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacobians_stand_beside_each_other() {
        let column = Structure::dense(vec![2, 1], 1);
        let (j, k) = ([1.0, 2.0], [10.0, 20.0]);
        let [across, down] = &joined(&[(&column, &j), (&column, &k)], &[1.0, 3.0]).unwrap()[..] else { panic!() };
        assert_eq!(across.data, [31.0, 62.0]);
        assert_eq!(down.data, [7.0, 70.0]);
    }

    #[test]
    fn every_formula_compiles_as_it_is_asked() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/workloads");
        let asks: [(&str, &[Ask]); 12] = [
            ("neuron", &[Ask::Value, Ask::Gradients(&["w", "b"])]),
            ("batch-neuron", &[Ask::Value, Ask::Gradients(&["w", "b"])]),
            ("logistic", &[Ask::Value, Ask::Gradients(&["w"]), Ask::Hessian("w")]),
            ("elementwise", &[Ask::Jacobian("w")]),
            ("quadratic", &[Ask::Hessian("x"), Ask::HessianVector("x")]),
            ("factorization", &[Ask::Hessian("U"), Ask::HessianVector("U")]),
            ("relu-net", &[Ask::Hessian("W1"), Ask::HessianVector("W1")]),
            ("mlp", &[Ask::Value, Ask::Gradients(&["W1", "b1", "W2", "b2"])]),
            ("gaussian", &[Ask::Value, Ask::Gradients(&["S", "m"])]),
            ("kinematics", &[Ask::Value, Ask::Jacobian("q")]),
            ("burgers", &[Ask::Jacobian("u")]),
            ("brusselator", &[Ask::Jacobian("a"), Ask::Jacobian("b")]),
        ];
        for (name, asks) in asks {
            let text = std::fs::read_to_string(folder.join(name).with_extension("hesse")).unwrap();
            assert!(Compiled::new(&text, asks, false).is_ok(), "{name}: {:?}", Compiled::new(&text, asks, false).err());
        }
    }
}
