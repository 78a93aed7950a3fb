//! Names for what repeats: for every entry of the corpus the definitions and the named result mean the derivative, and are
//! shorter than it.

use hesse::{Derivative, Formula, Layout, Named, Request, Want};
use serde_json::Value;

/// What is wrong with the names of a derivative.
fn fault(formula: &Formula, derivative: &Derivative, named: &Named) -> Option<String> {
    let inline: usize = derivative.parts.iter().map(|p| p.nodes()).sum();
    if named.nodes() >= inline {
        return Some(format!("{} nodes are no fewer than {inline}", named.nodes()));
    }
    (0..named.roots.len()).find_map(|k| {
        let text = format!("{}{}", named.definitions(), named.plain(named.roots[k]));
        match formula.named_means(derivative, named, k) {
            Ok(true) => None,
            Ok(false) => Some(format!("reads back as another expression:\n{text}")),
            Err(e) => Some(format!("does not read back:\n{text}\n{e}")),
        }
    })
}

#[test]
fn what_is_named_means_the_same_and_is_shorter() {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/public.json")).expect("the corpus");
    let entries: Vec<Value> = serde_json::from_str(&file).expect("JSON");
    let (mut wrong, mut some) = (vec![], 0);
    for e in &entries {
        let text = |key: &str| e[key].as_str().unwrap_or_default().to_string();
        let vars: Vec<_> =
            e["vars"].as_object().expect("vars").iter().map(|(k, v)| (k.clone(), v.as_str().expect("type").to_string())).collect();
        let formula = Formula::expression(&vars, &text("expr"), &text("domain")).unwrap_or_else(|err| panic!("{}: {err}", text("id")));
        for layout in [Layout::Numerator, Layout::Denominator] {
            let request = Request {
                wrt: vec![text("wrt")],
                wrt2: e["wrt2"].as_str().map(String::from),
                want: match text("kind").as_str() {
                    "gradient" => Want::Gradient,
                    "jacobian" => Want::Jacobian,
                    "hessian" => Want::Hessian,
                    _ => Want::Derivative,
                },
                layout,
                structure: e["structure"].as_str().map(String::from),
                ..Request::default()
            };
            let derivative = formula.derive(&request).unwrap_or_else(|err| panic!("{}: {err}", text("id")));
            let Some(named) = formula.proposed(&derivative) else { continue };
            some += 1;
            wrong.extend(fault(&formula, &derivative, &named).map(|why| format!("{}: {why}", text("id"))));
        }
    }
    assert!(some > 20, "only {some} have names");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A chain of thirty layers: every one by its name, as the text defines them.
#[test]
fn a_long_chain_is_named_layer_by_layer() {
    let layers: String =
        (1..=30).map(|k| format!("h{k} = tanh(A*{})\n", if k == 1 { "x".to_string() } else { format!("h{}", k - 1) })).collect();
    let formula = Formula::parse(&format!("A : matrix(n, n)\nx : vector(n)\n{layers}C = sum(h30.^2)"), true).expect("a formula");
    let derivative = formula.derive(&Request { wrt: vec!["x".into()], ..Request::default() }).expect("a gradient");
    let named = formula.named(&derivative).expect("names");
    assert_eq!(named.definitions(), layers);
    assert!(named.nodes() * 4 < derivative.parts[0].nodes(), "{} of {}", named.nodes(), derivative.parts[0].nodes());
    assert_eq!(fault(&formula, &derivative, &named), None);
}
