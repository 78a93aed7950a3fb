//! Shapes and expression trees of the generator. A tree is a template with holes; it knows its shape and the feature that it is there for.

/// A list of sizes; empty for 1.
pub type Side = Vec<&'static str>;

/// Rows × columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub rows: Side,
    pub cols: Side,
}

impl Shape {
    pub fn new(rows: &[&'static str], cols: &[&'static str]) -> Self {
        Shape { rows: rows.to_vec(), cols: cols.to_vec() }
    }
    pub fn scalar() -> Self {
        Shape::new(&[], &[])
    }
    pub fn column(size: &'static str) -> Self {
        Shape::new(&[size], &[])
    }
    pub fn row(size: &'static str) -> Self {
        Shape::new(&[], &[size])
    }
    pub fn matrix(rows: &'static str, cols: &'static str) -> Self {
        Shape::new(&[rows], &[cols])
    }
    pub fn transposed(&self) -> Self {
        Shape { rows: self.cols.clone(), cols: self.rows.clone() }
    }
    pub fn is_scalar(&self) -> bool {
        self.rows.is_empty() && self.cols.is_empty()
    }
    pub fn is_vector(&self) -> bool {
        self.rows.is_empty() || self.cols.is_empty()
    }
    /// Rows and columns are one size each.
    pub fn is_plain_matrix(&self) -> bool {
        self.rows.len() == 1 && self.cols.len() == 1
    }
    /// Rows and columns are products, as those of a Kronecker product.
    pub fn is_compound_matrix(&self) -> bool {
        self.rows.len() > 1 && self.cols.len() > 1
    }
    pub fn is_square(&self) -> bool {
        self.is_plain_matrix() && self.rows == self.cols
    }
    pub fn axes(&self) -> usize {
        self.rows.len() + self.cols.len()
    }
}

/// An expression. In `text`, `#` is a child as it is and `@` a child in brackets unless it is a name, a number or a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub shape: Shape,
    /// What it counts as: the name of a row, or a short word for an operator.
    pub feature: &'static str,
    pub text: String,
    pub children: Vec<Tree>,
}

impl Tree {
    pub fn leaf(shape: Shape, feature: &'static str, text: &str) -> Self {
        Tree { shape, feature, text: text.to_string(), children: vec![] }
    }

    /// The expression in the input language.
    pub fn write(&self) -> String {
        let mut out = String::new();
        let mut children = self.children.iter();
        for c in self.text.chars() {
            match c {
                '#' => out.push_str(&children.next().expect("a child for each hole").write()),
                '@' => {
                    let child = children.next().expect("a child for each hole");
                    let text = child.write();
                    out.push_str(&if child.is_atom() { text } else { format!("({text})") });
                }
                c => out.push(c),
            }
        }
        out
    }

    /// A name, a number, a call or a bracket: no operator outside of brackets.
    fn is_atom(&self) -> bool {
        let mut depth = 0;
        let mut atom = true;
        for c in self.text.chars() {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => atom &= depth > 0 || c == '#' || c == '.' || c == '_' || c.is_alphanumeric(),
            }
        }
        atom
    }

    pub fn size(&self) -> usize {
        1 + self.children.iter().map(Tree::size).sum::<usize>()
    }

    /// Calls `f` with every subtree.
    pub fn each<'a>(&'a self, f: &mut impl FnMut(&'a Tree)) {
        f(self);
        self.children.iter().for_each(|c| c.each(f));
    }

    /// Whether a name stands in it.
    pub fn names(&self, name: &str) -> bool {
        let mut found = false;
        self.each(&mut |t| found |= words(&t.text).any(|w| w == name));
        found
    }

    /// The tree with its subtree at `place` (in the order of [`Tree::each`]) replaced.
    pub fn with(&self, place: usize, new: &Tree) -> Tree {
        if place == 0 {
            return new.clone();
        }
        let mut out = self.clone();
        let mut at = 1;
        for (k, c) in self.children.iter().enumerate() {
            if place < at + c.size() {
                out.children[k] = c.with(place - at, new);
                break;
            }
            at += c.size();
        }
        out
    }
}

/// The names in a text.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty())
}
