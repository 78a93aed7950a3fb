//! Formulas of any size, for the test and the bench of growth: a text and the names to derive by.

/// An L-layer tanh network with its squared error, and its weights.
pub fn network(layers: usize) -> (String, Vec<String>) {
    let mut text = String::from("data x : vector(n)\ndata y : vector(n)\n");
    let mut weights = vec![];
    for k in 1..=layers {
        text += &format!("param W{k} : matrix(n, n)\nparam b{k} : vector(n)\n");
        weights.extend([format!("W{k}"), format!("b{k}")]);
    }
    text += "h0 = x\n";
    for k in 1..=layers {
        text += &format!("h{k} = tanh(W{k}*h{} + b{k})\n", k - 1);
    }
    (text + &format!("C = norm2(h{layers} - y)^2\n"), weights)
}

/// norm2(A1*A2*…*Ak*x)^2 and its matrices.
pub fn chain(factors: usize) -> (String, Vec<String>) {
    let names: Vec<String> = (1..=factors).map(|k| format!("A{k}")).collect();
    let mut text = String::from("data x : vector(n)\n");
    for name in &names {
        text += &format!("param {name} : matrix(n, n)\n");
    }
    (text + &format!("C = norm2({}*x)^2\n", names.join("*")), names)
}

/// The sum of an L-layer tanh network as a function of its input `x`.
pub fn network_of_input(layers: usize) -> String {
    let mut text = String::from("param x : vector(n)\n");
    for k in 1..=layers {
        text += &format!("data W{k} : matrix(n, n)\n");
    }
    text += "h0 = x\n";
    for k in 1..=layers {
        text += &format!("h{k} = tanh(W{k}*h{})\n", k - 1);
    }
    text + &format!("f = sum(h{layers})\n")
}
