//! The numeric check of a derivative, as the commands show it.
