//! The Greek letters: on input a letter is another spelling of its name (`λ` is `lambda`), so canonical text is ASCII.
//!
//! Capitals that look like Latin ones (Α, Β, Ε …) are left out: two variables must not look the same.

/// A letter and its name; the name is also its LaTeX command.
const LETTERS: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('Γ', "Gamma"),
    ('Δ', "Delta"),
    ('Θ', "Theta"),
    ('Λ', "Lambda"),
    ('Ξ', "Xi"),
    ('Π', "Pi"),
    ('Σ', "Sigma"),
    ('Υ', "Upsilon"),
    ('Φ', "Phi"),
    ('Ψ', "Psi"),
    ('Ω', "Omega"),
    // Other code points of the same letters, read and never written.
    ('ϵ', "epsilon"),
    ('ϑ', "theta"),
    ('ϕ', "phi"),
    ('ϱ', "rho"),
    ('µ', "mu"),
];

/// The name of a Greek letter.
pub fn name(letter: char) -> Option<&'static str> {
    LETTERS.iter().find(|row| row.0 == letter).map(|row| row.1)
}

/// The Greek letter of a name.
pub fn letter(name: &str) -> Option<char> {
    LETTERS.iter().find(|row| row.1 == name).map(|row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_the_letter_of_its_name() {
        for c in "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ".chars() {
            assert_eq!(name(c).and_then(letter), Some(c));
        }
        assert_eq!(name('ϵ').and_then(letter), Some('ε'));
        assert_eq!(name('a'), None);
    }
}
