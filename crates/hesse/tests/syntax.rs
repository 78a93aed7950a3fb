//! The language from outside: the corpus, round trips of random trees, and hostile input.

use hesse::syntax::format::format;
use hesse::syntax::parse::{parse_document, parse_expression, parse_type};
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Kind, NodeId, Operator, Series, Subscript, Syntax};
use hesse::syntax::{latex::latex, mathml::mathml, unicode::unicode};
use hesse::{Error, Span};

/// A seeded generator (xorshift64*): the same trees and texts on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// All texts of formulas of the corpus.
fn corpus() -> Vec<String> {
    let text = include_str!("../../../suite/corpus/public.json");
    let entries: serde_json::Value = serde_json::from_str(text).unwrap();
    let fields = ["expr", "expected", "expected_vec"];
    let texts = entries.as_array().unwrap().iter().flat_map(|entry| fields.map(|field| entry[field].as_str()));
    texts.flatten().map(str::to_string).collect()
}

fn assert_round_trip(syntax: &Syntax, root: NodeId) {
    let text = plain(syntax, root);
    let (again, twin) = parse_expression(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert!(syntax.same(root, &again, twin), "{text} reads as {}", plain(&again, twin));
}

/// Every error names a place inside the text and a fix.
fn assert_helpful(error: &Error, text: &str) {
    assert!((1..=5).contains(&error.diagnostics.len()));
    for d in &error.diagnostics {
        assert!(d.help.as_ref().is_some_and(|h| !h.is_empty()), "{text:?}: {d}");
        for (Span { start, end }, _) in &d.labels {
            assert!(start <= end && text.get(*start..*end).is_some(), "{text:?}: {d} at {start}..{end}");
        }
        assert!(hesse::facts::codes::find(d.code).is_some(), "{}", d.code);
    }
}

/// Reads a text in every way; what is read must print.
fn try_all(text: &str) {
    match parse_document(text) {
        Ok(document) => {
            let once = format(&document);
            let again = parse_document(&once).unwrap_or_else(|e| panic!("{text:?} formats to {once:?}: {e}"));
            assert_eq!(format(&again), once, "{text:?}");
        }
        Err(error) => assert_helpful(&error, text),
    }
    match parse_expression(text) {
        Ok((syntax, root)) => {
            assert_round_trip(&syntax, root);
            for write in [unicode, latex, mathml] {
                assert!(!write(&syntax, root).is_empty());
            }
        }
        Err(error) => assert_helpful(&error, text),
    }
    if let Err(error) = parse_type(text) {
        assert_helpful(&error, text);
    }
}

#[test]
fn the_corpus_is_read_and_printed() {
    let texts = corpus();
    assert!(texts.len() > 700);
    for text in texts {
        let (syntax, root) = parse_expression(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_round_trip(&syntax, root);
        // The Unicode form is input too, where it draws no signs that are words of the language (1, 0, I, ⊗).
        if !["ones(", "zeros(", "eye(", "kron("].iter().any(|word| text.contains(word)) {
            let drawn = unicode(&syntax, root);
            parse_expression(&drawn).unwrap_or_else(|e| panic!("{text} is drawn as {drawn}: {e}"));
        }
    }
}

#[test]
fn the_rows_of_facts_are_read_and_printed() {
    use hesse::facts::{
        functions::FUNCTIONS,
        kernels::STABLE,
        matrices::MATRIX_FUNCTIONS,
        notation::NOTATION,
        rules::{MASKS, RULES},
    };
    let functions = FUNCTIONS.iter().flat_map(|row| row.slopes.iter().copied().chain([row.means, row.safe]));
    let matrices = MATRIX_FUNCTIONS.iter().map(|row| row.slope);
    let notation = NOTATION.iter().flat_map(|row| [row.matrix, row.means]);
    let rules = RULES.iter().chain(MASKS).flat_map(|row| [row.from, row.to]).chain(STABLE.iter().flat_map(|row| [row.from, row.to]));
    for text in functions.chain(matrices).chain(notation).chain(rules).filter(|text| !text.is_empty()) {
        let (syntax, root) = parse_expression(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_round_trip(&syntax, root);
    }
}

const OPERATORS: &[Operator] = &[
    Operator::Greater,
    Operator::Less,
    Operator::GreaterEqual,
    Operator::LessEqual,
    Operator::Equal,
    Operator::NotEqual,
    Operator::Plus,
    Operator::Minus,
    Operator::DotPlus,
    Operator::DotMinus,
    Operator::Times,
    Operator::Over,
    Operator::Under,
    Operator::DotTimes,
    Operator::DotOver,
    Operator::Power,
    Operator::DotPower,
];

/// A random tree of up to `size` nodes; parts are chosen among all earlier nodes, so subtrees are shared.
fn random_tree(dice: &mut Dice, size: usize) -> (Syntax, NodeId) {
    let mut s = Syntax::default();
    let mut ids = vec![s.name("x"), s.name("A"), s.number("2"), s.number(".5"), s.number("1e-3")];
    while s.len() < size {
        let recent = |dice: &mut Dice, ids: &[NodeId]| ids[ids.len() - 1 - dice.below(ids.len().min(6))];
        let (a, b) = (recent(dice, &ids), recent(dice, &ids));
        let kind = match dice.below(13) {
            0 => Kind::Negate(a),
            1 => Kind::Transpose(a),
            2 => Kind::Call(dice.pick(&["f", "inv", "norm2", "sqrt", "abs", "ones", "eye", "zeros"]).into(), vec![a]),
            3 => Kind::Call(dice.pick(&["max", "kron"]).into(), vec![a, b]),
            4 => Kind::Index(a, vec![Subscript::All, Subscript::At(b)]),
            5 => Kind::Index(a, vec![Subscript::Range(a, b)]),
            9 => Kind::Index(a, vec![Subscript::Stack(vec![ids[0], ids[1]]), Subscript::At(b)]),
            6 => Kind::Matrix(vec![vec![a, b], vec![b, a]]),
            7 => Kind::Contraction(a, vec![vec![], vec!["i".into()], vec!["j".into(), "k".into()]]),
            8 => Kind::Series(Series { index: "i".into(), from: a, to: b, body: b }),
            _ => Kind::Binary(dice.pick(OPERATORS), a, b),
        };
        ids.push(s.add(kind, Span::default()));
    }
    (s, ids[ids.len() - 1])
}

#[test]
fn random_trees_are_printed_and_read_back() {
    let mut dice = Dice(0x5EED);
    for _ in 0..20_000 {
        let size = 6 + dice.below(14);
        let (syntax, root) = random_tree(&mut dice, size);
        assert_round_trip(&syntax, root);
    }
}

/// The text without the parentheses that open at byte `open`, unless they are those of a call.
fn without_parentheses(text: &str, open: usize) -> Option<String> {
    if text[..open].ends_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let mut depth = 0usize;
    let end = text[open..].find(|c| {
        depth = depth + usize::from(c == '(') - usize::from(c == ')');
        depth == 0
    })?;
    Some([&text[..open], &text[open + 1..open + end], &text[open + end + 1..]].concat())
}

#[test]
fn no_parentheses_are_superfluous() {
    let mut dice = Dice(0xFE2CE);
    for _ in 0..3_000 {
        let size = 6 + dice.below(6);
        let (syntax, root) = random_tree(&mut dice, size);
        let text = plain(&syntax, root);
        for (open, _) in text.match_indices('(') {
            let Some(Ok((bare, twin))) = without_parentheses(&text, open).map(|bare| parse_expression(&bare)) else { continue };
            // (X^2)' has them for the reader.
            let turned_power = |id: &NodeId| match syntax.kind(*id) {
                Kind::Transpose(a) => matches!(syntax.kind(*a), Kind::Binary(Operator::Power | Operator::DotPower, ..)),
                _ => false,
            };
            if syntax.under(root).iter().any(turned_power) {
                continue;
            }
            assert!(!syntax.same(root, &bare, twin), "{text} needs no parentheses at {open}");
        }
    }
}

/// The Unicode form may move a minus into a product; beyond that it reads back as it was.
#[test]
fn random_trees_are_read_back_from_unicode() {
    let mut dice = Dice(0xACE);
    for _ in 0..20_000 {
        let size = 6 + dice.below(14);
        let (syntax, root) = random_tree(&mut dice, size);
        let words = ["ones(", "zeros(", "eye(", "kron(", "-(", "<", ">", "=", "inv("];
        let text = plain(&syntax, root);
        if words.iter().any(|word| text.contains(word)) {
            continue;
        }
        let drawn = unicode(&syntax, root);
        let (again, twin) = parse_expression(&drawn).unwrap_or_else(|e| panic!("{text} is drawn as {drawn}: {e}"));
        assert!(syntax.same(root, &again, twin), "{text} is drawn as {drawn}");
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut dice = Dice(0xBAD);
    for _ in 0..100_000 {
        let length = dice.below(24);
        let bytes: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        try_all(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn random_tokens_never_panic() {
    let words = [
        "x",
        "A",
        "n",
        "2",
        ".5",
        "1e3",
        "2.",
        "+",
        "-",
        "*",
        "/",
        "\\",
        "^",
        ".^",
        ".*",
        "./",
        ".+",
        ".-",
        "'",
        ".'",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        ":",
        "=",
        "==",
        "<",
        ">=",
        "->",
        "\n",
        "sum(",
        "max(",
        "f(t) =",
        "z =",
        "data",
        "param",
        "assume",
        "derive",
        "wrt",
        "layout",
        "grad",
        "vector(",
        "matrix(",
        "scalar",
        "invertible",
        "in",
        "> 0",
        "√",
        "‖",
        "²",
        "⁻¹",
        "⁻",
        "ᵀ",
        "½",
        "λ",
        "Σ",
        "·",
        "⊙",
        "≤",
        "→",
        "# c\n",
        "#| d\n",
        "\r\n",
        "\u{200B}",
        ".",
        "@",
        " ",
    ];
    let mut dice = Dice(0xF00D);
    for _ in 0..100_000 {
        let length = dice.below(16);
        let text: String = (0..length).map(|_| [dice.pick(&words), dice.pick(&["", " "])].concat()).collect();
        try_all(&text);
    }
}

#[test]
fn long_inputs_are_read_or_refused_in_time() {
    let long = |part: &str, times: usize| part.repeat(times);
    for text in [
        long("x", 1_000_000),
        long("x + ", 250_000),
        long("(", 100_000),
        long("(", 15_000),
        long("[", 15_000),
        long("f(", 9_000),
        long("a'", 10_000),
        format!("a{}", long("'", 19_000)),
        format!("{}x", long("-", 10_000)),
        format!("x{}", long("^2", 9_999)),
        format!("x{}", long("[1]", 6_000)),
        format!("x{}", long("->[i]", 4_000)),
        long("√", 15_000),
        long("‖", 15_000),
        long("a:", 9_000),
        long("a,", 9_000),
        long("a=", 9_000),
        long("f(a)\n", 4_000),
        long("f(\n", 6_000),
        long("x : vector(n)\n", 3_000),
        long("a = b + \n", 4_000),
        long("x = (\n", 4_000),
        format!("{}x", long("a = x;", 4_900)),
        long("9", 30_000),
        long("\n", 60_000),
        long("# c\n", 16_000),
        vec!["a"; 10_000].join("+"),
        vec!["a"; 10_000].join("*"),
        format!("[{}]", vec!["a"; 9_000].join(";")),
        "x^(9^(9^9))".to_string(),
    ] {
        try_all(&text);
    }
}

/// Printing is a loop: a tree far deeper than any text may be (an engine may build one) does not overflow the stack.
#[test]
fn deep_trees_are_written() {
    let mut s = Syntax::default();
    let mut root = s.name("x");
    for _ in 0..100_000 {
        root = s.call("f", vec![root]);
    }
    for write in [plain, unicode, latex, mathml] {
        assert!(write(&s, root).len() > 300_000);
    }
}

/// Three quarters of the stack of a WebAssembly module.
#[test]
fn the_parser_needs_little_stack() {
    let deep = format!("{}x{}", "f(-1+2*[".repeat(127), "])".repeat(127));
    let reader = std::thread::Builder::new().stack_size(768 * 1024).spawn(move || parse_expression(&deep).is_ok());
    assert!(reader.unwrap().join().unwrap());
}
