use hesse::{Ask, Formula, Request, Want};
use hesse_run::schedule::{graph::*, plan::*, refine, tasks::*};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&a[1]).unwrap_or_else(|_| a[1].replace(';', "\n"));
    let f = Formula::parse(&text, false).unwrap();
    let mut asks = vec![Ask::Value(None)];
    let want = match a[3].as_str() {
        "h" => Want::Hessian,
        "j" | "g" => Want::Derivative,
        _ => Want::Hvp,
    };
    asks.push(Ask::Derivative(Request { want, wrt: a[2].split(',').map(String::from).collect(), ..Request::default() }));
    let j = f.joint(&asks).unwrap();
    let n: usize = a[4].parse().unwrap();
    let sizes = vec![n; j.program.sizes.len()];
    for (k, s) in j.program.steps.iter().enumerate() {
        println!("{k}: {:?} {}", s.op, s.axes.len());
    }
    let mut b = Builder::new(&j.program, &sizes);
    let mut wanted = vec![];
    for (k, o) in j.program.outputs.iter().enumerate() {
        wanted.push((b.dense(o.value).unwrap(), Place::Output(k)));
    }
    let mut g = b.graph;
    refine::refine(&mut g);
    for (k, n) in g.nodes.iter().enumerate() {
        println!("n{k}: {:?} {:?}", n.kind, n.shape);
    }
    let mut given = std::collections::HashMap::new();
    for (k, n) in g.nodes.iter().enumerate() {
        if let Kind::Input(i) = n.kind {
            given.insert(Id(k as u32), Given { place: Place::Input(i), steps: hesse_run::array::strides(&n.shape), offset: 0 });
        }
    }
    let s = plan(&g, &wanted, &given, Start { wholes: vec![], slots: 0, most: usize::MAX });
    for p in &s.passes {
        println!("PASS rows {:?} block {} piece {} tiles {:?} sinks {:?} sums {:?}", p.rows, p.block, p.piece, p.tiles, p.sinks, p.sums);
        for t in &p.tasks {
            println!("   {t:?}");
        }
    }
}
