//! Hostile input through the front door: whatever the text is, there is a typed formula or a refusal with a code, a place and a fix; and
//! work ends at a limit that has a name.

use hesse::calculus::elaborate::Options;
use hesse::facts::codes;
use hesse::tensor::Limits;
use hesse::{Error, Formula, Layout, Request, Want};
use std::time::{Duration, Instant};

/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n.max(1) as u64) as usize
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What every refusal has: a code of the table, a fix, places inside the text.
fn proper(text: &str, error: &Error) {
    assert!((1..=5).contains(&error.diagnostics.len()), "{text:?}: {} diagnostics", error.diagnostics.len());
    for d in &error.diagnostics {
        assert!(codes::find(d.code).is_some(), "{text:?}: {} is no code", d.code);
        assert!(d.help.as_ref().is_some_and(|h| !h.is_empty()), "{text:?}: {d} has no help");
        for (span, _) in &d.labels {
            assert!(span.start <= span.end && span.end <= text.len(), "{text:?}: {d} at {span:?}");
            assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{text:?}: {d} at {span:?}");
        }
    }
}

/// Parses, and derives what parses by all variables. Says whether it parsed.
fn feed(text: &str) -> bool {
    match Formula::parse(text, false) {
        Err(e) => {
            proper(text, &e);
            false
        }
        Ok(formula) => {
            if let Err(e) = formula.derive(&Request::default()) {
                proper(text, &e);
            }
            true
        }
    }
}

const TOKENS: &[&str] = &[
    "x",
    "y",
    "A",
    "X",
    "n",
    "m",
    "s",
    "w'",
    "+",
    "-",
    "*",
    "/",
    ".*",
    "./",
    ".^",
    "^",
    "'",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ":",
    "=",
    "->",
    "\n",
    " ",
    " ",
    "1",
    "2",
    "0.5",
    "1e-3",
    "1e400",
    "sum(",
    "inv(",
    "exp(",
    "log(",
    "norm2(",
    "tr(",
    "det(",
    "diag(",
    "kron(",
    "ones(",
    "eye(n)",
    "vec(",
    "max(",
    "where(",
    "softmax(",
    "pi",
    "> 0",
    "==",
    "|",
    "data ",
    "param ",
    "assume ",
    "derive ",
    "grad ",
    "x : vector(n)\n",
    "A : matrix(m, n)\n",
    "S : symmetric(n) spd\n",
    "f(t) = ",
    "i",
    "j",
    "[i,j]",
    "[1]",
    "[2:3]",
    "[2:n]",
    "[end]",
    "[i,:]",
    "[1:n-1,k]",
    "sum(i = 1:n, ",
    ".+",
    "./",
    ", ",
    "; ",
    "\\",
    "#",
    "\"",
    "σ",
    "Σ",
    "·",
    "²",
    "ᵀ",
    "∂",
    "∇",
    "‖",
];

#[test]
fn random_tokens() {
    let mut random = Random(11);
    let mut parsed = 0;
    for _ in 0..100_000 {
        let length = 1 + random.below(14);
        let text: String = (0..length).map(|_| random.pick(TOKENS)).collect();
        parsed += usize::from(feed(&text));
    }
    println!("{parsed} of 100000 parsed");
    assert!(parsed > 500, "only {parsed} parsed: the tokens are too wild to test anything");
}

#[test]
fn random_bytes() {
    let mut random = Random(12);
    for k in 0..100_000 {
        let length = random.below(24);
        // Some all over, some printable, some with the bytes that hide: NUL, bidi marks, zero width, CRLF.
        let text = match k % 3 {
            0 => String::from_utf8_lossy(&(0..length).map(|_| random.bits() as u8).collect::<Vec<_>>()).into_owned(),
            1 => (0..length).map(|_| (32 + random.below(95)) as u8 as char).collect(),
            _ => (0..length)
                .map(|_| {
                    random.pick(&["x", "A", "*", "(", ")", "\0", "\u{202e}", "\u{200b}", "\r\n", "\u{feff}", "é", "1", "+", "𝑥", "\t"])
                })
                .collect(),
        };
        feed(&text);
    }
}

/// Entries of the public corpus: variables, expression, domain, variable of differentiation.
type Entry = (Vec<(String, String)>, String, String, String);

