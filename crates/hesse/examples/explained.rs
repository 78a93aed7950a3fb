use hesse::calculus::derivation::*;
use hesse::syntax::tree::NodeId;
use hesse::syntax::unicode::unicode;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let f = match hesse::Formula::parse(&args[0], false) {
        Ok(f) => f,
        Err(e) => {
            println!("{e:?}");
            return;
        }
    };
    let wrt: Vec<String> = args.get(1).map(|w| w.split(',').filter(|x| !x.is_empty()).map(String::from).collect()).unwrap_or_default();
    let mut r = hesse::Request { wrt, ..Default::default() };
    let mut style = None;
    let mut full = false;
    for a in &args[2.min(args.len())..] {
        match a.as_str() {
            "hessian" => r.want = hesse::Want::Hessian,
            "den" => r.layout = hesse::Layout::Denominator,
            "diff" => style = Some(Style::Differential),
            "scalar" => style = Some(Style::Scalar),
            "full" => full = true,
            _ => {}
        }
    }
    let d = match f.explain(&r, style) {
        Ok(d) => d,
        Err(e) => {
            println!("{e:?}");
            return;
        }
    };
    for p in &d.pieces {
        println!("piece {} : {} = {}", p.name, p.of, unicode(&d.syntax, p.value));
    }
    for s in &d.steps {
        if s.level == Depth::Full && !full {
            continue;
        }
        let ind = if s.parent.is_some() { if s.level == Depth::Full { "        " } else { "    " } } else { "" };
        if let Some(h) = &s.heading {
            println!("{ind}{} {h}", s.id);
        }
        if let Some(l) = &s.line {
            let left = if l.continues { "      ".to_string() } else { side(&d, &l.left) };
            println!(
                "{ind}{left} {} {}   {} {:?} {:?} {:?} {}",
                match l.relation {
                    Relation::Equal => "=",
                    Relation::Defined => ":=",
                    Relation::Implies => "=>",
                },
                side(&d, &l.right),
                l.shape.join("x"),
                l.pattern,
                s.rules,
                s.requires,
                s.note.clone().unwrap_or_default()
            );
        }
    }
    for o in &d.results {
        println!("=> {:?} {}", o.wrt, unicode(&d.syntax, o.tree));
    }
}
fn side(d: &Derivation, s: &Side) -> String {
    let u = |n: &NodeId| unicode(&d.syntax, *n);
    match s {
        Side::Tree(n) => u(n),
        Side::Cases(n) => format!("cases {}", u(n)),
        Side::Partial(a, b) => format!("∂{}/{}", u(a), b.iter().map(|x| format!("∂{}", u(x))).collect::<String>()),
        Side::Differential(a) => format!("d{}", u(a)),
        Side::Chains(c) => c
            .iter()
            .map(|c| c.factors.iter().map(|(a, b)| format!("∂{}/∂{}", u(a), u(b))).collect::<Vec<_>>().join("·"))
            .collect::<Vec<_>>()
            .join(" + "),
        Side::Diagonal(i, j, n) => format!("{} if {j} = {i}, 0 otherwise", u(n)),
        Side::Picture(p) => p
            .iter()
            .map(|r| r.iter().map(|e| e.map_or("·".into(), |n| u(&n))).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join(" ; "),
    }
}
