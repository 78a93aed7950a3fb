//! What an expression of a given shape can be: one line per form, its children with their wishes and shapes.

use super::case::variables;
use super::maker::Wish::{self, Any, Constant, Definite, Inside, Positive};
use super::tree::{Shape, Side};
use hesse::facts::functions::FUNCTIONS;

/// A template and what its holes want.
#[derive(Clone, Debug)]
pub struct Form {
    pub feature: &'static str,
    pub text: String,
    pub children: Vec<(Wish, Shape)>,
}

impl Form {
    /// How much its children need below them; forms of the least demand end a branch.
    pub fn demand(&self) -> usize {
        self.children.iter().map(|c| if c.0 == Any { 1 } else { 2 }).sum()
    }
}

fn form(feature: &'static str, text: &str, children: &[(Wish, Shape)]) -> Form {
    Form { feature, text: text.to_string(), children: children.to_vec() }
}

/// `3`, `(m*n)` as an argument of a generator.
fn size(side: &Side) -> String {
    if side.is_empty() { "1".into() } else { side.join("*") }
}

/// `ones(m, n)`
pub fn ones(shape: &Shape) -> String {
    if shape.cols.is_empty() {
        format!("ones({})", size(&shape.rows))
    } else {
        format!("ones({}, {})", size(&shape.rows), size(&shape.cols))
    }
}

/// Ends of branches.
pub fn leaves(shape: &Shape) -> Vec<Form> {
    let mut out = vec![];
    for (name, _, of) in variables() {
        if of == *shape {
            out.push(form("variable", name, &[]));
        } else if of.transposed() == *shape {
            out.push(form("transpose", &format!("{name}'"), &[]));
        }
    }
    if shape.is_scalar() {
        out.extend([
            form("decimal", "1.5e-27*1e27", &[]),
            form("pi", "pi", &[]),
            form("size", "n", &[]),
            form("number", "0.75", &[]),
            form("size", "m", &[]),
        ]);
        // Variables more often than constants.
        let variables: Vec<Form> = out.iter().filter(|f| f.feature == "variable").cloned().collect();
        out.extend(variables);
        return out;
    }
    let scalar = Shape::scalar();
    if out.len() < 2 {
        out.push(form("ones", &format!("#*{}", ones(shape)), &[(Any, scalar.clone())]));
    }
    if shape.is_square() {
        out.push(form("eye", &format!("#*eye({})", size(&shape.rows)), &[(Any, scalar.clone())]));
    }
    if *shape == Shape::column("k") {
        out.push(form("matrix-vector", "B'*#", &[(Any, Shape::column("n"))]));
    }
    match (shape.rows.as_slice(), shape.cols.as_slice()) {
        ([a, b], []) => out.push(form("vec(A)", "vec(#)", &[(Any, Shape::matrix(b, a))])),
        ([a, b], [c, d]) => out.push(form("kron(A, B)", "kron(#, #)", &[(Any, Shape::matrix(a, c)), (Any, Shape::matrix(b, d))])),
        _ => {}
    }
    out
}

/// Positive entries.
pub fn positive(shape: &Shape) -> Vec<Form> {
    if shape.is_compound_matrix() {
        return vec![form("ones", &format!("@*{}", ones(shape)), &[(Positive, Shape::scalar())])];
    }
    let s = || shape.clone();
    let mut out = vec![
        form("square", "1 + @.^2", &[(Any, s())]),
        form("exp", "exp(#)", &[(Inside, s())]),
        form("softplus", "1/2 + softplus(#)", &[(Any, s())]),
        form("cosh", "cosh(#)", &[(Inside, s())]),
        form("abs", "1 + abs(#)", &[(Any, s())]),
        form("hadamard", "@ .* @", &[(Positive, s()), (Positive, s())]),
        form("inverse entries", "1 ./ @", &[(Positive, s())]),
        form("half power", "@.^(1/2)", &[(Positive, s())]),
        form("plus", "@ + @", &[(Positive, s()), (Positive, s())]),
        form("hypot", "hypot(#, #)", &[(Any, s()), (Positive, s())]),
    ];
    for (name, of, known) in variables() {
        if known == *shape && of.ends_with("> 0") {
            out.push(form("variable", name, &[]));
        }
    }
    out
}

