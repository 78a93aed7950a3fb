//! Which rule of the catalogue a local partial follows: read off the form of the piece.

use crate::tensor::{Expr, Factor, Node, Pattern, Pool, VarId};

/// The rules by which `value` is derived by `by`, the most telling first; `scalar` says whether the piece is one.
pub(super) fn cite(pool: &Pool, value: Expr, by: VarId) -> Vec<String> {
    let scalar = pool.rank(value) == 0;
    let ids = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    match pool.node(value) {
        Node::Var(_) => ids(&["identity"]),
        Node::Map(f, args) => {
            let name = f.row().name;
            let mut rules = match name {
                "relu" => return ids(&[if scalar { "cases.max0" } else { "elementwise.max0" }]),
                "max" | "min" => ids(&[if name == "max" { "elementwise.max" } else { "elementwise.min" }]),
                "pow" => ids(&["elementwise.pow"]),
                "gt" | "ge" | "eq" | "step" | "sign" => ids(&["comparison.zero"]),
                _ if scalar => vec![format!("scalar.{name}")],
                _ => vec!["elementwise.unary".to_string(), format!("scalar.{name}")],
            };
            let inner = args.iter().any(|a| pool.variables_of(*a).contains(&by) && !matches!(pool.node(*a), Node::Var(_)));
            if inner {
                rules.push("scalar.chain".to_string());
            }
            rules
        }
        Node::Apply(f, _) => match f.row().name {
            "norm2" => ids(&["norm"]),
            "logsumexp" => ids(&["logsumexp"]),
            "det" => ids(&["det.jacobi"]),
            "logdet" => ids(&["logdet"]),
            "inv" => ids(&["inverse"]),
            "maximum" | "minimum" => ids(&["reduction.argmax"]),
            name => vec![format!("matrix.{name}")],
        },
        Node::Sum(terms, _) => {
            let reads: Vec<&(crate::tensor::Rational, Expr)> = terms.iter().filter(|(_, t)| pool.variables_of(*t).contains(&by)).collect();
            let inner = reads.first().map(|(_, t)| cite(pool, *t, by)).unwrap_or_default();
            let [(_, t)] = reads.as_slice() else {
                return [ids(&[if scalar { "scalar.sum" } else { "diff.linear" }]), inner].concat();
            };
            if terms.len() == 1 {
                return if is_symbol(pool, *t, by) { ids(&["scalar.cmul"]) } else { [inner, ids(&["scalar.cmul"])].concat() };
            }
            let plain = is_symbol(pool, *t, by);
            match (plain, scalar) {
                (true, true) => ids(&["scalar.sum"]),
                (true, false) if terms.iter().any(|(c, _)| c.numer() < &0) => ids(&["elementwise.sub"]),
                (true, false) => ids(&["elementwise.add"]),
                (false, true) => [inner, ids(&["scalar.sum"])].concat(),
                (false, false) if is_expansion(pool, *t, by) => ids(&["expand.scalar.add"]),
                (false, false) => inner,
            }
        }
        Node::Product { factors, out, sizes } => product(pool, factors, out.len(), sizes.len(), by),
        _ => ids(&["scalar.const"]),
    }
}

fn product(pool: &Pool, factors: &[Factor], out: usize, labels: usize, by: VarId) -> Vec<String> {
    let ids = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    let own: Vec<&Factor> = factors.iter().filter(|f| pool.variables_of(f.base).contains(&by)).collect();
    let others: Vec<&Factor> = factors.iter().filter(|f| !pool.variables_of(f.base).contains(&by)).collect();
    let scalar = out == 0;
    let summed = labels > out;
    if factors.iter().any(|f| pool.variables_of(f.power).contains(&by)) {
        return ids(&["elementwise.pow"]);
    }
    if others.iter().any(|f| matches!(pool.node(f.base), Node::Pattern(Pattern::Unit { .. } | Pattern::Shift { .. }))) {
        return ids(&["index.pick"]);
    }
    let power_of = |f: &Factor| pool.as_integer(f.power);
    match own.as_slice() {
        [f] if is_symbol(pool, f.base, by) => match power_of(f) {
            Some(1) => {
                let rank = f.labels.len();
                let widest = others.iter().map(|o| o.labels.len()).max();
                match (rank, widest) {
                    (_, None) if summed && scalar => ids(&["sum.ones-row"]),
                    (0, None) => ids(&["expand.scalar.mul"]),
                    (2, None) if f.labels[0] == f.labels[1] => ids(&["trace.linear"]),
                    (_, None) => ids(&["transpose"]),
                    (0, Some(0)) => ids(&["scalar.cmul"]),
                    (0, Some(_)) => ids(&["expand.scalar.mul"]),
                    (1, Some(1)) if summed && scalar => {
                        ids(&[if factors.first().is_some_and(|g| std::ptr::eq(g, *f)) { "dot.left" } else { "dot.right" }])
                    }
                    (1, Some(0)) => ids(&["expand.scalar.mul"]),
                    (1, Some(1)) if !summed && others.iter().any(|o| power_of(o) == Some(-1)) => ids(&["elementwise.div"]),
                    (1, Some(1)) if !summed => ids(&["elementwise.mul"]),
                    (1, Some(2)) if summed => ids(&["linear.matvec"]),
                    (2, Some(1)) if summed && !scalar => ids(&["matmul.left"]),
                    (2, Some(2)) if summed && scalar => ids(&["trace.linear"]),
                    (2, Some(2)) if summed => ids(&["linear.map"]),
                    (2, Some(2)) => ids(&["elementwise.mul"]),
                    _ => ids(&["linear.map"]),
                }
            }
            Some(-1) if scalar && !summed => ids(&["scalar.quotient"]),
            Some(-1) => ids(&["elementwise.div"]),
            Some(2) if summed && scalar && others.iter().all(|o| o.labels.is_empty()) => ids(&["sum.linear", "scalar.power"]),
            _ if summed => ids(&["sum.linear", "scalar.power"]),
            _ if scalar => ids(&["scalar.power"]),
            _ => ids(&["elementwise.unary", "scalar.power"]),
        },
        [f] => {
            let mut rules = if summed { ids(&["sum.linear"]) } else { vec![] };
            match power_of(f) {
                Some(1) => rules.extend(cite(pool, f.base, by)),
                _ => rules.extend(ids(&["scalar.power", "scalar.chain"])),
            }
            rules
        }
        [a, b] if a.labels.len() == 1 && b.labels.len() == 1 && summed && scalar => ids(&["quadratic.form"]),
        _ if own.iter().all(|f| is_symbol(pool, f.base, by)) => ids(&["diff.product"]),
        _ => ids(&["scalar.product"]),
    }
}

/// The symbol itself.
fn is_symbol(pool: &Pool, e: Expr, by: VarId) -> bool {
    matches!(pool.node(e), Node::Var(v) if *v == by)
}

/// A scalar symbol spread over axes.
fn is_expansion(pool: &Pool, e: Expr, by: VarId) -> bool {
    match pool.node(e) {
        Node::Product { factors, .. } => {
            matches!(factors.as_slice(), [f] if f.labels.is_empty() && is_symbol(pool, f.base, by))
        }
        _ => false,
    }
}
