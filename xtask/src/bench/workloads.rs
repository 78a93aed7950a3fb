//! The table of workloads: cases, peers, and the bars that hesse is held to.

/// A workload.
#[derive(Debug)]
pub struct Workload {
    /// `W1`, or `functions`.
    pub id: &'static str,
    /// The name of its file in `bench/peers`, and of the workload in the worker of hesse.
    pub module: &'static str,
    /// A heading.
    pub title: &'static str,
    /// What is computed, for the report.
    pub says: &'static str,
    /// Numbers of threads that it is measured with.
    pub threads: &'static [usize],
    /// How far results may differ from the reference, relative to the largest entry.
    pub tolerance: f64,
    /// Seconds that a case may take until its first answer.
    pub limit: f64,
    /// The peers; the first is the reference.
    pub peers: &'static [&'static str],
    /// The cases, small ones first.
    pub cases: &'static [Case],
    /// The bars.
    pub bars: &'static [Bar],
}

/// A case: `op=vg,N=1000,n=100`.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// Measured in a quick run too.
    pub quick: bool,
    /// Measured with one thread only, where the workload is measured with more.
    pub serial: bool,
}

impl Case {
    /// The name of its inputs: what is asked (`op`) and how it is given (`as`) do not change them.
    pub fn inputs(&self) -> String {
        let parts: Vec<&str> = self.name.split(',').filter(|p| !p.starts_with("op=") && !p.starts_with("as=")).collect();
        parts.join(",")
    }
}

/// What hesse is held to.
#[derive(Debug)]
pub struct Bar {
    /// The parts that a case's name must have: `op=h,n=100`; an empty text is every case.
    pub cases: &'static str,
    /// What is compared.
    pub kind: Kind,
}

/// What a bar compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The fastest of these peers takes at least so many times as long as hesse.
    Faster {
        /// The peers.
        than: &'static [&'static str],
        /// The ratio.
        by: f64,
    },
    /// hesse takes at most so many MB beyond its inputs.
    Memory(f64),
    /// Over the cases that the bar names, the number of nodes grows with the depth to at most this power.
    Nodes(f64),
}

impl Bar {
    /// Whether it is about a case.
    pub fn holds_for(&self, case: &str) -> bool {
        self.cases.split(',').filter(|p| !p.is_empty()).all(|part| case.split(',').any(|p| p == part))
    }
}

