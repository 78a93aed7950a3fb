//! Wrong lines: every edit of a tree must be noticed, unless it changes no number.
