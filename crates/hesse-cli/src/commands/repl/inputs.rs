//! Lines become inputs: a line goes on in the next one while a bracket is open, after an operator, and after a backslash.

use super::command;
use crate::source::Original;
use hesse::syntax::limits;
use hesse::syntax::unfinished::{begins_anew, unfinished};
use std::rc::Rc;

/// What the lines of a session are called.
pub const ORIGIN: &str = "<stdin>";

/// An input of more lines is answered as it is: each line reads the whole input again.
const MOST_LINES: usize = 1000;

/// Lines that were read, and the input that is not finished.
#[derive(Default)]
pub struct Inputs {
    open: Option<Original>,
    read: usize,
}

impl Inputs {
    /// How many lines were read.
    pub fn read(&self) -> usize {
        self.read
    }
    /// Whether the next line continues an input.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
    /// Takes a line; gives the inputs that end with it. There are two where the line begins another statement or is a command
    /// although the input before it is open: a forgotten bracket does not swallow what follows.
    pub fn take(&mut self, line: &str) -> Vec<Rc<Original>> {
        let anew = |open: &Original| command::find(line).is_some() || begins_anew(command::formula(&open.text), line);
        let mut complete: Vec<Rc<Original>> = self.open.take_if(|open| anew(open)).map(Rc::new).into_iter().collect();
        self.read += 1;
        let input = match self.open.take() {
            Some(open) => Original { text: open.text + "\n" + line, ..open },
            None => Original { origin: ORIGIN.into(), line: self.read, text: line.into() },
        };
        // The engine refuses longer texts, so further lines are of no use.
        let room = input.text.len() <= limits::BYTES && self.read - input.line < MOST_LINES;
        if room && unfinished(command::formula(&input.text)) {
            self.open = Some(input);
        } else {
            complete.push(Rc::new(input));
        }
        complete
    }
    /// Passes over a line that cannot be read; gives the input that it ends.
    pub fn skip(&mut self) -> Vec<Rc<Original>> {
        self.read += 1;
        self.end().into_iter().collect()
    }
    /// The input that is open at the end of the lines.
    pub fn end(&mut self) -> Option<Rc<Original>> {
        self.open.take().map(Rc::new)
    }
    /// Forgets the input that is open.
    pub fn abandon(&mut self) {
        self.open = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(lines: &[&str]) -> Vec<(usize, String)> {
        let mut inputs = Inputs::default();
        let mut out: Vec<Rc<Original>> = lines.iter().flat_map(|line| inputs.take(line)).collect();
        out.extend(inputs.end());
        out.iter().map(|input| (input.line, input.text.clone())).collect()
    }

    #[test]
    fn lines_go_on() {
        let of = |line: usize, text: &str| (line, text.to_string());
        assert_eq!(inputs(&["x", "y"]), [of(1, "x"), of(2, "y")]);
        assert_eq!(inputs(&["sum(x +", "# why", "y)", "z"]), [of(1, "sum(x +\n# why\ny)"), of(4, "z")]);
        assert_eq!(inputs(&["x \\", "+ y"]), [of(1, "x \\\n+ y")]);
        assert_eq!(inputs(&[":grad sum(", "x)"]), [of(1, ":grad sum(\nx)")]);
        assert_eq!(inputs(&[":load a(b", "x"]), [of(1, ":load a(b"), of(2, "x")]);
        assert_eq!(inputs(&["sum(", "x"]), [of(1, "sum(\nx")]);
    }

    #[test]
    fn a_forgotten_bracket_swallows_nothing() {
        let texts = |lines: &[&str]| inputs(lines).into_iter().map(|input| input.1).collect::<Vec<_>>();
        assert_eq!(texts(&["a = (b", "c = 3"]), ["a = (b", "c = 3"]);
        assert_eq!(texts(&["a = (b", ":quit"]), ["a = (b", ":quit"]);
        assert_eq!(texts(&["x[1", ":n]"]), ["x[1\n:n]"]);
    }
}