/// Entries in (-1, 1).
pub fn inside(shape: &Shape) -> Vec<Form> {
    if shape.is_compound_matrix() {
        return vec![form("ones", &format!("@*{}", ones(shape)), &[(Inside, Shape::scalar())])];
    }
    let s = || shape.clone();
    vec![
        form("tanh", "0.9*tanh(#)", &[(Any, s())]),
        form("sin", "0.5*sin(#)", &[(Any, s())]),
        form("cos", "cos(#)/2", &[(Any, s())]),
        form("sigmoid", "sigmoid(#) - 1/2", &[(Any, s())]),
        form("atan", "atan(#)/2", &[(Any, s())]),
        form("erf", "0.7*erf(#)", &[(Any, s())]),
        form("quotient", "@ ./ (1 + @.^2)", &[(Inside, s()), (Any, s())]),
    ]
}

/// Symmetric and positive definite, one size a side.
pub fn definite(shape: &Shape) -> Vec<Form> {
    let n = shape.rows[0];
    let (s, v) = (|| shape.clone(), || Shape::column(n));
    let eye = format!("eye({n})");
    let mut out = vec![
        form("gram", &format!("@*@' + {eye}"), &[]),
        form("diag(v)", "diag(#)", &[(Positive, v())]),
        form("plus", "@ + @", &[(Definite, s()), (Definite, s())]),
        form("outer", &format!("@*@' + {eye}"), &[]),
        form("inv", "inv(#)", &[(Definite, s())]),
        form("scale", "@*@", &[(Positive, Shape::scalar()), (Definite, s())]),
        form("matrix square", "", &[]),
        form("ridge", &format!("@ + (1 + @^2)*{eye}"), &[(Definite, s()), (Any, Shape::scalar())]),
    ];
    // The same factor twice: fixed texts, because the holes of a form are made independently.
    let factors: &[&str] = match n {
        "n" => &["X", "A'", "B", "X + D", "A' .* u"],
        "m" => &["A", "C", "A*X", "(A + C)"],
        "k" => &["B'", "B'*X"],
        "n + 1" => &["q*r", "q*u'", "q*x' + q*y'"],
        _ => &["W", "W'", "W .* W"],
    };
    // Not the square of a square: its condition is that of nothing that can be checked.
    out[6] = form("matrix square", &format!("(({0})*({0})' + {eye})^2", factors[0]), &[]);
    out[0] = form("gram", &format!("({0})*({0})' + {eye}", factors[0]), &[]);
    out[3] = form("gram", &format!("({0})*({0})' + {eye}", factors[factors.len() - 1]), &[]);
    for f in &factors[1..factors.len() - 1] {
        out.push(form("gram", &format!("({f})*({f})' + {eye}"), &[]));
    }
    if n == "n" {
        out.push(form("variable", "S", &[]));
    }
    out
}

/// Everything of that shape.
pub fn any(shape: &Shape, order: usize) -> Vec<Form> {
    let mut out = entries(shape, order);
    match (shape.rows.as_slice(), shape.cols.as_slice()) {
        ([], []) => scalars(&mut out),
        ([n], []) => columns(&mut out, n),
        ([], [n]) => rows(&mut out, n),
        ([a, b], []) => {
            let of = Shape::matrix(b, a);
            out.push(form("vec(A)", "vec(#)", &[(Any, of.clone())]));
            out.push(form("kron(A, B)", "kron(#, #)", &[(Any, Shape::column(a)), (Any, Shape::column(b))]));
            out.push(form("vec(A)", "vec(#)", &[(Any, of.clone())]));
            out.push(form("commutation", &format!("commutation({a}, {b})*vec(#)"), &[(Any, of.transposed())]));
        }
        ([a, b], [c, d]) => {
            out.push(form("kron(A, B)", "kron(#, #)", &[(Any, Shape::matrix(a, c)), (Any, Shape::matrix(b, d))]));
            out.push(form("product", "@*@", &[(Any, Shape::new(&[a, b], &[])), (Any, Shape::new(&[], &[c, d]))]));
        }
        ([m], [n]) => {
            matrices(&mut out, m, n);
            // By a matrix, and twice, an exponential is refused.
            if m == n && order == 1 {
                let of = format!("(ones({n}, {n})/4 + tril(ones({n}, {n}))/3)");
                out.push(form("expm", &format!("expm(@*{of})"), &[(Inside, Shape::scalar())]));
            }
        }
        _ => {}
    }
    out
}

