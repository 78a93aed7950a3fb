//! Formulas of any size, for the benchmark and the test of growth.

/// A network of tanh layers with a squared loss, and the names of its weights and offsets.
pub fn network(layers: usize) -> (String, Vec<String>) {
    let mut declared = String::from("data h0 : vector(n)\ndata y : vector(n)\n");
    let (mut body, mut weights) = (String::new(), vec![]);
    for l in 1..=layers {
        declared.push_str(&format!("W{l} : matrix(n, n)\nb{l} : vector(n)\n"));
        body.push_str(&format!("h{l} = tanh(W{l}*h{} + b{l})\n", l - 1));
        weights.extend([format!("W{l}"), format!("b{l}")]);
    }
    (format!("{declared}{body}loss = norm2(h{layers} - y)^2"), weights)
}

/// The squared norm of a product of matrices with a vector, and the names of the matrices.
pub fn chain(factors: usize) -> (String, Vec<String>) {
    let matrices: Vec<String> = (1..=factors).map(|k| format!("A{k}")).collect();
    let declared: String = matrices.iter().map(|a| format!("{a} : matrix(n, n)\n")).collect();
    (format!("{declared}x : vector(n)\nnorm2({}*x)^2", matrices.join("*")), matrices)
}
