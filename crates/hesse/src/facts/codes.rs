//! Every code of a diagnostic, with what `hesse help E…` prints and the exit code of the command.

/// What a code means.
pub struct Code {
    /// `E201`
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// A paragraph: why, with an example and its mend.
    pub explanation: &'static str,
    /// Exit code of a command that ends with it: 2 usage, 3 input, 4 not supported, 5 numeric, 6 limit, 70 internal (0 for warnings and notes).
    pub exit: u8,
}

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|row| row.code == code)
}

/// All codes. E1xx text, E2xx shapes, E3xx not supported, E4xx requests, E5xx numbers, E6xx limits, E7xx files, W4xx warnings, N3xx/N5xx notes.
#[rustfmt::skip] // one row a line
pub const CODES: &[Code] = &[
    Code { code: "E101", title: "unknown name", exit: 3, explanation: "A name was used that is neither declared, nor a function, nor a size. The message offers the nearest known name. Example: `sofplus(x)` should be `softplus(x)`." },
    Code { code: "E102", title: "syntax: something else was expected", exit: 3, explanation: "The text cannot be read at the caret. Example: `x + * x` lacks the operand between `+` and `*`." },
    Code { code: "E103", title: "nothing to read", exit: 3, explanation: "The formula is empty. Write at least one expression, such as `sum(x.^2)`." },
    Code { code: "E104", title: "missing `*`", exit: 3, explanation: "Two operands stand side by side. Products are written with `*`: `w'x` should be `w'*x`." },
    Code { code: "E105", title: "unknown character", exit: 3, explanation: "A character that no formula uses. hesse reads ASCII and a list of mathematical signs (`hesse help language`)." },
    Code { code: "E106", title: "unbalanced bracket", exit: 3, explanation: "A bracket is closed that was not opened, or opened and not closed." },
    Code { code: "E107", title: "wrong number of arguments", exit: 3, explanation: "A function was called with too many or too few arguments. Example: `max(x)`: max takes two; `logsumexp(x)` is the smooth form of the largest entry." },
    Code { code: "E108", title: "name declared twice", exit: 3, explanation: "Every name is declared or defined once." },
    Code { code: "E109", title: "index out of range", exit: 3, explanation: "Indices are 1-based and constant: `x[1]` is the first entry." },
    Code { code: "E201", title: "shapes do not fit", exit: 3, explanation: "The shapes of the two sides do not fit the operator. In `A*B` the columns of A must be as many as the rows of B; `+ - .* ./` want equal shapes or a scalar on one side." },
    Code { code: "E202", title: "`*` between two column vectors", exit: 3, explanation: "`x*y` is no matrix product. Write `x.*y` (element by element), `x'*y` (dot product) or `x*y'` (outer product)." },
    Code { code: "E203", title: "a size has two meanings", exit: 3, explanation: "One size name stands for two different numbers, or two sizes that must be equal were declared different." },
    Code { code: "E204", title: "a square matrix is needed", exit: 3, explanation: "tr, det, logdet, inv, diag of a matrix and matrix powers need a square matrix." },
    Code { code: "E205", title: "division by something that is not a scalar", exit: 3, explanation: "`/` divides by a scalar. Element by element it is `./`; to solve a system write `inv(A)*b`." },
    Code { code: "E206", title: "this power is not defined", exit: 3, explanation: "`A^k` needs a square matrix and an integer; element by element it is `.^`." },
    Code { code: "E207", title: "a scalar is needed", exit: 3, explanation: "The operation or request needs a scalar here: a gradient is that of a scalar." },
    Code { code: "E208", title: "a vector is needed", exit: 3, explanation: "The function takes a vector." },
    Code { code: "E209", title: "shape is ambiguous", exit: 3, explanation: "The shape of a name does not follow from the text. Declare it: `x : vector(n)`." },
    Code { code: "E301", title: "not supported", exit: 4, explanation: "hesse refuses what it cannot do right." },
    Code { code: "E401", title: "nothing of that name to derive", exit: 2, explanation: "The target or the variable of differentiation is not in the formula." },
    Code { code: "E402", title: "request not understood", exit: 2, explanation: "A field of the request is missing or has a value that is not known." },
    Code { code: "E501", title: "value missing or of the wrong shape", exit: 3, explanation: "To run a formula every input needs a value of its declared shape." },
    Code { code: "E502", title: "not a finite number", exit: 5, explanation: "The result holds NaN or infinity at this point." },
    Code { code: "E503", title: "numeric check failed", exit: 1, explanation: "The printed derivative and the numeric one differ. This is a defect of hesse: please report it." },
    Code { code: "E601", title: "input too long", exit: 6, explanation: "The text is longer than the limit of 64 KiB." },
    Code { code: "E602", title: "too many tokens", exit: 6, explanation: "The text has more than 20,000 tokens." },
    Code { code: "E603", title: "nested too deep", exit: 6, explanation: "Brackets or calls are nested deeper than 256." },
    Code { code: "E604", title: "expression too large", exit: 6, explanation: "The expression needs more nodes than the limit `nodes` (100,000; HESSE_MAX_NODES raises it)." },
    Code { code: "E605", title: "work limit reached", exit: 6, explanation: "The derivation spent its fuel, the limit `work` (20,000,000 units; HESSE_MAX_WORK raises it). Name sub-expressions, or derive a Hessian-vector product instead of a Hessian." },
    Code { code: "E606", title: "number too long", exit: 6, explanation: "A literal has more than 400 digits, or exact arithmetic left 128 bits." },
    Code { code: "E607", title: "matrix power too large", exit: 6, explanation: "`X^k` is expanded for |k| ≤ 8." },
    Code { code: "E608", title: "cancelled", exit: 130, explanation: "The caller asked to stop." },
    Code { code: "E609", title: "too many elements", exit: 6, explanation: "The dense result would hold more elements than the limit." },
    Code { code: "E610", title: "name too long", exit: 6, explanation: "A name has more than 64 characters." },
    Code { code: "E700", title: "internal error", exit: 70, explanation: "hesse stopped where it should not have. Nothing that was typed can justify it: please report the command and the message." },
    Code { code: "E701", title: "file cannot be read", exit: 3, explanation: "The file does not exist, or the system does not let it be read." },
    Code { code: "E702", title: "file is damaged or of another format", exit: 3, explanation: "The bytes are not what the extension says: `.npy`, `.npz` (a zip of those), or delimited text with as many cells in each line as in the first." },
    Code { code: "E703", title: "file does not hold real numbers", exit: 3, explanation: "Arrays of f4, f8, i1 to i8, u1 to u8 and bool are read. Pickled Python objects are programs and are never loaded; save the array with `x.astype(float)`." },
    Code { code: "E704", title: "cells without a number", exit: 3, explanation: "A chosen column has cells that are empty, NaN, infinite or text. The message names the lines." },
    Code { code: "E705", title: "no such column or array", exit: 3, explanation: "Columns are chosen by name, by 1-based number, or by a range of those: `age..s6`. Arrays of an archive are chosen by name: `model.npz:w`." },
    Code { code: "E706", title: "file is too large", exit: 6, explanation: "The file holds more than the limit that the message names; HESSE_MAX_BYTES and HESSE_MAX_ELEMENTS raise it." },
    Code { code: "N301", title: "derivative with more than two indices", exit: 0, explanation: "The derivative of a matrix by a matrix has four indices. It is printed in index notation and as a linear map, `dX ↦ A*dX*B`; `--vec` prints it as the matrix d vec(F)/d vec(X)' of stacked columns, `kron(B', A)`. Where no product of Kronecker products, `vec`, `diag` and commutation matrices holds that matrix, it is written entry by entry." },
    Code { code: "N501", title: "convention at a kink", exit: 0, explanation: "Where a function has a kink the derivative is a convention: 0 for max(0,z) at z ≤ 0, 0 for both sides of max(a,b) at a tie, 0 for abs at 0." },
    Code { code: "N502", title: "condition that is not provable", exit: 0, explanation: "The formula needs a condition that does not follow from the declarations, for instance p > 0 in log(p). `assume p > 0`, or a declaration, settles it; `hesse eval` names the entries of the data where it does not hold." },
    Code { code: "N503", title: "shape assumed", exit: 0, explanation: "The shape of a name did not follow from the text and was chosen by habit: upper case is a matrix, u…z, p, q, r vectors, others scalars." },
    Code { code: "W401", title: "does not depend", exit: 0, explanation: "The target does not depend on the variable; its derivative is zero." },
    Code { code: "W402", title: "size is not tied", exit: 0, explanation: "A scalar is named like a size but is not one." },
];