/// Element by element, in any shape.
fn entries(shape: &Shape, order: usize) -> Vec<Form> {
    let (s, one) = (|| shape.clone(), Shape::scalar);
    let mut out = vec![];
    for row in FUNCTIONS {
        let call = format!("{}({})", row.name, vec!["#"; row.of.len()].join(", "));
        // A function without a slope stands where nothing is derived; neither may be derived twice what has one derivative.
        let last = |name: &str| FUNCTIONS.iter().any(|f| f.name == name && f.slopes.is_empty());
        let ends = row.slopes.is_empty() || (order > 1 && row.slopes.iter().any(|s| last(s.split('(').next().unwrap_or(""))));
        let wish = match row.domain {
            _ if ends => Constant,
            "abs(x) < 1" => Inside,
            "" if ["exp", "expm1", "sinh", "cosh", "tan"].contains(&row.name) => Inside,
            "" => Any,
            _ => Positive,
        };
        match (row.name, row.of.len()) {
            ("gt", _) => out.extend([form("gt", "@ > @", &[(Any, s()), (Any, s())]), form("gt", "@ < @", &[(Any, s()), (Any, one())])]),
            ("ge", _) => out.extend([form("ge", "@ >= @", &[(Any, s()), (Any, s())]), form("ge", "@ <= @", &[(Any, one()), (Any, s())])]),
            ("eq", _) => out.extend([form("eq", "@ == @", &[(Any, s()), (Any, s())]), form("eq", "@ != @", &[(Any, s()), (Any, one())])]),
            ("where", _) => {
                out.push(form("where", "where(@ > @, #, #)", &[(Any, s()), (Any, s()), (Any, s()), (Any, s())]));
                out.push(form("where", "where(@ > 0, #, #)", &[(Any, s()), (Any, s()), (Any, one())]));
            }
            ("pow", _) => {
                out.push(form("pow", "pow(#, #)", &[(Positive, s()), (Inside, s())]));
                out.push(form("pow", "@ .^ @", &[(Positive, s()), (Inside, s())]));
            }
            (_, 1) => out.push(form(row.name, &call, &[(wish, s())])),
            ("max" | "min", _) => {
                out.push(form(row.name, &call, &[(Any, s()), (Any, s())]));
                out.push(form(row.name, &format!("{}(#, 0)", row.name), &[(Any, s())]));
                out.push(form(row.name, &call, &[(Any, one()), (Any, s())]));
            }
            (_, n) => out.push(form(row.name, &call, &vec![(if wish == Any { Positive } else { wish }, s()); n])),
        }
    }
    out.extend([
        form("plus", "@ + @", &[(Any, s()), (Any, s())]),
        form("minus", "@ - @", &[(Any, s()), (Any, s())]),
        form("minus", "2*@ - @", &[(Any, s()), (Any, s())]),
        form("expansion", "@ - @", &[(Any, s()), (Any, one())]),
        form("expansion", "@ + @", &[(Any, one()), (Any, s())]),
        form("negate", "-@", &[(Any, s())]),
        form("hadamard", "@ .* @", &[(Any, s()), (Any, s())]),
        form("quotient", "@ ./ @", &[(Any, s()), (Positive, s())]),
        form("over", "@/@", &[(Any, s()), (Positive, one())]),
        form("scale", "@*@", &[(Any, one()), (Any, s())]),
        form("square", "@.^2", &[(Any, s())]),
        form("cube", "@.^3", &[(Any, s())]),
        form("half power", "@.^(1/2)", &[(Positive, s())]),
        form("power", "@.^(-3/2)", &[(Positive, s())]),
        form("power", "@ .^ @", &[(Positive, s()), (Inside, one())]),
        form("sqrt(A)", "sqrt(#)", &[(Positive, s())]),
        form("softmax(A)", "softmax(#)", &[(Any, s())]),
        form("argmax", "argmax(#)", &[(Any, s())]),
        form("argmin", "argmin(#)", &[(Any, s())]),
        form("transpose", "@'", &[(Any, shape.transposed())]),
        form("user function", "f1(#)", &[(Any, s())]),
        form("user function", "f2(#)", &[(Any, s())]),
        form("user function", "f2(#, #)", &[(Any, s()), (Any, one())]),
        form("number", "3*@/4 + 1", &[(Any, s())]),
        form("pi", "pi*@", &[(Any, s())]),
        form("size", "@/n", &[(Any, s())]),
        form("decimal", "2e30*@*1e-30", &[(Any, s())]),
        form("long literal", "1.2345678901234567890123456789012345678901234567*@", &[(Any, s())]),
    ]);
    if shape.is_compound_matrix() {
        // A function of each entry of a Kronecker product has long derivatives: few are asked for.
        let linear = ["plus", "minus", "scale", "negate", "transpose", "hadamard", "square", "over", "number", "size", "pi"];
        let mut kept = 0;
        out.retain(|f| {
            kept += 1;
            linear.contains(&f.feature) || kept % 60 == 0
        });
        return out;
    }
    if !shape.is_scalar() {
        out.push(form("zeros", &format!("@ + zeros{}", &ones(shape)[4..]), &[(Any, s())]));
    }
    out
}

