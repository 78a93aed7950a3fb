//! What a function of the language is called elsewhere.

/// A tool that hesse is timed beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// NumPy, with the closed form of hesse for the derivative
    Numpy,
    /// JAX: jit of value_and_grad
    Jax,
    /// PyTorch: autograd
    Torch,
    /// CasADi: a function of MX expressions
    Casadi,
}

impl Peer {
    /// As it is written on the command line, and the name of its package.
    pub fn name(self) -> &'static str {
        ["numpy", "jax", "torch", "casadi"][self as usize]
    }
    /// What its arrays are made by.
    pub fn module(self) -> &'static str {
        ["np", "jnp", "torch", "ca"][self as usize]
    }
}

/// A function with its arguments as `{0}`, `{1}`, for each peer in the order of [`Peer`]; empty where a peer has none.
struct Function(&'static str, [&'static str; 4]);

const fn row(name: &'static str, numpy: &'static str, jax: &'static str, torch: &'static str, casadi: &'static str) -> Function {
    Function(name, [numpy, jax, torch, casadi])
}

/// All rows. Names without a module are defined in `peers.py`. A vector is a matrix of one column everywhere.
#[rustfmt::skip] // one row a line
const FUNCTIONS: &[Function] = &[
    row("exp", "np.exp({0})", "jnp.exp({0})", "torch.exp({0})", "ca.exp({0})"),
    row("log", "np.log({0})", "jnp.log({0})", "torch.log({0})", "ca.log({0})"),
    row("ln", "np.log({0})", "jnp.log({0})", "torch.log({0})", "ca.log({0})"),
    row("log1p", "np.log1p({0})", "jnp.log1p({0})", "torch.log1p({0})", "ca.log1p({0})"),
    row("expm1", "np.expm1({0})", "jnp.expm1({0})", "torch.expm1({0})", "ca.expm1({0})"),
    row("sqrt", "np.sqrt({0})", "jnp.sqrt({0})", "torch.sqrt({0})", "ca.sqrt({0})"),
    row("cbrt", "np.cbrt({0})", "jnp.cbrt({0})", "", ""),
    row("abs", "np.abs({0})", "jnp.abs({0})", "torch.abs({0})", "ca.fabs({0})"),
    row("sign", "np.sign({0})", "jnp.sign({0})", "torch.sign({0})", "ca.sign({0})"),
    row("sin", "np.sin({0})", "jnp.sin({0})", "torch.sin({0})", "ca.sin({0})"),
    row("cos", "np.cos({0})", "jnp.cos({0})", "torch.cos({0})", "ca.cos({0})"),
    row("tan", "np.tan({0})", "jnp.tan({0})", "torch.tan({0})", "ca.tan({0})"),
    row("asin", "np.arcsin({0})", "jnp.arcsin({0})", "torch.asin({0})", "ca.asin({0})"),
    row("acos", "np.arccos({0})", "jnp.arccos({0})", "torch.acos({0})", "ca.acos({0})"),
    row("atan", "np.arctan({0})", "jnp.arctan({0})", "torch.atan({0})", "ca.atan({0})"),
    row("sinh", "np.sinh({0})", "jnp.sinh({0})", "torch.sinh({0})", "ca.sinh({0})"),
    row("cosh", "np.cosh({0})", "jnp.cosh({0})", "torch.cosh({0})", "ca.cosh({0})"),
    row("tanh", "np.tanh({0})", "jnp.tanh({0})", "torch.tanh({0})", "ca.tanh({0})"),
    row("sigmoid", "(1/(1 + np.exp(-{0})))", "jax.nn.sigmoid({0})", "torch.sigmoid({0})", "(1/(1 + ca.exp(-{0})))"),
    row("softplus", "np.logaddexp(0, {0})", "jax.nn.softplus({0})", "softplus({0})", "softplus({0})"),
    row("relu", "np.maximum(0, {0})", "jax.nn.relu({0})", "torch.relu({0})", "ca.fmax(0, {0})"),
    row("erf", "", "jax.scipy.special.erf({0})", "torch.erf({0})", "ca.erf({0})"),
    row("lgamma", "", "jax.scipy.special.gammaln({0})", "torch.lgamma({0})", ""),
    row("digamma", "", "jax.scipy.special.digamma({0})", "torch.digamma({0})", ""),
    row("max", "np.maximum({0}, {1})", "jnp.maximum({0}, {1})", "torch.maximum(t({0}), t({1}))", "ca.fmax({0}, {1})"),
    row("min", "np.minimum({0}, {1})", "jnp.minimum({0}, {1})", "torch.minimum(t({0}), t({1}))", "ca.fmin({0}, {1})"),
    row("where", "np.where({0} != 0, {1}, {2})", "jnp.where({0} != 0, {1}, {2})", "torch.where(t({0}) != 0, t({1}), t({2}))", "ca.if_else({0} != 0, {1}, {2})"),
    row("pow", "({0}**{1})", "({0}**{1})", "({0}**{1})", "({0}**{1})"),
    row("hypot", "np.hypot({0}, {1})", "jnp.hypot({0}, {1})", "torch.hypot(t({0}), t({1}))", "ca.hypot({0}, {1})"),
    row("atan2", "np.arctan2({0}, {1})", "jnp.arctan2({0}, {1})", "torch.atan2(t({0}), t({1}))", "ca.atan2({0}, {1})"),
    row("sum", "np.sum({0})", "jnp.sum({0})", "torch.sum({0})", "total({0})"),
    row("mean", "np.mean({0})", "jnp.mean({0})", "torch.mean({0})", "(total({0})/{0}.numel())"),
    row("prod", "np.prod({0})", "jnp.prod({0})", "torch.prod({0})", ""),
    row("sumsq", "np.sum({0}**2)", "jnp.sum({0}**2)", "torch.sum({0}**2)", "ca.sumsqr({0})"),
    row("dot", "np.sum({0} * {1})", "jnp.sum({0} * {1})", "torch.sum({0} * {1})", "ca.dot({0}, {1})"),
    row("norm", "np.linalg.norm({0})", "jnp.linalg.norm({0})", "torch.linalg.norm({0})", "ca.norm_fro({0})"),
    row("norm2", "np.linalg.norm({0})", "jnp.linalg.norm({0})", "torch.linalg.norm({0})", "ca.norm_fro({0})"),
    row("norm1", "np.sum(np.abs({0}))", "jnp.sum(jnp.abs({0}))", "torch.sum(torch.abs({0}))", "total(ca.fabs({0}))"),
    row("maximum", "np.max({0})", "jnp.max({0})", "torch.max({0})", "ca.mmax({0})"),
    row("minimum", "np.min({0})", "jnp.min({0})", "torch.min({0})", "ca.mmin({0})"),
    row("logsumexp", "logsumexp({0})", "jax.scipy.special.logsumexp({0})", "torch.logsumexp({0}, (0, 1))", "ca.logsumexp({0})"),
    row("softmax", "softmax({0})", "jax.nn.softmax({0}, axis=(0, 1))", "softmax({0})", ""),
    row("rowsum", "np.sum({0}, 1, keepdims=True)", "jnp.sum({0}, 1, keepdims=True)", "torch.sum({0}, 1, keepdim=True)", "ca.sum2({0})"),
    row("colsum", "np.sum({0}, 0, keepdims=True)", "jnp.sum({0}, 0, keepdims=True)", "torch.sum({0}, 0, keepdim=True)", "ca.sum1({0})"),
    row("rowmean", "np.mean({0}, 1, keepdims=True)", "jnp.mean({0}, 1, keepdims=True)", "torch.mean({0}, 1, keepdim=True)", ""),
    row("colmean", "np.mean({0}, 0, keepdims=True)", "jnp.mean({0}, 0, keepdims=True)", "torch.mean({0}, 0, keepdim=True)", ""),
    row("rowmax", "np.max({0}, 1, keepdims=True)", "jnp.max({0}, 1, keepdims=True)", "torch.amax({0}, 1, keepdim=True)", ""),
    row("colmax", "np.max({0}, 0, keepdims=True)", "jnp.max({0}, 0, keepdims=True)", "torch.amax({0}, 0, keepdim=True)", ""),
    row("rowmin", "np.min({0}, 1, keepdims=True)", "jnp.min({0}, 1, keepdims=True)", "torch.amin({0}, 1, keepdim=True)", ""),
    row("colmin", "np.min({0}, 0, keepdims=True)", "jnp.min({0}, 0, keepdims=True)", "torch.amin({0}, 0, keepdim=True)", ""),
    row("rowlogsumexp", "logsumexp({0}, 1)", "jax.scipy.special.logsumexp({0}, 1, keepdims=True)", "torch.logsumexp({0}, 1, keepdim=True)", ""),
    row("collogsumexp", "logsumexp({0}, 0)", "jax.scipy.special.logsumexp({0}, 0, keepdims=True)", "torch.logsumexp({0}, 0, keepdim=True)", ""),
    row("rowsoftmax", "softmax({0}, 1)", "jax.nn.softmax({0}, axis=1)", "torch.softmax({0}, 1)", ""),
    row("colsoftmax", "softmax({0}, 0)", "jax.nn.softmax({0}, axis=0)", "torch.softmax({0}, 0)", ""),
    row("tr", "np.trace({0})", "jnp.trace({0})", "torch.trace({0})", "ca.trace({0})"),
    row("det", "np.linalg.det({0})", "jnp.linalg.det({0})", "torch.linalg.det({0})", "ca.det({0})"),
    row("logdet", "np.linalg.slogdet({0})[1]", "jnp.linalg.slogdet({0})[1]", "torch.linalg.slogdet({0})[1]", "ca.log(ca.det({0}))"),
    row("logabsdet", "np.linalg.slogdet({0})[1]", "jnp.linalg.slogdet({0})[1]", "torch.linalg.slogdet({0})[1]", "ca.log(ca.fabs(ca.det({0})))"),
    row("inv", "np.linalg.inv({0})", "jnp.linalg.inv({0})", "torch.linalg.inv({0})", "ca.inv({0})"),
    row("solve", "np.linalg.solve({0}, {1})", "jnp.linalg.solve({0}, {1})", "torch.linalg.solve({0}, {1})", "ca.solve({0}, {1})"),
    row("matrix power", "np.linalg.matrix_power({0}, {1})", "jnp.linalg.matrix_power({0}, {1})", "torch.linalg.matrix_power({0}, {1})", "ca.mpower({0}, {1})"),
    row("expm", "", "jax.scipy.linalg.expm({0})", "torch.linalg.matrix_exp({0})", ""),
    row("outer", "({0} @ {1}.T)", "({0} @ {1}.T)", "({0} @ {1}.T)", "({0} @ {1}.T)"),
    row("kron", "np.kron({0}, {1})", "jnp.kron({0}, {1})", "torch.kron({0}, {1})", "ca.kron({0}, {1})"),
    row("vec", "np.reshape({0}.T, (-1, 1))", "jnp.reshape({0}.T, (-1, 1))", "torch.reshape({0}.T, (-1, 1))", "ca.vec({0})"),
    row("diag of a vector", "np.diag(np.ravel({0}))", "jnp.diag(jnp.ravel({0}))", "torch.diag(torch.ravel({0}))", "ca.diag({0})"),
    row("diag of a matrix", "np.reshape(np.diag({0}), (-1, 1))", "jnp.reshape(jnp.diag({0}), (-1, 1))", "torch.reshape(torch.diag({0}), (-1, 1))", "ca.diag({0})"),
    row("tril", "np.tril({0})", "jnp.tril({0})", "torch.tril({0})", "ca.tril({0})"),
    row("triu", "np.triu({0})", "jnp.triu({0})", "torch.triu({0})", "ca.triu({0})"),
    row("cumsum", "np.cumsum({0}, 0)", "jnp.cumsum({0}, 0)", "torch.cumsum({0}, 0)", "ca.cumsum({0})"),
    row("ones", "np.ones(({0}, {1}))", "jnp.ones(({0}, {1}))", "torch.ones(({0}, {1}))", "ca.DM.ones({0}, {1})"),
    row("zeros", "np.zeros(({0}, {1}))", "jnp.zeros(({0}, {1}))", "torch.zeros(({0}, {1}))", "ca.DM.zeros({0}, {1})"),
    row("eye", "np.eye({0})", "jnp.eye({0})", "torch.eye({0})", "ca.DM.eye({0})"),
    row("rows", "{0}.shape[0]", "{0}.shape[0]", "{0}.shape[0]", "{0}.shape[0]"),
    row("cols", "{0}.shape[1]", "{0}.shape[1]", "{0}.shape[1]", "{0}.shape[1]"),
];

