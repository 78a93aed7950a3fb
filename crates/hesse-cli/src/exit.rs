//! How a command ends, as its exit code.

use hesse::Error;
use hesse::facts::codes;

/// An exit code of the command. Of two the greater one is the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exit(pub u8);

impl Exit {
    /// Done.
    pub const OK: Exit = Exit(0);
    /// A mathematical no: a check failed, or was required and could not be made.
    pub const CHECK_FAILED: Exit = Exit(1);
    /// The command line is wrong.
    pub const USAGE: Exit = Exit(2);
    /// hesse has a defect.
    pub const INTERNAL: Exit = Exit(70);

    /// The code of an error: that of its first diagnostic, as the row of its code says.
    pub fn of(error: &Error) -> Exit {
        codes::find(error.first().code).map_or(Exit::INTERNAL, |row| Exit(row.exit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_ends_with_a_documented_exit_code() {
        for row in codes::CODES {
            let documented = [0, 1, 2, 3, 4, 5, 6, 70, 130].contains(&row.exit);
            assert!(documented, "{} ends with {}", row.code, row.exit);
            assert_eq!(row.exit != 0, row.code.starts_with('E'), "{}", row.code);
        }
    }
}
