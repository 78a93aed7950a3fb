//! Every operation of programs: values by hand, large products against plain loops, derivatives of dual numbers against differences.

mod common;

use common::{Builder, assert_close, noise, value};
use hesse::program::program::{Mask, Op, Program};
use hesse_run::contract::{Operand, contract};
use hesse_run::{Array, Dual, Scalar, Trace, run, run_traced};

fn array(shape: &[usize], data: &[f64]) -> Array<f64> {
    Array::new(shape.to_vec(), data.to_vec())
}

/// `"ij,jk->ik"` over arrays, by the interpreter of contractions.
fn labelled(text: &str, operands: &[&Array<f64>], masks: &[bool], extra: &[(char, usize)]) -> Array<f64> {
    let (inputs, out) = text.split_once("->").unwrap();
    let label = |c: char| c as u32 - 'a' as u32;
    let parts: Vec<Vec<u32>> =
        if operands.is_empty() { vec![] } else { inputs.split(',').map(|p| p.chars().map(label).collect()).collect() };
    let mut sizes = vec![1; 26];
    for (labels, a) in parts.iter().zip(operands) {
        labels.iter().zip(&a.shape).for_each(|(&l, &n)| sizes[l as usize] = n);
    }
    extra.iter().for_each(|&(c, n)| sizes[label(c) as usize] = n);
    let list: Vec<Operand<'_, f64>> = parts
        .iter()
        .zip(operands)
        .enumerate()
        .map(|(k, (labels, array))| Operand { array, labels, mask: masks.get(k) == Some(&true) })
        .collect();
    contract(&list, &out.chars().map(label).collect::<Vec<_>>(), &sizes).unwrap()
}