const fn full(name: &'static str) -> Case {
    Case { name, quick: false, serial: false }
}
const fn quick(name: &'static str) -> Case {
    Case { name, quick: true, serial: false }
}
const fn serial(name: &'static str) -> Case {
    Case { name, quick: false, serial: true }
}
const fn quick_serial(name: &'static str) -> Case {
    Case { name, quick: true, serial: true }
}
const fn faster(cases: &'static str, than: &'static [&'static str], by: f64) -> Bar {
    Bar { cases, kind: Kind::Faster { than, by } }
}

/// The frameworks by which a batch is measured.
const THREE: &[&str] = &["numpy", "jax", "torch"];
const JAX_HESSIAN: &[&str] = &["jax", "jax_reverse"];

/// All workloads.
pub static WORKLOADS: &[Workload] = &[
    Workload {
        id: "W1",
        module: "neuron",
        title: "One neuron",
        says: "Value and gradient of max(0, w'x + b) by w and b: what a call costs. The loop in C is timed inside C, hesse inside Rust, the others from Python.",
        threads: &[1],
        tolerance: 1e-9,
        limit: 20.0,
        peers: &["numpy", "jax", "jax_ahead", "torch", "casadi_sx", "c"],
        cases: &[quick("n=4"), quick("n=16"), full("n=1024")],
        bars: &[
            faster("n=4", &["casadi_sx"], 4.0),
            faster("n=16", &["casadi_sx"], 4.0),
            faster("n=4", &["jax", "jax_ahead"], 100.0),
            faster("n=16", &["jax", "jax_ahead"], 100.0),
            faster("n=4", &["torch"], 100.0),
            faster("n=16", &["torch"], 100.0),
        ],
    },
    Workload {
        id: "W2",
        module: "batch_neuron",
        title: "A batch through one neuron",
        says: "Value and gradient of sum((y - max(0, X*w + b)).^2)/N by w and b. `c` is one pass over X, fused by hand.",
        threads: &[1, 2],
        tolerance: 1e-9,
        limit: 30.0,
        peers: &["numpy", "jax", "torch", "numba", "c"],
        cases: &[quick("N=1000,n=100"), quick("N=100000,n=100"), full("N=10000,n=1000")],
        bars: &[
            faster("N=100000,n=100", THREE, 2.5),
            faster("N=10000,n=1000", THREE, 1.5),
            faster("N=100000,n=100", &["c"], 1.0 / 1.5),
            faster("N=10000,n=1000", &["c"], 1.0 / 1.5),
        ],
    },
    Workload {
        id: "W3",
        module: "logistic",
        title: "Logistic regression",
        says: "sum(log(1 + exp(-y.*(X*w)))) + 0.05*w'*w by w: value and gradient (op=vg), Hessian (op=h). `scipy_syrk` is the symmetric product blocked by hand, \
               `jax_closed` the closed form written by hand, `c` one pass over X.",
        threads: &[1, 2],
        tolerance: 1e-9,
        limit: 40.0,
        peers: &["numpy", "jax", "jax_closed", "torch", "scipy_syrk", "c"],
        cases: &[
            quick("op=vg,N=1000,n=100"),
            quick("op=vg,N=100000,n=100"),
            full("op=vg,N=10000,n=1000"),
            quick("op=h,N=1000,n=100"),
            full("op=h,N=100000,n=100"),
            full("op=h,N=10000,n=1000"),
        ],
        bars: &[
            faster("op=vg,N=1000,n=100", THREE, 1.0),
            faster("op=vg,N=100000,n=100", THREE, 2.5),
            faster("op=vg,N=10000,n=1000", THREE, 1.5),
            faster("op=h", &["jax"], 2.5),
            faster("op=h", &["jax_closed"], 1.5),
            faster("op=h", &["scipy_syrk"], 0.9),
        ],
    },
    Workload {
        id: "W4",
        module: "elementwise",
        title: "A diagonal Jacobian",
        says: "The Jacobian of exp(w).*x + sin(w) by w: its diagonal. The tricks take the gradient of the sum, which is right because the user knows the form.",
        threads: &[1, 2],
        tolerance: 1e-9,
        limit: 40.0,
        peers: &["numpy", "jax_trick", "torch_trick", "asdex", "casadi_sx", "casadi_mx", "numba", "c"],
        cases: &[quick_serial("n=1000"), quick("n=1000000")],
        bars: &[
            Bar { cases: "n=1000000", kind: Kind::Memory(64.0) },
            faster("n=1000000", &["jax_trick", "asdex"], 4.0),
            faster("n=1000000", &["casadi_sx", "casadi_mx"], 5.0),
        ],
    },
    Workload {
        id: "W5",
        module: "hessians",
        title: "Hessians of Laue, Mitterreiter and Giesen (2018)",
        says: "x'Ax, the logistic loss with 2n rows, ‖T − UV'‖² by U (five columns), and a net of ten layers with ReLU by its first layer. as=form: the form with its values filled, and \
               one product with a direction; JAX and PyTorch give the dense Hessian and the product. as=dense: all entries.",
        threads: &[1, 2],
        tolerance: 1e-9,
        limit: 40.0,
        peers: &["numpy", "jax", "jax_reverse", "torch", "casadi_mx"],
        cases: &[
            serial("p=quadratic,n=100,as=form"),
            quick_serial("p=quadratic,n=500,as=form"),
            full("p=quadratic,n=2000,as=form"),
            serial("p=logistic,n=50,as=form"),
            quick_serial("p=logistic,n=200,as=form"),
            full("p=logistic,n=800,as=form"),
            serial("p=factorization,n=25,as=form"),
            quick_serial("p=factorization,n=100,as=form"),
            full("p=factorization,n=400,as=form"),
            serial("p=net,n=10,as=form"),
            quick_serial("p=net,n=25,as=form"),
            full("p=net,n=60,as=form"),
            serial("p=quadratic,n=500,as=dense"),
            full("p=quadratic,n=2000,as=dense"),
            serial("p=logistic,n=200,as=dense"),
            full("p=logistic,n=800,as=dense"),
            serial("p=factorization,n=100,as=dense"),
            full("p=factorization,n=400,as=dense"),
            serial("p=net,n=25,as=dense"),
            full("p=net,n=60,as=dense"),
        ],
        bars: &[
            faster("p=quadratic,n=2000,as=form", JAX_HESSIAN, 20.0),
            faster("p=logistic,n=800,as=form", JAX_HESSIAN, 1.8),
            faster("p=factorization,n=400,as=form", JAX_HESSIAN, 1000.0),
            faster("p=net,n=60,as=form", JAX_HESSIAN, 50.0),
            faster("p=quadratic,n=2000,as=dense", JAX_HESSIAN, 1.0),
            faster("p=logistic,n=800,as=dense", JAX_HESSIAN, 1.0),
            faster("p=factorization,n=400,as=dense", JAX_HESSIAN, 1.0),
            faster("p=net,n=60,as=dense", JAX_HESSIAN, 1.0),
        ],
    },
    Workload {
        id: "W6",
        module: "mlp",
        title: "A network 784-128-10",
        says: "ReLU, softmax and cross-entropy over a batch of 256: value and all gradients.",
        threads: &[1, 2],
        tolerance: 1e-9,
        limit: 60.0,
        peers: &["numpy", "jax", "torch", "pytensor"],
        cases: &[quick("B=256,h=128")],
        bars: &[faster("", &["numpy", "jax", "torch", "pytensor"], 1.0)],
    },
    Workload {
        id: "W7",
        module: "gaussian",
        title: "Gaussian log-likelihood",
        says: "N logdet(S) + sum_i (x_i - m)' inv(S) (x_i - m) over 1000 rows: value and gradients by S and m. `scipy` uses Cholesky's factor, `scipy_hoisted` takes the scatter of \
               the rows once, before the clock starts.",
        threads: &[1, 2],
        tolerance: 1e-8,
        limit: 30.0,
        peers: &["numpy", "scipy", "scipy_hoisted", "jax", "jax_cholesky", "torch_cholesky"],
        cases: &[quick("n=10"), quick("n=100"), full("n=500")],
        bars: &[faster("", &["jax", "jax_cholesky", "torch_cholesky"], 3.0), faster("", &["scipy_hoisted"], 1.0)],
    },
    Workload {
        id: "W8",
        module: "kinematics",
        title: "An arm with seven joints",
        says: "Position and Jacobian, 3×7. The loop in C is timed inside C, hesse inside Rust, the others from Python.",
        threads: &[1],
        tolerance: 1e-9,
        limit: 20.0,
        peers: &["numpy", "casadi_sx", "jax", "c"],
        cases: &[quick("joints=7")],
        bars: &[faster("", &["casadi_sx"], 1.5)],
    },
    Workload {
        id: "W9",
        module: "stencils",
        title: "Sparse Jacobians",
        says: "Burgers' equation and the Brusselator by finite differences: the entries of the sparse Jacobian, its pattern found by the engine (by hand in NumPy and C).",
        threads: &[1, 2],
        tolerance: 1e-9,
        limit: 40.0,
        peers: &["numpy", "asdex", "casadi_sx", "c"],
        cases: &[
            quick("p=burgers,n=1000"),
            full("p=burgers,n=10000"),
            full("p=burgers,n=100000"),
            quick("p=brusselator,n=1000"),
            full("p=brusselator,n=10000"),
            full("p=brusselator,n=100000"),
        ],
        bars: &[faster("", &["asdex"], 2.0), faster("", &["casadi_sx"], 4.0)],
    },
    Workload {
        id: "W10",
        module: "derivation",
        title: "The time to derive",
        says: "f=net: sum(tanh(W_k*tanh(...*x))), gradient (op=g) and Hessian (op=h) by x; f=chain: a'*A_1*...*A_k*b by every matrix. Until it can be evaluated: JAX and PyTensor with their \
               compilation. SymPy derives nets, and SymEngine everything, as scalars with matrices of 2×2. `numpy` evaluates what was derived by hand: the reference of the values.",
        threads: &[1],
        tolerance: 1e-9,
        limit: 40.0,
        peers: &["numpy", "casadi_mx", "jax", "pytensor", "sympy", "symengine"],
        cases: &[
            quick("f=net,op=g,depth=2"),
            full("f=net,op=g,depth=4"),
            quick("f=net,op=g,depth=8"),
            full("f=net,op=g,depth=16"),
            quick("f=net,op=h,depth=2"),
            full("f=net,op=h,depth=4"),
            quick("f=net,op=h,depth=8"),
            full("f=net,op=h,depth=16"),
            full("f=chain,op=g,depth=8"),
            full("f=chain,op=g,depth=32"),
        ],
        bars: &[
            faster("", &["jax"], 20.0),
            faster("", &["pytensor"], 20.0),
            faster("", &["sympy"], 20.0),
            faster("", &["casadi_mx"], 0.5),
            Bar { cases: "f=net,op=g", kind: Kind::Nodes(1.05) },
            Bar { cases: "f=net,op=h", kind: Kind::Nodes(1.05) },
        ],
    },
    Workload {
        id: "W11",
        module: "streaming",
        title: "More rows than one buffer holds",
        says: "Value and gradient of the logistic loss over rows of 100 f32 in a file that the system has in its cache. Memory is anonymous memory: pages of the file do not count.",
        threads: &[1, 2],
        tolerance: 1e-4,
        limit: 60.0,
        peers: &["numpy", "numpy_whole", "torch", "jax", "c"],
        cases: &[quick("rows=250000"), full("rows=2500000")],
        bars: &[faster("rows=2500000", &["numpy", "numpy_whole"], 1.5), Bar { cases: "rows=2500000", kind: Kind::Memory(200.0) }],
    },
    Workload {
        id: "functions",
        module: "functions",
        title: "Element-wise functions",
        says: "A million f64, into an array that is there.",
        threads: &[1],
        tolerance: 1e-14,
        limit: 20.0,
        peers: &["numpy"],
        cases: &[
            quick("f=exp,n=1000000"),
            quick("f=log,n=1000000"),
            quick("f=tanh,n=1000000"),
            quick("f=sigmoid,n=1000000"),
            quick("f=sin,n=1000000"),
            quick("f=log1p,n=1000000"),
        ],
        bars: &[
            faster("f=exp", &["numpy"], 1.0),
            faster("f=log", &["numpy"], 1.0),
            faster("f=tanh", &["numpy"], 1.0),
            faster("f=sigmoid", &["numpy"], 1.0),
            faster("f=sin", &["numpy"], 5.0),
            faster("f=log1p", &["numpy"], 1.0),
        ],
    },
];

/// A workload by its name.
pub fn find(id: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|w| w.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_about_a_case_and_peers_that_are_there() {
        for w in WORKLOADS {
            assert!(w.cases.iter().any(|c| c.quick), "{}: nothing to measure in a quick run", w.id);
            for bar in w.bars {
                assert!(w.cases.iter().any(|c| bar.holds_for(c.name)), "{}: {} is no case", w.id, bar.cases);
                if let Kind::Faster { than, .. } = bar.kind {
                    assert!(than.iter().all(|p| w.peers.contains(p)), "{}: {than:?}", w.id);
                }
            }
        }
    }

    #[test]
    fn every_workload_has_its_peers_in_its_file() {
        for w in WORKLOADS {
            let path = crate::shell::root().join("bench/peers").join(w.module).with_extension("py");
            let text = std::fs::read_to_string(&path).unwrap();
            let peers = text.rsplit_once("PEERS = dict(").unwrap().1;
            for p in w.peers {
                assert!(peers.contains(&format!("{p}=")), "{}: {p}", path.display());
            }
        }
    }

    #[test]
    fn what_is_asked_does_not_change_the_inputs() {
        assert_eq!(full("op=vg,N=10,n=2").inputs(), "N=10,n=2");
        assert_eq!(full("p=net,n=60,as=form").inputs(), "p=net,n=60");
        assert!(faster("op=h", &[], 1.0).holds_for("op=h,N=1,n=10"));
        assert!(!faster("op=h,n=1", &[], 1.0).holds_for("op=h,N=1,n=10"));
        assert!(faster("", &[], 1.0).holds_for("n=10"));
    }
}