fn scalars(out: &mut Vec<Form>) {
    let shapes = [
        Shape::column("n"),
        Shape::matrix("m", "n"),
        Shape::matrix("n", "n"),
        Shape::row("n"),
        Shape::matrix("3", "3"),
        Shape::new(&["m", "n"], &["n", "k"]),
        Shape::new(&["n", "m"], &[]),
    ];
    for of in &shapes {
        let any = |text| form("", text, &[(Any, of.clone())]);
        let named = |feature, text| Form { feature, ..any(text) };
        out.extend([
            named("sum(A)", "sum(#)"),
            named("mean(A)", "mean(#)"),
            named("sumsq(A)", "sumsq(#)"),
            named("norm1(A)", "norm1(#)"),
            // Not at 0 by chance: there the derivative of a norm is a convention.
            named("norm(A)", "norm(1/3 + @)"),
            named("norm2", "norm2(1/3 + @)"),
            named("norm2", "norm2(#)^2"),
            named("logsumexp", "logsumexp(#)"),
            named("maximum", "maximum(#)"),
            named("minimum", "minimum(#)"),
            // Twice derived it divides by its entries.
            form("prod", "prod(#)", &[(Positive, of.clone())]),
        ]);
        out.push(form("dot(A, B)", "dot(#, #)", &[(Any, of.clone()), (Any, of.clone())]));
    }
    for n in ["n", "m", "3"] {
        let (v, square) = (Shape::column(n), Shape::matrix(n, n));
        out.extend([
            form("tr(A)", "tr(#)", &[(Any, square.clone())]),
            form("det", "det(@/8)", &[(Definite, square.clone())]),
            form("logdet", "logdet(#)", &[(Definite, square.clone())]),
            form("logabsdet", "logabsdet(#)", &[(Definite, square.clone())]),
            form("inner", "@'*@", &[(Any, v.clone()), (Any, v.clone())]),
            form("quadratic", "@'*@*@", &[(Any, v.clone()), (Any, square.clone()), (Any, v.clone())]),
            form("quadratic", "@'*inv(#)*@", &[(Any, v.clone()), (Definite, square.clone()), (Any, v.clone())]),
            form("tr(A)", "tr(@*@)", &[(Any, square.clone()), (Any, square.clone())]),
        ]);
    }
    out.extend([
        form("tr(A)", "tr(kron(#, #))", &[(Any, Shape::matrix("n", "n")), (Any, Shape::matrix("m", "m"))]),
        form("entry", "@[1]", &[(Any, Shape::column("n"))]),
        form("entry", "@[3]", &[(Any, Shape::column("3"))]),
        form("entry", "@[2, 3]", &[(Any, Shape::matrix("3", "3"))]),
        form("entry", "@[m, 1]", &[(Any, Shape::matrix("m", "n"))]),
        form("measure", "rows(#)", &[(Any, Shape::matrix("m", "n"))]),
        form("measure", "@/cols(#)", &[(Any, Shape::scalar()), (Any, Shape::matrix("m", "n"))]),
        form("norm2", "norm2(A*@ - z)", &[(Any, Shape::column("n"))]),
        form("index notation", "A[i,j]*x[j]*z[i] -> []", &[]),
        form("index notation", "X[i,j]*X[j,i]*tanh(y[i]) -> []", &[]),
        form("slice", "norm2(@[2:n] - @[1:n-1])^2", &[(Any, Shape::column("n")), (Any, Shape::column("n"))]),
        form("slice", "norm2(@[2:m,:] - @[1:m-1,:])^2", &[(Any, Shape::matrix("m", "n")), (Any, Shape::matrix("m", "n"))]),
        form(
            "block",
            "sum([#, #; #, #].^2)",
            &[(Any, Shape::matrix("m", "n")), (Any, Shape::column("m")), (Any, Shape::row("n")), (Any, Shape::scalar())],
        ),
        form(
            "block",
            "tr([#, #; #, #])",
            &[
                (Any, Shape::matrix("m", "m")),
                (Any, Shape::matrix("m", "n")),
                (Any, Shape::matrix("n", "m")),
                (Any, Shape::matrix("n", "n")),
            ],
        ),
        form(
            "block",
            "norm2([#, #]*[#; #])^2",
            &[(Any, Shape::matrix("m", "n")), (Any, Shape::column("m")), (Any, Shape::column("n")), (Any, Shape::scalar())],
        ),
        form(
            "index sum",
            "sum(k = 1:m, sin(@[k,:]*@)*@[k])",
            &[(Any, Shape::matrix("m", "n")), (Any, Shape::column("n")), (Any, Shape::column("m"))],
        ),
        form("index sum", "sum(k = 2:n, (@[k] - @[k-1])^2)", &[(Any, Shape::column("n")), (Any, Shape::column("n"))]),
        form(
            "index sum",
            "sum(k = 1:n, sum(l = 1:m, tanh(@[k] - @[l])*@[l,k]))",
            &[(Any, Shape::column("n")), (Any, Shape::column("m")), (Any, Shape::matrix("m", "n"))],
        ),
        form("index sum", "sum(k = 1:n, k*@[k] + @)", &[(Any, Shape::column("n")), (Any, Shape::scalar())]),
        form("index sum", "sum(k = 1:n, norm2(@[:,k] - @)^2)", &[(Any, Shape::matrix("m", "n")), (Any, Shape::column("m"))]),
        form(
            "index sum",
            "sum(k = 1:n, tr(@[:,k]*@[k,:]*@))",
            &[(Any, Shape::matrix("m", "n")), (Any, Shape::matrix("n", "m")), (Any, Shape::matrix("m", "m"))],
        ),
    ]);
}