/// The call of a function for a peer; `None` where it has none.
pub fn call(peer: Peer, name: &str, arguments: &[String]) -> Option<String> {
    let template = FUNCTIONS.iter().find(|f| f.0 == name)?.1[peer as usize];
    let wanted = (0..3).filter(|k| template.contains(&format!("{{{k}}}"))).count();
    if template.is_empty() || wanted != arguments.len() {
        return None;
    }
    Some(arguments.iter().enumerate().fold(template.to_string(), |text, (k, a)| text.replace(&format!("{{{k}}}"), a)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse::facts::{functions, matrices};

    #[test]
    fn every_row_is_a_function_of_the_language_or_an_operator() {
        let known = |name: &str| {
            functions::find(name).is_some()
                || matrices::find(name).is_some()
                || matrices::find_along(name).is_some()
                || crate::commands::help::names().iter().any(|n| n == name)
                || ["solve", "matrix power", "diag of a vector", "diag of a matrix", "ones", "zeros", "eye", "rows", "cols"].contains(&name)
        };
        let unknown: Vec<&str> = FUNCTIONS.iter().map(|f| f.0).filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn arguments_go_to_their_places() {
        let one = |name: &str, a: &[&str]| call(Peer::Numpy, name, &a.iter().map(|s| s.to_string()).collect::<Vec<_>>());
        assert_eq!(one("max", &["0", "z"]).as_deref(), Some("np.maximum(0, z)"));
        assert_eq!(one("erf", &["z"]), None);
        assert_eq!(one("max", &["0"]), None);
    }
}
