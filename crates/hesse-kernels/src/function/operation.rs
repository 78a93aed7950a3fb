//! Each function as a type, so that a loop over vectors is compiled for it.

use super::exact::all;
use super::{erf, exponential, power, trigonometric};
use crate::lanes::Lanes;
use crate::level::Isa;
use crate::real::Real;

/// A function of one number, lane by lane.
pub trait Operation1 {
    fn of<T: Real, I: Isa>(x: T::Lanes<I>) -> T::Lanes<I>;
}

/// A function of two numbers, lane by lane.
pub trait Operation2 {
    fn of<T: Real, I: Isa>(a: T::Lanes<I>, b: T::Lanes<I>) -> T::Lanes<I>;
}

/// The value of an expression over the operation type of a function.
macro_rules! choose {
    ($f:expr, $enum:ident, $operation:ident => $value:expr; $($name:ident)* $(; else $other:expr)?) => {
        match $f {
            $($crate::function::$enum::$name => {
                type $operation = $crate::function::operation::$name;
                $value
            })*
            $(_ => $other,)?
        }
    };
}
pub(crate) use choose;

/// Types with one function of one number each. `wide`: computed in f64, by the first function or for f32 by the second.
macro_rules! operations1 {
    (($x:ident) { $($name:ident: $f:expr;)* } wide { $($wide:ident: $g:path, $single:path;)* }) => {
        $(
            pub struct $name;
            impl Operation1 for $name {
                #[inline(always)]
                fn of<T: Real, I: Isa>($x: T::Lanes<I>) -> T::Lanes<I> {
                    $f
                }
            }
        )*
        $(
            pub struct $wide;
            impl Operation1 for $wide {
                #[inline(always)]
                fn of<T: Real, I: Isa>($x: T::Lanes<I>) -> T::Lanes<I> {
                    if T::SINGLE {
                        let low = $single($x.low());
                        let high = if <T::Lanes<I>>::HALVES == 2 { $single($x.high()) } else { low };
                        return <T::Lanes<I>>::join(low, high);
                    }
                    let y = $g($x.low());
                    <T::Lanes<I>>::join(y, y)
                }
            }
        )*
    };
}

/// Types with one function of two numbers each. `wide`: computed in f64, by the first function or for f32 by the second.
macro_rules! operations2 {
    (($a:ident, $b:ident) { $($name:ident: $f:expr;)* } wide { $($wide:ident: $g:path, $single:path;)* }) => {
        $(
            pub struct $name;
            impl Operation2 for $name {
                #[inline(always)]
                fn of<T: Real, I: Isa>($a: T::Lanes<I>, $b: T::Lanes<I>) -> T::Lanes<I> {
                    $f
                }
            }
        )*
        $(
            pub struct $wide;
            impl Operation2 for $wide {
                #[inline(always)]
                fn of<T: Real, I: Isa>($a: T::Lanes<I>, $b: T::Lanes<I>) -> T::Lanes<I> {
                    if T::SINGLE {
                        let low = $single($a.low(), $b.low());
                        let high = if <T::Lanes<I>>::HALVES == 2 { $single($a.high(), $b.high()) } else { low };
                        return <T::Lanes<I>>::join(low, high);
                    }
                    let y = $g($a.low(), $b.low());
                    <T::Lanes<I>>::join(y, y)
                }
            }
        )*
    };
}

operations1!((x) {
    Negate: -x;
    Reciprocal: all::<T::Lanes<I>>(1.0) / x;
    Square: x * x;
    Sqrt: x.sqrt();
    Abs: x.abs();
    Sign: sign(x);
    Relu: relu(x);
    Exp: exponential::exp(x);
    Expm1: exponential::expm1(x);
    Log: exponential::log(x);
    Log1p: exponential::log1p(x);
    Sinh: exponential::sinh(x);
    Cosh: exponential::cosh(x);
    Tanh: exponential::tanh(x);
    Sigmoid: exponential::sigmoid(x);
    Softplus: exponential::softplus(x);
    Sin: if T::SINGLE { trigonometric::sin_single(x) } else { <T::Lanes<I>>::join(trigonometric::sin(x.low()), x.high()) };
    Cos: if T::SINGLE { trigonometric::cos_single(x) } else { <T::Lanes<I>>::join(trigonometric::cos(x.low()), x.high()) };
} wide {
    Tan: trigonometric::tan, trigonometric::tan;
    Erf: erf::erf, erf::erf;
});

operations2!((a, b) {
    Add: a + b;
    Subtract: a - b;
    Multiply: a * b;
    Divide: a / b;
    Max: <T::Lanes<I>>::select(b.lt(a) | a.is_nan(), a, b);
    Min: <T::Lanes<I>>::select(a.lt(b) | a.is_nan(), a, b);
    Greater: flag(b.lt(a));
    GreaterEqual: flag(b.le(a));
    Equal: flag(a.eq(b));
    Select: <T::Lanes<I>>::select(a.eq(all(0.0)), all(0.0), b);
} wide {
    Power: power::power, power::power_f32;
    Hypot: power::hypot, power::hypot_f32;
    Atan2: trigonometric::atan2, trigonometric::atan2;
});

/// 1 where the mask is true, else 0.
#[inline(always)]
fn flag<V: Lanes>(mask: V::Mask) -> V {
    V::select(mask, all(1.0), all(0.0))
}

/// ±1 away from 0; 0 (of its sign) and NaN stay.
#[inline(always)]
fn sign<V: Lanes>(x: V) -> V {
    V::select(x.eq(all(0.0)) | x.is_nan(), x, all::<V>(1.0).copysign(x))
}

#[inline(always)]
fn relu<V: Lanes>(x: V) -> V {
    V::select(x.le(all(0.0)), all(0.0), x)
}
