//! The style of differentials.

use super::teller::Teller;
use crate::diagnostic::Error;

impl Teller<'_> {
    pub(super) fn differential(&mut self) -> Result<(), Error> {
        self.scalar()
    }
}
