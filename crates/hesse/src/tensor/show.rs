//! An expression in index form, for people who look inside: `A[0,1] x[1] -> [0]`. This is not the input language.

use super::pool::{Expr, Node, Pattern, Pool};

impl Pool {
    /// The expression in index form, products as `base[labels]^power … -> [out]`.
    pub fn show(&self, e: Expr) -> String {
        let mut text: rustc_hash::FxHashMap<Expr, String> = rustc_hash::FxHashMap::default();
        for x in self.under(&[e]) {
            let shown = self.show_node(x, &text);
            text.insert(x, shown);
        }
        text.remove(&e).unwrap_or_default()
    }

    fn show_node(&self, e: Expr, text: &rustc_hash::FxHashMap<Expr, String>) -> String {
        let labels = |l: &[u32]| l.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        match self.node(e) {
            Node::Decimal(bits) => format!("{:e}", f64::from_bits(*bits)),
            Node::Pi => "pi".into(),
            Node::Size(d) => self.dims.text(*d),
            Node::Pattern(Pattern::Unit { at, .. }) => format!("unit({})", self.dims.text(*at)),
            Node::Pattern(Pattern::Lower { .. }) => "lower".into(),
            Node::Pattern(Pattern::Shift { offset, .. }) => format!("shift({})", self.dims.text(*offset)),
            Node::Var(v) => self.variable(*v).name.clone(),
            Node::Sum(terms, _) if terms.is_empty() => "0".into(),
            Node::Sum(terms, _) => {
                let terms: Vec<String> = terms.iter().map(|(c, t)| format!("{c} {}", text[t])).collect();
                format!("({})", terms.join(" + "))
            }
            Node::Product { factors, out, .. } => {
                let mut shown: Vec<String> = vec![];
                for f in factors {
                    let power = match self.as_integer(f.power) {
                        Some(1) => String::new(),
                        _ => format!("^{}", text[&f.power]),
                    };
                    let at = if f.labels.is_empty() { String::new() } else { format!("[{}]", labels(&f.labels)) };
                    shown.push(format!("{}{at}{power}", text[&f.base]));
                }
                format!("({} -> [{}])", shown.join(" "), labels(out)).replace("( ->", "(->")
            }
            Node::Map(f, args) => format!("{}({})", f.row().name, args.iter().map(|a| text[a].as_str()).collect::<Vec<_>>().join(", ")),
            Node::Apply(f, args) => format!("{}({})", f.name(), args.iter().map(|a| text[a].as_str()).collect::<Vec<_>>().join(", ")),
        }
    }
}
