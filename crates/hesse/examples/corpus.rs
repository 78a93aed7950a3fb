//! scratch: derive the corpus
use hesse::*;
fn main() {
    let text = std::fs::read_to_string("suite/corpus/public.json").unwrap();
    let v: serde_json::Value = serde_json::from_str(&text).unwrap();
    let only: Vec<String> = std::env::args().skip(1).collect();
    let mut refused = 0; let mut n = 0;
    for e in v.as_array().unwrap() {
        let id = e["id"].as_str().unwrap();
        if !only.is_empty() && !only.iter().any(|o| o == id) { continue; }
        n += 1;
        let vars: Vec<(String,String)> = e["vars"].as_object().unwrap().iter().map(|(k,v)| (k.clone(), v.as_str().unwrap().to_string())).collect();
        let s = |k: &str| e.get(k).and_then(|x| x.as_str()).map(|s| s.to_string());
        let t = std::time::Instant::now();
        let r = Formula::expression(&vars, &s("expr").unwrap(), &s("domain").unwrap_or_default()).and_then(|f| {
            let want = match s("kind").unwrap().as_str() { "gradient" => Want::Gradient, "jacobian" => Want::Jacobian, "hessian" => Want::Hessian, _ => Want::Derivative };
            let r = Request { wrt: vec![s("wrt").unwrap()], wrt2: s("wrt2"), want, layout: if s("layout").unwrap() == "numerator" { Layout::Numerator } else { Layout::Denominator }, structure: s("structure"), ..Request::default() };
            let d = f.derive(&r)?;
            let back = f.reads_back(&d, 0, &d.parts[0].plain());
            Ok((d, back)) });
        let us = t.elapsed().as_micros();
        match r {
            Ok((d, back)) => {
                let p = &d.parts[0];
                let b = match back { Ok(true) => "".to_string(), Ok(false) => "  !!BACK".into(), Err(e) => format!("  !!BACK {}", e.first()) };
                println!("{id:24} {us:6}us {:40} {} [{}] ({}){b}", s("expr").unwrap(), p.plain(), s("expected").unwrap_or(s("expected_vec").unwrap_or_default()), p.nodes());
            }
            Err(x) => { refused += 1; println!("{id:24} {us:6}us {:40} REFUSED {}", s("expr").unwrap(), x.first()) }
        }
    }
    println!("{n} entries, {refused} refused");
}
