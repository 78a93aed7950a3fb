use hesse::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let f = Formula::parse(&a[1], false).unwrap();
    for w in a[2].split(',') {
    let r = Request { wrt: vec![w.into()], want: if a.get(3).is_some_and(|s| s=="h") {Want::Hessian} else {Want::Derivative}, layout: Layout::Denominator, ..Request::default() };
    match f.derive(&r) { Ok(d) => println!("{}\n   {}", d.parts[0].plain(), d.pool.show(d.parts[0].tensor)), Err(e) => println!("{e}") } }
}