/// A function of each row: a column.
fn along_rows(of: &Shape) -> Vec<Form> {
    vec![
        form("rowsum(A)", "rowsum(#)", &[(Any, of.clone())]),
        form("rowmean(A)", "rowmean(#)", &[(Any, of.clone())]),
        form("rownorm1(A)", "rownorm1(#)", &[(Any, of.clone())]),
        form("rowmax", "rowmax(#)", &[(Any, of.clone())]),
        form("rowmin", "rowmin(#)", &[(Any, of.clone())]),
        form("rowlogsumexp", "rowlogsumexp(#)", &[(Any, of.clone())]),
        form("rowprod", "rowprod(#)", &[(Positive, of.clone())]),
        form("rownorm2", "rownorm2(1/3 + @)", &[(Any, of.clone())]),
    ]
}

/// A function of each column: a row, or with `turn` a column.
fn along_columns(turn: &str, of: &Shape) -> Vec<Form> {
    let any = |feature, text: &str| form(feature, &format!("{text}{turn}"), &[(Any, of.clone())]);
    vec![
        any("colsum(A)", "colsum(#)"),
        any("colmean(A)", "colmean(#)"),
        any("colnorm1(A)", "colnorm1(#)"),
        any("colmax", "colmax(#)"),
        any("colmin", "colmin(#)"),
        any("collogsumexp", "collogsumexp(#)"),
        form("colprod", &format!("colprod(#){turn}"), &[(Positive, of.clone())]),
        any("colnorm2", "colnorm2(1/3 + @)"),
    ]
}

