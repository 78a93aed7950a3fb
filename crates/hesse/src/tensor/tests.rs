//! Tests of the canonical form: different ways of writing one thing are one handle.
use super::*;
use crate::facts::{functions, matrices};

struct Fixture {
    p: Pool,
    a: Expr,
    b: Expr,
    x: Expr,
    y: Expr,
    s: Expr,
    n: Dim,
}

fn fixture() -> Fixture {
    let mut p = Pool::new();
    let n = p.dims.name("n");
    let a = p.declare("A", vec![n, n], VarKind::Input).1;
    let b = p.declare("B", vec![n, n], VarKind::Input).1;
    let x = p.declare("x", vec![n], VarKind::Input).1;
    let y = p.declare("y", vec![n], VarKind::Input).1;
    let s = p.declare("s", vec![], VarKind::Input).1;
    Fixture { p, a, b, x, y, s, n }
}

fn mm(p: &mut Pool, a: Expr, b: Expr) -> Expr {
    p.product(&[(a, &[0, 1]), (b, &[1, 2])], &[0, 2], &[])
}

#[test]
fn products_flatten_and_associate() {
    let Fixture { mut p, a, b, x, y, n, .. } = fixture();
    let (ab, at) = (mm(&mut p, a, b), p.transpose(a));
    let ab_a = mm(&mut p, ab, a);
    let ba = mm(&mut p, b, a);
    assert_eq!(ab_a, mm(&mut p, a, ba));
    // (A B)' = B' A'
    let bt = p.transpose(b);
    assert_eq!(p.transpose(ab), mm(&mut p, bt, at));
    assert_eq!(p.transpose(at), a);
    // tr(A B) = tr(B A)
    let t1 = p.product(&[(ab, &[0, 0])], &[], &[]);
    let t2 = p.product(&[(ba, &[0, 0])], &[], &[]);
    assert_eq!(t1, t2);
    // diag(x) y = x .* y
    let d = p.product(&[(x, &[0])], &[0, 0], &[]);
    let dy = p.product(&[(d, &[0, 1]), (y, &[1])], &[0], &[]);
    assert_eq!(dy, p.times(x, y));
    // I A = A; sum of 1 = n
    let i = p.identity(&[n]);
    assert_eq!(mm(&mut p, i, a), a);
    let ones = p.ones(&[n]);
    let count = p.product(&[(ones, &[0])], &[], &[]);
    assert_eq!(count, p.size(n));
}

#[test]
fn sums_merge_and_show_structure() {
    let Fixture { mut p, a, b, x, s, n, .. } = fixture();
    let at = p.transpose(a);
    let sym = p.add(a, at);
    assert_eq!(p.transpose(sym), sym);
    // diag(x) + I is a diagonal
    let d = p.product(&[(x, &[0])], &[0, 0], &[]);
    let i = p.identity(&[n]);
    let di = p.add(d, i);
    assert!(matches!(p.node(di), Node::Product { .. }));
    // (A + B) x and (A' + B')' x are one
    let ab = p.add(a, b);
    let bt = p.transpose(b);
    let abt = p.add(at, bt);
    assert_eq!(p.transpose(abt), ab);
    let l = p.product(&[(ab, &[0, 1]), (x, &[1])], &[0], &[]);
    let r = p.product(&[(abt, &[1, 0]), (x, &[1])], &[0], &[]);
    assert_eq!(l, r);
    // 1 s + 1 - 1 = 1 s
    let ones = p.ones(&[n]);
    let s1 = p.broadcast(s, &[n]);
    let plus = p.add(s1, ones);
    let minus = p.negate(ones);
    assert_eq!(p.add(plus, minus), s1);
    let sx = p.add(plus, x);
    let sx2 = p.add(x, ones);
    assert_eq!(sx, p.add(sx2, s1));
}

#[test]
fn powers_and_scalars() {
    let Fixture { mut p, a, x, s, .. } = fixture();
    let dot = p.sum_of_squares(x, 0);
    let inverse = p.powi(dot, -1);
    let one = p.one();
    assert_eq!(p.times(dot, inverse), one);
    let norm = p.apply(matrices::find("norm2").unwrap(), &[x]);
    assert_eq!(p.powi(norm, 2), dot);
    let back = p.powi(norm, -1);
    assert_eq!(p.times(dot, back), norm);
    // (s A x).^2 = s^2 (A x).^2
    let ax = p.product(&[(a, &[0, 1]), (x, &[1])], &[0], &[]);
    let sax = p.times(s, ax);
    let (l, s2, r) = (p.powi(sax, 2), p.powi(s, 2), p.powi(ax, 2));
    assert_eq!(l, p.times(s2, r));
    // tr(A)^2 = tr(A) tr(A)
    let t = p.product(&[(a, &[0, 0])], &[], &[]);
    let tt = p.times(t, t);
    assert_eq!(tt, p.powi(t, 2));
    // sqrt(x^2) is not x
    let half = p.number(Rational::new(1, 2));
    let square = p.powi(x, 2);
    assert_ne!(p.power(square, half), x);
}

