//! Element-wise functions that have a kernel.

use crate::real::Real;

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// −x
    Negate,
    /// 1/x
    Reciprocal,
    /// x·x
    Square,
    /// √x
    Sqrt,
    /// |x|
    Abs,
    /// −1, 0 or 1 (NaN of NaN)
    Sign,
    /// x where x > 0 (or NaN), else 0
    Relu,
    /// eˣ
    Exp,
    /// eˣ − 1
    Expm1,
    /// log x
    Log,
    /// log(1 + x)
    Log1p,
    /// sine
    Sin,
    /// cosine
    Cos,
    /// tangent
    Tan,
    /// hyperbolic sine
    Sinh,
    /// hyperbolic cosine
    Cosh,
    /// hyperbolic tangent
    Tanh,
    /// 1/(1 + e⁻ˣ)
    Sigmoid,
    /// log(1 + eˣ)
    Softplus,
    /// error function
    Erf,
}

/// Functions of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// a + b
    Add,
    /// a − b
    Subtract,
    /// a·b
    Multiply,
    /// a/b
    Divide,
    /// a if a > b or a is NaN, else b
    Max,
    /// a if a < b or a is NaN, else b
    Min,
    /// a > b as 1 or 0
    Greater,
    /// a ≥ b as 1 or 0
    GreaterEqual,
    /// a = b as 1 or 0
    Equal,
    /// b where a ≠ 0, else 0: a mask selects, whatever it meets
    Select,
    /// a^b
    Power,
    /// √(a² + b²) without overflow on the way
    Hypot,
    /// the angle of the point (b, a)
    Atan2,
}

impl Unary {
    /// The value at one number.
    pub fn at<T: Real>(self, x: T) -> T {
        let v = x.to_f64();
        T::from_f64(match self {
            Unary::Negate => -v,
            Unary::Reciprocal => 1.0 / v,
            Unary::Square => v * v,
            Unary::Sqrt => v.sqrt(),
            Unary::Abs => v.abs(),
            Unary::Sign => {
                if v > 0.0 {
                    1.0
                } else if v < 0.0 {
                    -1.0
                } else {
                    v * 0.0
                }
            }
            Unary::Relu => {
                if v > 0.0 || v.is_nan() {
                    v
                } else {
                    0.0
                }
            }
            Unary::Exp => v.exp(),
            Unary::Expm1 => v.exp_m1(),
            Unary::Log => v.ln(),
            Unary::Log1p => v.ln_1p(),
            Unary::Sin => v.sin(),
            Unary::Cos => v.cos(),
            Unary::Tan => v.tan(),
            Unary::Sinh => v.sinh(),
            Unary::Cosh => v.cosh(),
            Unary::Tanh => v.tanh(),
            Unary::Sigmoid => {
                let e = (-v.abs()).exp();
                (if v > 0.0 { 1.0 } else { e }) / (1.0 + e)
            }
            Unary::Softplus => v.max(0.0) + (-v.abs()).exp().ln_1p(),
            Unary::Erf => f64::NAN,
        })
    }
}

impl Binary {
    /// The value at two numbers.
    pub fn at<T: Real>(self, a: T, b: T) -> T {
        let flag = |c: bool| if c { T::from_f64(1.0) } else { T::default() };
        #[allow(clippy::eq_op)] // only NaN differs from itself
        let nan = a != a;
        match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide => a / b,
            Binary::Max => {
                if a > b || nan {
                    a
                } else {
                    b
                }
            }
            Binary::Min => {
                if a < b || nan {
                    a
                } else {
                    b
                }
            }
            Binary::Greater => flag(a > b),
            Binary::GreaterEqual => flag(a >= b),
            Binary::Equal => flag(a == b),
            Binary::Select => {
                if a != T::default() {
                    b
                } else {
                    T::default()
                }
            }
            Binary::Power => T::from_f64(a.to_f64().powf(b.to_f64())),
            Binary::Hypot => T::from_f64(a.to_f64().hypot(b.to_f64())),
            Binary::Atan2 => T::from_f64(a.to_f64().atan2(b.to_f64())),
        }
    }
}