fn columns(out: &mut Vec<Form>, n: &'static str) {
    let v = || Shape::column(n);
    for k in ["n", "m", "3"] {
        out.push(form("matrix-vector", "@*@", &[(Any, Shape::matrix(n, k)), (Any, Shape::column(k))]));
        out.extend(along_rows(&Shape::matrix(n, k)));
        out.extend(along_columns("'", &Shape::matrix(k, n)));
    }
    out.extend([
        form("diag(A)", "diag(#)", &[(Any, Shape::matrix(n, n))]),
        form("diagvec(A)", "diagvec(#)", &[(Any, Shape::matrix(n, n))]),
        form("diag(A)", "diag(@*@)", &[(Any, Shape::matrix(n, "m")), (Any, Shape::matrix("m", n))]),
        form("cumsum(v)", "cumsum(#)", &[(Any, v())]),
        form("solve", "inv(#)*@", &[(Definite, Shape::matrix(n, n)), (Any, v())]),
        form("solve", "@ \\ @", &[(Definite, Shape::matrix(n, n)), (Any, v())]),
        form("slice", "@[:, 1]", &[(Any, Shape::matrix(n, "n"))]),
        form("slice", "@[2, :]'", &[(Any, Shape::matrix("3", n))]),
    ]);
    match n {
        "3" => {
            out.push(form("stack", "[#; #; #]", &[(Any, Shape::scalar()), (Any, Shape::scalar()), (Any, Shape::scalar())]));
            out.push(form("stack", "[@[2:3]; #]", &[(Any, v()), (Any, Shape::scalar())]));
        }
        "n" => {
            out.push(form("range", "@[1:n]", &[(Any, Shape::column("n + 1"))]));
            out.push(form("range", "@[2:n+1]", &[(Any, Shape::column("n + 1"))]));
            out.push(form("range", "@[2:end]", &[(Any, Shape::column("n + 1"))]));
            out.push(form("range", "@[1:end-1]", &[(Any, Shape::column("n + 1"))]));
            out.push(form("index notation", "X[i,j]*y[j]*u[i] -> [i]", &[]));
            out.push(form("user function", "f4(#, #)", &[(Any, Shape::matrix("n", "m")), (Any, Shape::column("m"))]));
        }
        "n + 1" => out.push(form("stack", "[#; #]", &[(Any, Shape::column("n")), (Any, Shape::scalar())])),
        _ => {}
    }
}

fn rows(out: &mut Vec<Form>, n: &'static str) {
    for k in ["n", "m"] {
        out.push(form("vector-matrix", "@*@", &[(Any, Shape::row(k)), (Any, Shape::matrix(k, n))]));
        out.extend(along_columns("", &Shape::matrix(k, n)));
    }
    out.push(form("slice", "@[1, :]", &[(Any, Shape::matrix("m", n))]));
    out.push(form("vector-matrix", "@'*@", &[(Any, Shape::column("n")), (Any, Shape::matrix("n", n))]));
    if n == "3" {
        out.push(form("stack", "[#, #, #]", &[(Any, Shape::scalar()), (Any, Shape::scalar()), (Any, Shape::scalar())]));
    }
}

