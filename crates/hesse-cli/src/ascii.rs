//! Signs outside ASCII, spelled in ASCII for `--ascii`.

use hesse::syntax::greek;

/// The text in ASCII. What has no spelling becomes `?`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\x7f' => out.push(c),
            '₀'..='₉' => out.push(char::from(b'0' + (c as u32 - '₀' as u32) as u8)),
            _ => out.push_str(greek::name(c).unwrap_or_else(|| spelling(c))),
        }
    }
    out
}

fn spelling(c: char) -> &'static str {
    match c {
        '∂' => "d",
        '∇' => "grad ",
        '²' => "^2",
        '³' => "^3",
        '⁴' => "^4",
        'ᵀ' => "'",
        '⁻' | '−' | '–' | '—' => "-",
        '¹' => "1",
        '·' | '∙' => "*",
        '⊙' => ".*",
        '⊘' => "./",
        '⊗' => "(x)",
        '×' => "x",
        '→' | '↦' => "->",
        '⇒' => "=>",
        '⇔' => "<=>",
        '○' => "o",
        '′' => "'",
        'ᵢ' => "_i",
        'ⱼ' => "_j",
        'ₖ' => "_k",
        'ₗ' => "_l",
        'ₘ' => "_m",
        'ₙ' => "_n",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '≈' => "~",
        '√' => "sqrt",
        'Σ' | '∑' => "sum",
        '∞' => "inf",
        '‖' => "||",
        '½' => "1/2",
        '§' => "section ",
        '…' => "...",
        '✓' => "ok",
        '✗' => "FAILED",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        // Combining marks.
        '\u{300}'..='\u{36f}' => "",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_have_spellings() {
        assert_eq!(fold("∂²f/∂w∂wᵀ = 2·Xᵀ — n×n, λ₂ ≥ 0"), "d^2f/dwdw' = 2*X' - nxn, lambda2 >= 0");
        assert_eq!(fold("x̄ ☂"), "x ?");
    }
}