#[test]
fn contractions_by_hand() {
    let a = array(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let s = array(&[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let x = array(&[2], &[10.0, 100.0]);
    type Case<'a> = (&'a str, &'a [&'a Array<f64>], &'a [f64]);
    let cases: &[Case<'_>] = &[
        ("ab->ba", &[&a], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
        ("ab->", &[&a], &[21.0]),
        ("ab->a", &[&a], &[6.0, 15.0]),
        ("ab->b", &[&a], &[5.0, 7.0, 9.0]),
        ("aa->", &[&s], &[5.0]),
        ("aa->a", &[&s], &[1.0, 4.0]),
        ("a->aa", &[&x], &[10.0, 0.0, 0.0, 100.0]),
        ("aa->aa", &[&s], &[1.0, 0.0, 0.0, 4.0]),
        ("ab,a->b", &[&a, &x], &[410.0, 520.0, 630.0]),
        ("ab,a->ab", &[&a, &x], &[10.0, 20.0, 30.0, 400.0, 500.0, 600.0]),
        ("ab,cb->ac", &[&a, &a], &[14.0, 32.0, 32.0, 77.0]),
        ("a,b->ab", &[&x, &x], &[100.0, 1000.0, 1000.0, 10000.0]),
        ("a,a->", &[&x, &x], &[10100.0]),
        ("a,b->", &[&x, &x], &[12100.0]),
        // x'·S·x = 100 + 2000 + 3000 + 40000
        ("a,ab,b,c->c", &[&x, &s, &x, &x], &[451_000.0, 4_510_000.0]),
    ];
    for (text, operands, want) in cases {
        assert_close(&labelled(text, operands, &[], &[]).data, want, 1e-15);
    }
    assert_eq!(labelled("->aa", &[], &[], &[('a', 2)]).data, [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(labelled("->", &[], &[], &[]).data, [1.0]);
    assert_eq!(labelled("a->ab", &[&x], &[], &[('b', 2)]).data, [10.0, 10.0, 100.0, 100.0]);
    let kron = labelled("ab,cd->acbd", &[&s, &s], &[], &[]);
    assert_eq!((kron.shape.clone(), kron.at(&[1, 0, 0, 1])), (vec![2, 2, 2, 2], 3.0 * 2.0));
}

#[test]
fn empty_axes_are_defined() {
    let none = array(&[0], &[]);
    let wide = array(&[2, 0], &[]);
    assert_eq!(labelled("a->", &[&none], &[], &[]).data, [0.0]);
    assert_eq!(labelled("ab,b->a", &[&wide, &none], &[], &[]).data, [0.0, 0.0]);
    assert_eq!(labelled("ab,cb->ac", &[&wide, &wide], &[], &[]).data, [0.0; 4]);
    assert!(labelled("a->aa", &[&none], &[], &[]).data.is_empty());
    let mut b = Builder::new();
    let m = b.input("A", 1, "n n");
    let d = b.apply("det", m);
    let program = b.output(d);
    assert_eq!(value(&program, &[0], &[Array::<f64>::new(vec![0, 0], vec![])]).data, [1.0]);
}

#[test]
fn a_mask_selects() {
    let mask = array(&[3], &[1.0, 0.0, 0.0]);
    let wild = array(&[3], &[2.0, f64::INFINITY, f64::NAN]);
    assert_eq!(labelled("a,a->a", &[&mask, &wild], &[true, false], &[]).data, [2.0, 0.0, 0.0]);
    assert_eq!(labelled("a,a->a", &[&wild, &mask], &[false, true], &[]).data, [2.0, 0.0, 0.0]);
    assert_eq!(labelled("a,a->", &[&wild, &mask], &[false, true], &[]).data, [2.0]);
    assert!(labelled("a,a->a", &[&mask, &wild], &[], &[]).data[1].is_nan());
    // Large enough for the matrix product, were it allowed; and many operands, taken in pairs.
    let n = 40;
    let mut m = noise(&[n, n], 1);
    m.data.iter_mut().for_each(|x| *x = f64::from(u8::from(*x > 0.0)));
    m.data[..n].fill(0.0);
    let mut w = noise(&[n, n], 2);
    let clean = w.clone();
    let product = labelled("ab,bc->ac", &[&m, &clean], &[true, false], &[]);
    w.data[3] = f64::INFINITY;
    let got = labelled("ab,bc->ac", &[&m, &w], &[true, false], &[]);
    assert!((0..n).all(|k| got.data[k] == 0.0));
    let four = labelled("ab,ab,bc,cd->ad", &[&w, &m, &clean, &clean], &[false, true, false, false], &[]);
    assert!((0..n).all(|k| four.data[k] == 0.0) && four.data.iter().all(|x| x.is_finite()));
    assert_close(&labelled("ab,bc->ac", &[&m, &clean], &[], &[]).data, &product.data, 1e-13);
}

/// By definition: a loop over the whole index space, one term at a time.
fn naive(text: &str, operands: &[&Array<f64>]) -> Vec<f64> {
    let (inputs, out) = text.split_once("->").unwrap();
    let parts: Vec<&str> = inputs.split(',').collect();
    let mut letters: Vec<char> = out.chars().collect();
    inputs.chars().filter(|c| c.is_ascii_lowercase()).for_each(|c| letters.push(c));
    letters.dedup();
    let mut distinct: Vec<(char, usize)> = vec![];
    for c in letters {
        if distinct.iter().all(|d| d.0 != c) {
            let n = parts.iter().zip(operands).find_map(|(p, a)| p.find(c).map(|k| a.shape[k])).unwrap();
            distinct.push((c, n));
        }
    }
    let count: usize = out.chars().map(|c| distinct.iter().find(|d| d.0 == c).unwrap().1).product();
    let mut result = vec![0.0; count];
    let space: usize = distinct.iter().map(|d| d.1).product();
    for mut flat in 0..space {
        let mut index = std::collections::HashMap::new();
        for &(c, n) in distinct.iter().rev() {
            index.insert(c, flat % n);
            flat /= n;
        }
        let term: f64 = parts.iter().zip(operands).map(|(p, a)| a.at(&p.chars().map(|c| index[&c]).collect::<Vec<_>>())).product();
        let at = out.chars().fold(0, |at, c| at * distinct.iter().find(|d| d.0 == c).unwrap().1 + index[&c]);
        result[at] += term;
    }
    result
}

#[test]
fn large_products_agree_with_the_definition() {
    let (a, b) = (noise(&[31, 17], 1), noise(&[17, 23], 2));
    let (at, bt) = (noise(&[17, 31], 3), noise(&[23, 17], 4));
    let x = noise(&[400], 5);
    let m = noise(&[400, 300], 6);
    let y = noise(&[300], 7);
    let (t, u) = (noise(&[5, 6, 7, 8], 8), noise(&[7, 8, 6, 9], 9));
    let cube = noise(&[4, 12, 13], 10);
    let cases: &[(&str, &[&Array<f64>])] = &[
        ("ij,jk->ik", &[&a, &b]),
        ("ij,jk->ki", &[&a, &b]),
        ("ji,jk->ik", &[&at, &b]),
        ("ij,kj->ik", &[&a, &bt]),
        ("ji,kj->ki", &[&at, &bt]),
        ("ij,i->j", &[&m, &x]),
        ("ij,j->i", &[&m, &y]),
        ("i,ij->j", &[&x, &m]),
        ("i,ij,j->", &[&x, &m, &y]),
        ("abcd,cdbe->ae", &[&t, &u]),
        ("abcd,cdbe->ea", &[&t, &u]),
        ("abcd,cdbe->abe", &[&t, &u]),
        ("abcd,cdfe->abfe", &[&t, &u]),
        ("abcd,cdfe->bfae", &[&t, &u]),
        ("bij,bik->bjk", &[&cube, &cube]),
        ("bij,bik->jbk", &[&cube, &cube]),
        ("bij,bkj->bki", &[&cube, &cube]),
        ("bij,bij->", &[&cube, &cube]),
        ("bij,cij->bc", &[&cube, &cube]),
        ("bij,bij->b", &[&cube, &cube]),
    ];
    for (text, operands) in cases {
        let got = labelled(text, operands, &[], &[]).data;
        assert_close(&got, &naive(text, operands), 1e-12);
    }
}

#[test]
fn long_sums_are_pairwise() {
    // 10⁶ times 0.1: one after the other loses six digits, a tree almost none.
    let x = Array::full(vec![1_000_000], 0.1);
    let sum = labelled("a->", &[&x], &[], &[]).data[0];
    assert!((sum / 1e5 - 1.0).abs() < 1e-14, "{sum}");
    let dot = labelled("a,a->", &[&x, &x], &[], &[]).data[0];
    assert!((dot / 1e4 - 1.0).abs() < 1e-14, "{dot}");
}

#[test]
fn steps_by_hand() {
    let mut b = Builder::new();
    let x = b.input("x", 1, "n");
    let n = {
        let size = b.size("2*n+1");
        b.push(Op::Size(size), vec![], false)
    };
    let zeros = b.push(Op::Zeros, b.axes_of(x), false);
    let unit = {
        let size = b.size("1");
        b.mask(Mask::Unit(size), "n")
    };
    let picked = b.contract("i,i->", &[x, unit], "");
    let sum = b.combine(&[(2.0, x), (-1.0, x), (3.0, zeros)]);
    let program = {
        let mut p = b.output(n);
        for v in [picked, sum, zeros] {
            p.outputs.push(hesse::program::program::Output { name: String::new(), value: v });
        }
        p
    };
    let x = array(&[3], &[5.0, 7.0, 9.0]);
    let out = run(&program, &[3], std::slice::from_ref(&x)).unwrap();
    assert_eq!((out[0].data[0], out[1].data[0]), (7.0, 7.0));
    assert_eq!((out[2].data.clone(), out[3].data.clone()), (x.data.clone(), vec![0.0; 3]));
    // x[2] of a vector of one entry, and inputs of the wrong shape.
    assert_eq!(run(&program, &[1], &[array(&[1], &[5.0])]).unwrap_err().code, "E109");
    assert_eq!(run(&program, &[2], std::slice::from_ref(&x)).unwrap_err().code, "E501");

    let mut b = Builder::new();
    let lower = b.mask(Mask::Lower, "n m");
    let program = b.output(lower);
    assert_eq!(value::<f64>(&program, &[2, 3], &[]).data, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    let mut b = Builder::new();
    let size = b.size("1");
    let shift = b.mask(Mask::Shift(size), "n n");
    let program = b.output(shift);
    assert_eq!(value::<f64>(&program, &[2], &[]).data, [0.0, 0.0, 1.0, 0.0]);
}

fn unary(
    build: impl Fn(&mut Builder, hesse::program::program::Value) -> hesse::program::program::Value,
    rows: usize,
    axes: &str,
) -> Program {
    let mut b = Builder::new();
    let x = b.input("x", rows, axes);
    let y = build(&mut b, x);
    b.output(y)
}

#[test]
fn powers() {
    let at = |p: f64, x: f64| value(&unary(|b, x| b.power(x, p), 1, "n"), &[1], &[array(&[1], &[x])]).data[0];
    assert_eq!((at(3.0, -2.0), at(0.0, 0.0), at(-1.0, 0.0), at(-2.0, -4.0)), (-8.0, 1.0, f64::INFINITY, 0.0625));
    assert_eq!((at(0.5, 9.0), at(-0.5, 4.0), at(1.0, 7.0), at(51.0, -1.0)), (3.0, 0.5, 7.0, -1.0));
    assert!(at(0.5, -1.0).is_nan());
    assert!((at(1.0 / 3.0, 8.0) - 2.0).abs() < 1e-15 && (at(-40.0, 0.5) / 2f64.powi(40) - 1.0).abs() < 1e-14);
}

#[test]
fn matrix_functions_and_solve() {
    let a = array(&[2, 2], &[0.0, 2.0, 3.0, 4.0]);
    let one = |name: &str, x: &Array<f64>| value(&unary(|b, x| b.apply(name, x), 1, "n n"), &[x.shape[0]], std::slice::from_ref(x)).data;
    assert_close(&one("inv", &a), &[-2.0 / 3.0, 1.0 / 3.0, 0.5, 0.0], 1e-15);
    assert_close(&one("det", &a), &[-6.0], 1e-15);
    assert!(one("logdet", &a)[0].is_nan());
    let singular = array(&[2, 2], &[1.0, 2.0, 2.0, 4.0]);
    assert_eq!((one("det", &singular)[0], one("logdet", &singular)[0]), (0.0, f64::NEG_INFINITY));
    assert!(one("inv", &singular).iter().any(|x| !x.is_finite()));
    // det underflows, log(det) does not.
    let n = 200;
    let mut small = Array::full(vec![n, n], 0.0);
    (0..n).for_each(|k| small.data[k * n + k] = 0.001);
    assert_eq!(one("det", &small), [0.0]);
    assert_close(&one("logdet", &small), &[200.0 * 0.001f64.ln()], 1e-14);
    assert_close(&[one("inv", &small)[0]], &[1000.0], 1e-14);
    // Pivots that overflow on the way, a determinant that does not.
    let wide = array(&[3, 3], &[1e200, 0.0, 0.0, 0.0, 1e200, 0.0, 0.0, 0.0, 1e-300]);
    assert_close(&one("det", &wide), &[1e100], 1e-13);
    // Large and small paths agree.
    for n in [7, 23, 24, 60] {
        let a = noise(&[n, n], n as u64);
        let inverse = array(&[n, n], &one("inv", &a));
        let mut want = vec![0.0; n * n];
        (0..n).for_each(|k| want[k * n + k] = 1.0);
        assert_close(&labelled("ij,jk->ik", &[&a, &inverse], &[], &[]).data, &want, 1e-10);
        let dual = Array::new(vec![n, n], a.data.iter().map(|&x| Dual::<f64>::from_f64(x)).collect());
        let by_dual = Dual::determinant(&dual.data, n).value();
        assert!((one("det", &a)[0] / by_dual - 1.0).abs() < 1e-9, "n = {n}");
    }
    let x = array(&[2], &[3.0, 4.0]);
    let norm = |x: &Array<f64>, name: &str| value(&unary(|b, x| b.apply(name, x), 1, "n"), &[x.len()], std::slice::from_ref(x)).data[0];
    assert_eq!((norm(&x, "norm2"), norm(&array(&[2], &[0.0, 0.0]), "norm2"), norm(&array(&[0], &[]), "norm2")), (5.0, 0.0, 0.0));
    assert!((norm(&array(&[2], &[3e200, 4e200]), "norm2") / 5e200 - 1.0).abs() < 1e-15);
    assert!((norm(&array(&[2], &[3e-200, 4e-200]), "norm2") / 5e-200 - 1.0).abs() < 1e-15);
    assert_eq!(norm(&array(&[2], &[1000.0, 1000.0]), "logsumexp"), 1000.0 + 2f64.ln());
    let never = f64::NEG_INFINITY;
    assert_eq!((norm(&array(&[2], &[never, never]), "logsumexp"), norm(&array(&[2], &[never, 1.0]), "logsumexp")), (never, 1.0));

    for n in [2usize, 30] {
        let (a, right) = (noise(&[n, n], 3), noise(&[n, 3], 4));
        for transposed in [false, true] {
            let mut b = Builder::new();
            let (p, q) = (b.input("A", 1, "n n"), b.input("B", 1, "n k"));
            let s = b.solve(p, q, transposed);
            let x = value(&b.output(s), &[n, 3], &[a.clone(), right.clone()]);
            let back = labelled(if transposed { "ji,jk->ik" } else { "ij,jk->ik" }, &[&a, &x], &[], &[]);
            assert_close(&back.data, &right.data, 1e-10);
        }
    }
}

/// The directional derivative of a program by dual numbers and by differences.
fn dual_agrees(program: &Program, sizes: &[usize], inputs: &[Array<f64>]) {
    let directions: Vec<Array<f64>> = inputs.iter().enumerate().map(|(k, a)| noise(&a.shape, 100 + k as u64)).collect();
    let duals: Vec<Array<Dual<f64>>> = inputs
        .iter()
        .zip(&directions)
        .map(|(a, d)| Array::new(a.shape.clone(), a.data.iter().zip(&d.data).map(|(&x, &d)| Dual::seeded(x, &[d])).collect()))
        .collect();
    let got = value(program, sizes, &duals);
    let plain = value(program, sizes, inputs);
    assert_close(&got.data.iter().map(|x| x.re).collect::<Vec<_>>(), &plain.data, 1e-12);
    let at = |h: f64| {
        let moved: Vec<Array<f64>> = inputs
            .iter()
            .zip(&directions)
            .map(|(a, d)| Array::new(a.shape.clone(), a.data.iter().zip(&d.data).map(|(&x, &d)| x + h * d).collect()))
            .collect();
        value(program, sizes, &moved).data
    };
    let h = 1e-3;
    let (a, b, c, d) = (at(-2.0 * h), at(-h), at(h), at(2.0 * h));
    let want: Vec<f64> = (0..a.len()).map(|k| (a[k] - 8.0 * b[k] + 8.0 * c[k] - d[k]) / (12.0 * h)).collect();
    assert_close(&got.data.iter().map(|x| x.ep).collect::<Vec<_>>(), &want, 1e-8);
}

#[test]
fn dual_numbers_are_the_derivative_of_every_operation() {
    let mut square = noise(&[3, 3], 5);
    (0..3).for_each(|k| square.data[4 * k] += 3.0);
    for name in ["inv", "det", "logdet", "expm", "norm2", "logsumexp", "maximum", "minimum", "prod"] {
        dual_agrees(&unary(|b, x| b.apply(name, x), 1, "n n"), &[3], std::slice::from_ref(&square));
    }
    dual_agrees(&unary(|b, x| b.power(x, 3.0), 1, "n n"), &[3], std::slice::from_ref(&square));
    dual_agrees(&unary(|b, x| b.contract("ij,jk,kl->il", &[x, x, x], ""), 1, "n n"), &[3], std::slice::from_ref(&square));
    dual_agrees(&unary(|b, x| b.contract("ii->i", &[x], ""), 1, "n n"), &[3], std::slice::from_ref(&square));
    for transposed in [false, true] {
        let mut b = Builder::new();
        let (p, q) = (b.input("A", 1, "n n"), b.input("b", 1, "n"));
        let s = b.solve(p, q, transposed);
        dual_agrees(&b.output(s), &[3], &[square.clone(), noise(&[3], 9)]);
    }
    let mut b = Builder::new();
    let (x, s) = (b.input("x", 1, "n"), b.input("s", 0, ""));
    let e = b.map("exp", &[x]);
    let p = b.push(Op::Power(e, s), b.axes_of(x), false);
    dual_agrees(&b.output(p), &[3], &[noise(&[3], 9), Array::scalar(1.3)]);
}

#[test]
fn det_has_its_derivative_at_singular_matrices() {
    let det = unary(|b, x| b.apply("det", x), 1, "n n");
    let slope = |m: &Array<f64>, k: usize| {
        let n = m.shape[0];
        let d = Array::new(
            m.shape.clone(),
            m.data.iter().enumerate().map(|(i, &x)| Dual::<f64>::seeded(x, &[f64::from(u8::from(i == k))])).collect(),
        );
        value(&det, &[n], &[d]).data[0].ep
    };
    let singular = array(&[2, 2], &[1.0, 2.0, 2.0, 4.0]);
    assert_eq!((0..4).map(|k| slope(&singular, k)).collect::<Vec<_>>(), [4.0, -2.0, -2.0, 1.0]);
    let diagonal = array(&[3, 3], &[0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0]);
    assert_eq!((slope(&diagonal, 0), slope(&diagonal, 4), slope(&diagonal, 8)), (6.0, 0.0, 0.0));
    // Rank n − 2: no first derivative, but a second.
    let zero = Array::new(
        vec![2, 2],
        [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]].map(|d: [f64; 2]| Dual::<Dual<f64>>::seeded(0.0, &d)).to_vec(),
    );
    assert_eq!(value(&det, &[2], &[zero]).data[0].top(), 1.0);
}

#[test]
fn conventions_of_whole_array_functions() {
    let norm = unary(|b, x| b.apply("norm2", x), 1, "n");
    let zero = Array::full(vec![3], Dual::<f64>::seeded(0.0, &[1.0]));
    assert_eq!(value(&norm, &[3], std::slice::from_ref(&zero)).data[0].ep, 0.0);
    let squared = unary(
        |b, x| {
            let n = b.apply("norm2", x);
            b.power(n, 2.0)
        },
        1,
        "n",
    );
    assert_eq!(value(&squared, &[3], &[zero]).data[0].ep, 0.0);
    // max(x, x) is x.
    let same = unary(|b, x| b.map("max", &[x, x]), 1, "n");
    assert_eq!(value(&same, &[1], &[Array::full(vec![1], Dual::<f64>::seeded(2.0, &[1.0]))]).data[0].ep, 1.0);
    // (x > 0) .* sqrt(max(x, 0)) at x = −1: the mask silences an infinite slope.
    let leak = unary(
        |b, x| {
            let zeros = b.push(Op::Zeros, b.axes_of(x), false);
            let c = b.map("gt", &[x, zeros]);
            let m = b.map("max", &[x, zeros]);
            let r = b.power(m, 0.5);
            b.contract("i,i->", &[c, r], "")
        },
        1,
        "n",
    );
    let x = Array::new(vec![2], vec![Dual::<f64>::seeded(4.0, &[1.0]), Dual::seeded(-1.0, &[1.0])]);
    let y = value(&leak, &[2], &[x]).data[0];
    assert_eq!((y.re, y.ep), (2.0, 0.25));
}

#[test]
fn traces_tell_branches_apart() {
    let program = unary(
        |b, x| {
            let a = b.map("abs", &[x]);
            let s = b.map("softplus", &[a]);
            b.contract("i->", &[s], "")
        },
        1,
        "n",
    );
    let trace = |x: &[f64]| {
        let mut trace = Trace::default();
        run_traced(&program, &[x.len()], &[array(&[x.len()], x)], &mut trace).unwrap();
        trace
    };
    assert_eq!(trace(&[1.0, -2.0]).signature, trace(&[3.0, -0.1]).signature);
    assert_ne!(trace(&[1.0, -2.0]).signature, trace(&[-1.0, 2.0]).signature);
    assert_ne!(trace(&[0.0, -2.0]).signature, trace(&[1.0, -2.0]).signature);
    assert_eq!((trace(&[0.0, -2.0]).ties, trace(&[1.0, -2.0]).ties), (1, 0));
    assert!(trace(&[1.0, -50.0]).peak >= 50.0);
}

#[test]
fn f32_runs_too() {
    let program = unary(|b, x| b.map("erf", &[x]), 1, "n");
    let y = value::<f32>(&program, &[1], &[Array::new(vec![1], vec![0.5f32])]);
    assert!((y.data[0] - 0.520_499_9).abs() < 1e-6);
    let inv = unary(|b, x| b.apply("inv", x), 1, "n n");
    let n = 40;
    let mut a = noise(&[n, n], 8).map(|x| x as f32);
    (0..n).for_each(|k| a.data[k * n + k] += 10.0);
    let b = value::<f32>(&inv, &[n], std::slice::from_ref(&a));
    let one: f32 = (0..n).map(|k| a.data[k] * b.data[k * n]).sum();
    assert!((one - 1.0).abs() < 1e-4, "{one}");
}

#[test]
fn steps_without_a_reader_are_not_run() {
    // inv of a matrix that is not square would be refused.
    let mut b = Builder::new();
    let a = b.input("A", 1, "m n");
    b.apply("inv", a);
    let sum = b.contract("ij->", &[a], "");
    assert_eq!(value(&b.output(sum), &[1, 2], &[array(&[1, 2], &[1.0, 2.0])]).data, [3.0]);
}

#[test]
fn malformed_programs_are_refused() {
    let mut program = unary(|b, x| b.map("exp", &[x]), 1, "n");
    program.steps[1].axes.clear();
    let e = run(&program, &[2], &[array(&[2], &[1.0, 2.0])]).unwrap_err();
    assert!(e.message.contains("step 1"), "{e}");
    program.outputs[0].value.0 = 9;
    assert!(run::<f64>(&program, &[2], &[array(&[2], &[1.0, 2.0])]).is_err());
    let huge = unary(|b, x| b.contract("i,j,k->ijk", &[x, x, x], ""), 1, "n");
    assert_eq!(run(&huge, &[1000], &[noise(&[1000], 1)]).unwrap_err().code, "E609");
}

#[test]
fn only_derivatives_follow_the_convention_of_a_norm_at_zero() {
    let at = [("x".to_string(), hesse_run::Tensor::flat(vec![0.0, 0.0]))].into_iter().collect();
    let vars = [("x".to_string(), "vector(n)".to_string())];
    let value = |text: &str| hesse::Formula::expression(&vars, text, "").unwrap();
    // The slope of norm2(x) at 0 is 0 by convention; the formula x/norm2(x) has no value there.
    let request = hesse::Request { wrt: vec!["x".into()], ..Default::default() };
    let slope = value("norm2(x)").derive(&request).unwrap().program(0).unwrap();
    assert_eq!(hesse_run::evaluate(&slope, &at).unwrap()[0].data, [0.0, 0.0]);
    let quotient = value("x/norm2(x)").program(None).unwrap();
    assert!(hesse_run::evaluate(&quotient, &at).unwrap()[0].data.iter().all(|v| v.is_nan()));
}