fn corpus() -> Vec<Entry> {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/public.json"))
        .expect("the corpus is in the repository");
    let all: Vec<serde_json::Value> = serde_json::from_str(&file).expect("JSON");
    let text = |e: &serde_json::Value, key: &str| e.get(key).and_then(|v| v.as_str()).unwrap_or("").to_string();
    all.iter()
        .map(|e| {
            let vars =
                e["vars"].as_object().expect("vars").iter().map(|(k, v)| (k.clone(), v.as_str().expect("a type").to_string())).collect();
            (vars, text(e, "expr"), text(e, "domain"), text(e, "wrt"))
        })
        .collect()
}

#[test]
fn mutated_corpus() {
    let mut random = Random(13);
    let entries = corpus();
    let mut derived = 0;
    for k in 0..2_000 {
        let (vars, expression, domain, wrt) = &entries[random.below(entries.len())];
        let mut text: Vec<char> = expression.chars().collect();
        // Half of them are hardly changed: an operator becomes another, which often still has a type.
        let gentle = k % 2 == 0;
        if gentle {
            let places: Vec<usize> = (0..text.len()).filter(|at| "+-*".contains(text[*at])).collect();
            if let Some(at) = places.get(random.below(places.len())) {
                text.splice(*at..=*at, random.pick(&["+", "-", "*", ".*", " - 2*", "*3*"]).chars());
            }
        }
        for _ in 0..if gentle { 0 } else { 1 + random.below(3) } {
            let at = random.below(text.len() + 1);
            match random.below(4) {
                0 if at < text.len() => {
                    text.remove(at);
                }
                1 => {
                    let (other, from) = (&entries[random.below(entries.len())].1, random.below(8));
                    text.splice(at..at, other.chars().skip(from).take(6));
                }
                2 if at < text.len() => text.swap(0, at),
                _ => {
                    text.splice(at..at, random.pick(TOKENS).chars());
                }
            }
        }
        let text: String = text.into_iter().collect();
        let want = [Want::Derivative, Want::Derivative, Want::Gradient, Want::Jacobian, Want::Hessian][k % 5];
        let layout = if k % 3 == 0 { Layout::Numerator } else { Layout::Denominator };
        let formula = match Formula::expression(vars, &text, domain) {
            Ok(f) => f,
            Err(e) => {
                proper(&text, &e);
                continue;
            }
        };
        match formula.derive(&Request { wrt: vec![wrt.clone()], want, layout, ..Request::default() }) {
            Ok(_) => derived += 1,
            Err(e) => proper(&text, &e),
        }
    }
    println!("{derived} of 2000 derived");
    assert!(derived > 200, "only {derived} derived");
}

/// The code of the refusal of a text or of its derivation, which must come soon.
fn refusal(text: &str, request: &Request) -> Option<&'static str> {
    let start = Instant::now();
    let result = Formula::parse(text, false).and_then(|f| f.derive(request).map(drop));
    let spent = start.elapsed();
    let shown: String = text.chars().take(40).collect();
    // About a second on an idle machine; tests share theirs.
    assert!(spent < Duration::from_secs(10), "{shown}… took {spent:?}");
    println!("{spent:>10.1?}  {shown:?}…: {:?}", result.as_ref().err().map(|e| e.first().code));
    result.err().map(|e| {
        proper(text, &e);
        e.first().code
    })
}

#[test]
fn limits_have_names() {
    let all = Request::default();
    let hessian = Request { want: Want::Hessian, ..Request::default() };
    let limited = |text: &str, request: &Request, codes: &[&str]| {
        let code = refusal(text, request);
        let shown: String = text.chars().take(40).collect();
        assert!(code.is_some_and(|c| codes.contains(&c)), "{shown}…: {code:?}, not one of {codes:?}");
    };
    limited(&format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000)), &all, &["E601", "E602", "E603"]);
    limited(&format!("{}x{}", "(".repeat(5_000), ")".repeat(5_000)), &all, &["E603"]);
    limited(&format!("{}x{}", "exp(".repeat(3_000), ")".repeat(3_000)), &all, &["E603"]);
    limited(&"[".repeat(3_000), &all, &["E603", "E106"]);
    limited(&format!("x{}", " + x".repeat(300_000)), &all, &["E601"]);
    limited("X : matrix(n, n)\nsum(X^9)", &all, &["E607"]);
    limited("X : matrix(n, n)\nsum(X^-400)", &all, &["E607"]);
    limited(&format!("x : scalar\nx*{}", "9".repeat(500)), &all, &["E606"]);
    limited("x : scalar\nx*1e400", &all, &["E606"]);
    limited(&format!("{} : scalar\n1", "a".repeat(70)), &all, &["E610"]);
    // Functions that double, tensors that grow.
    let doubling: String = (1..60).map(|k| format!("f{k}(t) = f{}(t) + f{}(t).^2\n", k - 1, k - 1)).collect();
    limited(&format!("f0(t) = t\n{doubling}x : scalar\nf59(x)"), &all, &["E604"]);
    let squares: String = (1..40).map(|k| format!("y{k} = y{}.^2 + sin(y{})\n", k - 1, k - 1)).collect();
    limited(&format!("x : vector(n)\ny0 = x\n{squares}sum(y39)"), &hessian, &["E604", "E605"]);
    limited("f(t) = f(t)\nx : scalar\nf(x)", &all, &["E603"]);
}

