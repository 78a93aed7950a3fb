//! Element-wise functions that have a kernel: within 2 units in the last place of the exact value at every instruction set, for every
//! argument (denormal, infinite and huge ones too), NaN of NaN. The same set gives the same bits for one number, a slice and a chain.

mod erf;
pub(crate) mod exact;
mod exponential;
pub(crate) mod map;
pub(crate) mod operation;
mod power;
mod tables;
mod trigonometric;

pub use tables::Tables;

use crate::level::Level;
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

/// The functions of one number with a large body, each with its name in the language of [`Unary`].
macro_rules! unary {
    ($f:expr, $operation:ident => $value:expr) => {
        $crate::function::operation::choose!(
            $f, Unary, $operation => $value;
            Negate Reciprocal Square Sqrt Abs Sign Relu Exp Expm1 Log Log1p Sin Cos Tan Sinh Cosh Tanh Sigmoid Softplus Erf
        )
    };
}
pub(crate) use unary;

/// As [`unary`], of [`Binary`].
macro_rules! binary {
    ($f:expr, $operation:ident => $value:expr) => {
        $crate::function::operation::choose!(
            $f, Binary, $operation => $value;
            Add Subtract Multiply Divide Max Min Greater GreaterEqual Equal Select Power Hypot Atan2
        )
    };
}
pub(crate) use binary;

impl Unary {
    /// All of them.
    pub const ALL: [Unary; 20] = {
        use Unary::*;
        [Negate, Reciprocal, Square, Sqrt, Abs, Sign, Relu, Exp, Expm1, Log, Log1p, Sin, Cos, Tan, Sinh, Cosh, Tanh, Sigmoid, Softplus, Erf]
    };
    /// The value at one number.
    pub fn at<T: Real>(self, x: T) -> T {
        self.at_level(Level::current(), x)
    }
    /// The value at one number, by the instructions of a level (or the best one below it).
    pub fn at_level<T: Real>(self, level: Level, x: T) -> T {
        map::unary_at(level, self, x)
    }
    /// y ← f(x), as far as both reach.
    pub fn map<T: Real>(self, x: &[T], y: &mut [T]) {
        self.map_at(Level::current(), x, y);
    }
    /// As [`Unary::map`], by the instructions of a level (or the best one below it).
    pub fn map_at<T: Real>(self, level: Level, x: &[T], y: &mut [T]) {
        map::unary(level, self, x, y);
    }
}

impl Binary {
    /// All of them.
    pub const ALL: [Binary; 13] = {
        use Binary::*;
        [Add, Subtract, Multiply, Divide, Max, Min, Greater, GreaterEqual, Equal, Select, Power, Hypot, Atan2]
    };
    /// The value at two numbers.
    pub fn at<T: Real>(self, a: T, b: T) -> T {
        self.at_level(Level::current(), a, b)
    }
    /// The value at two numbers, by the instructions of a level (or the best one below it).
    pub fn at_level<T: Real>(self, level: Level, a: T, b: T) -> T {
        map::binary_at(level, self, a, b)
    }
    /// y ← f(a, b), as far as all reach.
    pub fn map<T: Real>(self, a: &[T], b: &[T], y: &mut [T]) {
        self.map_at(Level::current(), a, b, y);
    }
    /// As [`Binary::map`], by the instructions of a level (or the best one below it).
    pub fn map_at<T: Real>(self, level: Level, a: &[T], b: &[T], y: &mut [T]) {
        map::binary(level, self, a, b, y);
    }
}