fn matrices(out: &mut Vec<Form>, m: &'static str, n: &'static str) {
    let a = || Shape::matrix(m, n);
    for k in ["n", "m", "3"] {
        out.push(form("product", "@*@", &[(Any, Shape::matrix(m, k)), (Any, Shape::matrix(k, n))]));
    }
    out.extend([
        form("rowsoftmax(A)", "rowsoftmax(#)", &[(Any, a())]),
        form("colsoftmax(A)", "colsoftmax(#)", &[(Any, a())]),
        form("rowargmax", "rowargmax(#)", &[(Any, a())]),
        form("colargmax", "colargmax(#)", &[(Any, a())]),
        form("rowargmin", "rowargmin(#)", &[(Any, a())]),
        form("colargmin", "colargmin(#)", &[(Any, a())]),
        form("outer", "@*@'", &[(Any, Shape::column(m)), (Any, Shape::column(n))]),
        form("outer(v, w)", "outer(#, #)", &[(Any, Shape::column(m)), (Any, Shape::column(n))]),
        form("outer", "@*@", &[(Any, Shape::column(m)), (Any, Shape::row(n))]),
        form("broadcast", "@ .+ @", &[(Any, a()), (Any, Shape::column(m))]),
        form("broadcast", "@ .- @", &[(Any, a()), (Any, Shape::row(n))]),
        form("broadcast", "@ .- @", &[(Any, Shape::column(m)), (Any, a())]),
        form("broadcast", "@ .* @", &[(Any, a()), (Any, Shape::column(m))]),
        form("broadcast", "@ .* @", &[(Any, Shape::row(n)), (Any, a())]),
        form("outer sum", "@ .+ @", &[(Any, Shape::column(m)), (Any, Shape::row(n))]),
        form("outer sum", "@ .- @", &[(Any, Shape::row(n)), (Any, Shape::column(m))]),
        form("outer sum", "@ .* @", &[(Any, Shape::column(m)), (Any, Shape::row(n))]),
        form("cumsum(A)", "cumsum(#)", &[(Any, a())]),
        form("diagonal product", "diag(#)*@", &[(Any, Shape::column(m)), (Any, a())]),
        form("diagonal product", "@*diag(#)", &[(Any, a()), (Any, Shape::column(n))]),
        form("ones", &format!("@ + ones({m})*@"), &[(Any, a()), (Any, Shape::row(n))]),
        form("solve", "inv(#)*@", &[(Definite, Shape::matrix(m, m)), (Any, a())]),
        form("solve", "@ \\ @", &[(Definite, Shape::matrix(m, m)), (Any, a())]),
    ]);
    if m == n {
        let v = || Shape::column(n);
        out.extend([
            form("inv", "inv(#)", &[(Definite, a())]),
            form("dexpm", &format!("dexpm(ones({n}, {n})/4 + tril(ones({n}, {n}))/3, @*triu(ones({n}, {n})))"), &[(Any, Shape::scalar())]),
            form("diag(v)", "diag(#)", &[(Any, v())]),
            form("tril(A)", "tril(#)", &[(Any, a())]),
            form("triu(A)", "triu(#)", &[(Any, a())]),
            form("matrix power", "@^2", &[(Any, a())]),
            form("matrix power", "@^3", &[(Any, a())]),
            form("matrix power", "@^-1", &[(Definite, a())]),
            form("matrix power", "@^-2", &[(Definite, a())]),
            form("eye", &format!("@ + @*eye({n})"), &[(Any, a()), (Any, Shape::scalar())]),
            form("user function", "f3(#)", &[(Any, v())]),
        ]);
    }
    if m == "3" && n == "3" {
        out.push(form("stack", "[#, #, #]", &[(Any, Shape::column("3")), (Any, Shape::column("3")), (Any, Shape::column("3"))]));
        out.push(form("stack", "[@[1:2, :]; #]", &[(Any, a()), (Any, Shape::row("3"))]));
    }
}