#[test]
fn work_ends_where_the_caller_says() {
    let vars = [("A".to_string(), "matrix(n, n)".to_string()), ("x".to_string(), "vector(n)".to_string())];
    let text = "norm2(tanh(A*tanh(A*tanh(A*x))))^2 + logsumexp(A*x)";
    let code = |limits: Limits| {
        let options = Options { strict: true, limits, ..Options::default() };
        let formula = Formula::expression_with(&vars, text, &options);
        let request = Request { wrt: vec!["x".into()], want: Want::Hessian, ..Request::default() };
        formula.and_then(|f| f.derive(&request)).map(drop).map_err(|e| {
            proper(text, &e);
            e.first().code
        })
    };
    let all = Limits::default();
    let mut fuel: Vec<_> = [10, 100, 1_000, 2_000, 4_000].map(|fuel| code(Limits { fuel, ..all })).to_vec();
    assert!(fuel.iter().all(|c| *c == Err("E605")), "{fuel:?}");
    fuel = [5, 20, 60, 100].map(|nodes| code(Limits { nodes, ..all })).to_vec();
    assert!(fuel.iter().all(|c| *c == Err("E604")), "{fuel:?}");
    assert_eq!(code(Limits { cancel: Some(|| true), ..all }), Err("E608"));
    // Wherever the work is cut off, it ends with that code and nothing worse.
    for k in 0..400 {
        let (fuel, nodes) = (code(Limits { fuel: 251 * k, ..all }), code(Limits { nodes: 5 * k as usize, ..all }));
        assert!(matches!(fuel, Err("E605") | Ok(())) && matches!(nodes, Err("E604") | Ok(())), "{k}: {fuel:?} {nodes:?}");
    }
    assert_eq!(code(all), Ok(()));
}

#[test]
fn what_is_large_but_within_the_limits_passes() {
    let all = Request::default();
    // 10,000 definitions do not fit into the tokens; as many as fit are read and derived.
    let many = |n: usize| -> String {
        let lines: String = (1..n).map(|k| format!("d{k} = d{} + x\n", k - 1)).collect();
        format!("x : scalar\nd0 = x\n{lines}d{}", n - 1)
    };
    assert!(matches!(refusal(&many(10_000), &all), Some("E601" | "E602")));
    assert_eq!(refusal(&many(2_000), &all), None);
    // Kronecker products of many matrices.
    let chain = |n: usize| format!("A : matrix(n, n)\nsum({}A{})", "kron(A, ".repeat(n), ")".repeat(n));
    for n in [3, 6] {
        assert_eq!(refusal(&chain(n), &all), None);
    }
    assert!(matches!(refusal(&chain(60), &all), None | Some("E301" | "E604" | "E605")));
    assert_eq!(refusal(&format!("x : scalar\n{}x", "-".repeat(200)), &all), None);
    assert_eq!(refusal(&format!("x : vector(n)\nsum(x{})", "'".repeat(4_000)), &all), None);
    assert_eq!(refusal(&format!("x : scalar\n{}x", "- ".repeat(15_000)), &all), None);
    assert_eq!(refusal("X : matrix(n, n)\ntr(X^8)", &all), None);
    // A tower of powers is a number that nobody computes: it stays as written.
    for tower in ["x^1000000", "x^(9^(9^9))", "x^9^9^9^9", "(9^(9^9))*x", "x^(2^64)", "(x^64)^64"] {
        assert!(matches!(refusal(&format!("x : scalar\n{tower}"), &all), None | Some("E606")));
    }
}
