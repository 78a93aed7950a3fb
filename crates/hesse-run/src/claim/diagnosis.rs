//! What is wrong with a claim, in words.

/// What is wrong with a claim. Each was tried: with the change undone both sides are equal at every point.
#[derive(Clone, Debug, PartialEq)]
pub enum Diagnosis {
    /// It is right in the layout that was not asked for.
    Layout {
        /// The claim's layout: `denominator`.
        layout: &'static str,
    },
    /// Matrices are stacked row after row instead of column after column.
    StackedByRows,
    /// It is one number, which every entry of the derivative has.
    OneNumber,
    /// It has no finite value where the derivative has one.
    NotFinite,
    /// A sign. `of` is the part whose sign is turned; nothing for the whole.
    Sign {
        /// The part.
        of: Option<String>,
    },
    /// A constant factor too much.
    Constant {
        /// The factor by which the claim is too large, as text: `2`, `1/2`.
        factor: String,
        /// The part; nothing for the whole.
        of: Option<String>,
    },
    /// A size or scalar too much.
    Size {
        /// The factor by which the claim is too large, as text: `N`, `1/N`, `2/N`.
        factor: String,
        /// The part; nothing for the whole.
        of: Option<String>,
    },
    /// A factor that should be transposed, or should not.
    Transposed {
        /// As the claim has it.
        claimed: String,
        /// As it should be.
        right: String,
    },
    /// A 0/1 factor is missing.
    MissingMask {
        /// The mask.
        mask: String,
        /// What it belongs to.
        of: String,
    },
    /// A 0/1 factor too much.
    ExtraMask {
        /// The mask.
        mask: String,
    },
    /// A condition that is another one.
    OtherMask {
        /// As the claim has it.
        claimed: String,
        /// As it should be.
        right: String,
    },
    /// A matrix operator for an element-wise one, or the reverse.
    Operator {
        /// As the claim has it.
        claimed: String,
        /// As it should be.
        right: String,
    },
    /// A factor of the chain rule is missing.
    MissingFactor {
        /// The factor.
        factor: String,
        /// What it belongs to.
        of: String,
    },
    /// A factor too much.
    ExtraFactor {
        /// The factor.
        factor: String,
    },
    /// It is the derivative by another variable.
    OtherVariable {
        /// That variable.
        name: String,
    },
    /// Two names stand for each other, or one for another.
    Swapped {
        /// As the claim has it.
        claimed: String,
        /// As it should be.
        right: String,
    },
    /// A term is missing.
    MissingTerm {
        /// The term.
        term: String,
    },
    /// A term too much.
    ExtraTerm {
        /// The term.
        term: String,
    },
    /// An exponent that is off by one.
    Exponent {
        /// As the claim has it.
        claimed: String,
        /// As it should be.
        right: String,
    },
    /// Factors or arguments in the other order.
    Order {
        /// As the claim has it.
        claimed: String,
        /// As it should be.
        right: String,
    },
}

impl Diagnosis {
    /// A word for programs; the schema lists them.
    pub fn code(&self) -> &'static str {
        match self {
            Diagnosis::Layout { .. } => "layout",
            Diagnosis::StackedByRows => "stacked_by_rows",
            Diagnosis::OneNumber => "one_number",
            Diagnosis::NotFinite => "not_finite",
            Diagnosis::Sign { .. } => "sign",
            Diagnosis::Constant { .. } => "constant",
            Diagnosis::Size { .. } => "size",
            Diagnosis::Transposed { .. } => "transposed",
            Diagnosis::MissingMask { .. } => "missing_mask",
            Diagnosis::ExtraMask { .. } => "extra_mask",
            Diagnosis::OtherMask { .. } => "other_mask",
            Diagnosis::Operator { .. } => "operator",
            Diagnosis::MissingFactor { .. } => "missing_factor",
            Diagnosis::ExtraFactor { .. } => "extra_factor",
            Diagnosis::OtherVariable { .. } => "other_variable",
            Diagnosis::Swapped { .. } => "swapped",
            Diagnosis::MissingTerm { .. } => "missing_term",
            Diagnosis::ExtraTerm { .. } => "extra_term",
            Diagnosis::Exponent { .. } => "exponent",
            Diagnosis::Order { .. } => "order",
        }
    }
    /// One sentence for people, without its full stop; parts of formulas are in the input language.
    pub fn sentence(&self) -> String {
        let times = |of: &Option<String>, factor: &str| match of {
            Some(of) => format!("`{of}` is {factor} times what it should be"),
            None => format!("the claim is {factor} times the derivative"),
        };
        let instead = |claimed: &str, right: &str| format!("the claim has `{claimed}` where `{right}` is right");
        match self {
            Diagnosis::Layout { layout } => format!("transposed: the claim is right in {layout} layout"),
            Diagnosis::StackedByRows => "the claim stacks matrices row after row; vec stacks column after column".into(),
            Diagnosis::OneNumber => "the claim is one number; the derivative has it in every entry".into(),
            Diagnosis::NotFinite => "the claim has no finite value at many points where the derivative has one".into(),
            Diagnosis::Sign { of: None } => "the sign: the claim is the derivative times −1".into(),
            Diagnosis::Sign { of: Some(of) } => format!("the sign of `{of}` is wrong"),
            Diagnosis::Constant { factor, of } | Diagnosis::Size { factor, of } => times(of, factor),
            Diagnosis::Transposed { claimed, right } => format!("a transpose: {}", instead(claimed, right)),
            Diagnosis::MissingMask { mask, of } => format!("the claim lacks the factor `{mask}`, which is 0 or 1, at `{of}`"),
            Diagnosis::ExtraMask { mask } => format!("the claim has the factor `{mask}`, which is 0 or 1, too much"),
            Diagnosis::OtherMask { claimed, right } => format!("a condition: {}", instead(claimed, right)),
            Diagnosis::Operator { claimed, right } => format!("an operator: {}", instead(claimed, right)),
            Diagnosis::MissingFactor { factor, of } => format!("the claim lacks the factor `{factor}` of the chain rule at `{of}`"),
            Diagnosis::ExtraFactor { factor } => format!("the claim has the factor `{factor}` too much"),
            Diagnosis::OtherVariable { name } => format!("the claim is the derivative by `{name}`"),
            Diagnosis::Swapped { claimed, right } => format!("a name: {}", instead(claimed, right)),
            Diagnosis::MissingTerm { term } => format!("the claim lacks the term `{term}`"),
            Diagnosis::ExtraTerm { term } => format!("the claim has the term `{term}` too much"),
            Diagnosis::Exponent { claimed, right } => format!("an exponent: {}", instead(claimed, right)),
            Diagnosis::Order { claimed, right } => format!("an order: {}", instead(claimed, right)),
        }
    }
}
