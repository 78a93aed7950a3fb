//! From a correct expression to a shorter one: declared symmetry, absorbed masks, shared factors.
//!
//! Constructors do only what is confluent and never grows; what needs a choice is here. Declared properties enter here and
//! nowhere before: the variable of differentiation was unstructured until now.

use crate::tensor::{Expr, Pool, VarId};

/// The simplified expression. `symmetric` lists variables declared symmetric. Afterwards the pool treats them as equal to their
/// transposes: nothing may be differentiated in it any more.
pub fn simplify(pool: &mut Pool, e: Expr, symmetric: &[VarId]) -> Expr {
    pool.make_symmetric(symmetric);
    pool.renew(e)
}