#[test]
fn functions_normalise() {
    let Fixture { mut p, a, b, x, n, .. } = fixture();
    let inv = matrices::find("inv").unwrap();
    let ia = p.apply(inv, &[a]);
    let at = p.transpose(a);
    let iat = p.apply(inv, &[at]);
    assert_eq!(p.transpose(ia), iat);
    // The argument of an inverse is primitive, as a factor is.
    let ab = p.add(a, b);
    let twice = p.scale(Rational::from_integer(2), ab);
    let (i1, i2) = (p.apply(inv, &[ab]), p.apply(inv, &[twice]));
    assert_eq!(p.scale(Rational::new(1, 2), i1), i2);
    // The inverse of a diagonal is a diagonal.
    let d = p.product(&[(x, &[0])], &[0, 0], &[]);
    let (id, reciprocal) = (p.apply(inv, &[d]), p.powi(x, -1));
    assert_eq!(id, p.product(&[(reciprocal, &[0])], &[0, 0], &[]));
    let exp = functions::find("exp").unwrap();
    let e1 = p.map(exp, &[at]);
    let e2 = p.map(exp, &[a]);
    assert_eq!(p.transpose(e2), e1);
    // exp(x 1') = exp(x) 1'
    let x1 = p.product(&[(x, &[0])], &[0, 1], &[(1, n)]);
    let ex = p.map(exp, &[x]);
    let l = p.map(exp, &[x1]);
    assert_eq!(l, p.product(&[(ex, &[0])], &[0, 1], &[(1, n)]));
}

#[test]
fn automorphic_products_have_one_form() {
    let Fixture { mut p, a, .. } = fixture();
    // tr(A^4) written from any start
    let t1 = p.product(&[(a, &[0, 1]), (a, &[1, 2]), (a, &[2, 3]), (a, &[3, 0])], &[], &[]);
    let t2 = p.product(&[(a, &[7, 3]), (a, &[5, 7]), (a, &[3, 1]), (a, &[1, 5])], &[], &[]);
    assert_eq!(t1, t2);
}

#[test]
fn a_diagonal_of_one_term_is_not_pulled_out() {
    // eye(n) - ones(n, n) has no common structure: δ is not constant along its axes.
    let Fixture { mut p, n, x, .. } = fixture();
    let (i, ones) = (p.identity(&[n]), p.ones(&[n, n]));
    let minus = p.negate(ones);
    let centring = p.add(i, minus);
    assert!(matches!(p.node(centring), Node::Sum(terms, _) if terms.len() == 2));
    // Equal components under summed labels close into a power, and their labels do not turn into sizes.
    let a = p.declare("C", vec![n, n], VarKind::Input).1;
    let ax = p.product(&[(a, &[0, 1]), (x, &[1])], &[0], &[]);
    assert_eq!(p.times(ax, ax), p.powi(ax, 2));
}

#[test]
fn powers_go_inside_axes_along_which_the_base_is_constant() {
    let Fixture { mut p, a, x, s, n, .. } = fixture();
    let m = p.dims.name("m");
    let (half, c) = (p.number(Rational::new(-1, 2)), Rational::new(1, 3));
    // (s 1)^p is s^p 1, also for a multiple of s; (x 1')^p is x^p 1'.
    for base in [s, p.scale(c, s)] {
        let (spread, power) = (p.broadcast(base, &[m, n]), p.power(base, half));
        assert_eq!(p.power(spread, half), p.broadcast(power, &[m, n]));
    }
    let columns = p.product(&[(x, &[0])], &[0, 1], &[(1, m)]);
    let power = p.power(x, half);
    assert_eq!(p.power(columns, half), p.product(&[(power, &[0])], &[0, 1], &[(1, m)]));
    // sqrt(A') is sqrt(A)'
    let (at, root) = (p.transpose(a), p.power(a, half));
    assert_eq!(p.power(at, half), p.transpose(root));
    // 1 ./ diag(x) is no diagonal, but its diagonal is 1 ./ x.
    let diagonal = p.product(&[(x, &[0])], &[0, 0], &[]);
    let inverse = p.powi(diagonal, -1);
    assert_eq!(p.product(&[(inverse, &[0, 0])], &[0], &[]), p.powi(x, -1));
}

#[test]
fn one_hot_vectors_and_triangles_settle() {
    let Fixture { mut p, a, x, y, n, .. } = fixture();
    let at = p.dims.integer(2);
    let unit = p.pattern(Pattern::Unit { at, of: n });
    // (x .* x .* unit) summed is x[2]^2, and A[2,2] is the entry of the diagonal.
    let entry = p.product(&[(x, &[0]), (unit, &[0])], &[], &[]);
    let other = p.product(&[(y, &[0]), (unit, &[0])], &[], &[]);
    assert_eq!(p.product(&[(x, &[0]), (y, &[0]), (unit, &[0])], &[], &[]), p.times(entry, other));
    assert_eq!(p.product(&[(a, &[0, 0]), (unit, &[0])], &[], &[]), p.product(&[(a, &[0, 1]), (unit, &[0]), (unit, &[1])], &[], &[]));
    // x .* unit is x[2] .* unit
    assert_eq!(p.product(&[(x, &[0]), (unit, &[0])], &[0], &[]), p.times(entry, unit));
    // tril(triu(1 1')) is the identity
    let lower = p.pattern(Pattern::Lower { of: n });
    assert_eq!(p.product(&[(lower, &[0, 1]), (lower, &[1, 0])], &[0, 1], &[]), p.identity(&[n]));
    assert_eq!(p.product(&[(lower, &[0, 0])], &[0], &[]), p.ones(&[n]));
}

#[test]
fn equal_arguments_of_max_are_one() {
    let Fixture { mut p, x, .. } = fixture();
    for name in ["max", "min"] {
        let f = functions::find(name).unwrap();
        assert_eq!(p.map(f, &[x, x]), x);
    }
}
