//! What both styles tell with: the pieces under their names, the local partials that were heard, and the writing of lines.

use super::super::face::{Laid, axes_text, face, shape_text};
use super::super::working::shortest;
use super::super::{Derivative, Form, Formula, Layout, Part, Request, Want};
use super::graph::{Edge, Graph, Vertex};
use crate::calculus::complaint::type_text;
use crate::calculus::derivation::{Audit, Depth, Derivation, Doing, Line, Meaning, Piece, Relation, Side, Step, Style};
use crate::calculus::differentiate::{Heard, Tape, differentiate_heard};
use crate::calculus::elaborate::Options;
use crate::calculus::notate::{Face, Spelling, notate, notate_indexed};
use crate::calculus::pieces::{Group, Target, group, with_sum_apart};
use crate::calculus::{simplify, structure};
use crate::diagnostic::{Error, Span};
use crate::facts::properties::{PROPERTIES, Property};
use crate::syntax::parse::{parse_document, parse_expression};
use crate::syntax::plain::plain;
use crate::syntax::tree::{Kind, NodeId, Statement, Syntax};
use crate::tensor::{Expr, Pool, Shape, VarId, VarKind};
use rustc_hash::FxHashMap;

/// A variable of differentiation, or a piece.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) var: VarId,
    pub(super) shape: Shape,
}

/// A derivative as it is written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The form that is written.
    pub(super) tensor: Expr,
    /// Its tree, in the arena of the derivation.
    pub(super) node: NodeId,
    /// The order of its axes.
    pub(super) order: Vec<usize>,
    /// Rows and columns as text.
    pub(super) shape: Vec<String>,
    /// What can be non-zero.
    pub(super) pattern: Option<String>,
}

pub(super) struct Teller<'a> {
    pub(super) formula: &'a Formula,
    pub(super) request: &'a Request,
    pub(super) derivative: &'a Derivative,
    pub(super) out: &'a mut Derivation,
    pub(super) round: usize,
    pub(super) pool: Pool,
    pub(super) spelling: Spelling,
    pub(super) variables: Vec<Member>,
    pub(super) pieces: Vec<Member>,
    /// Values of the pieces, over variables, other inputs and earlier pieces.
    pub(super) values: Vec<Expr>,
    pub(super) spans: Vec<Span>,
    pub(super) graph: Graph,
    /// The derivative by each variable, over the names of pieces.
    pub(super) tensors: Vec<Expr>,
    /// Variables whose result was written out already.
    pub(super) substituted: Vec<usize>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        formula: &'a Formula,
        request: &'a Request,
        derivative: &'a Derivative,
        out: &'a mut Derivation,
        round: usize,
    ) -> Result<Teller<'a>, Error> {
        let (of, value, shape) = formula.target(request.target.as_deref())?;
        let wrt = formula.working().variables(request)?;
        let span = formula.model.definitions.iter().find(|d| d.value == value).map_or(Span::default(), |d| d.span);
        let mut pool = formula.model.pool.clone();
        let by: Vec<VarId> = wrt.iter().map(|v| v.1).collect();
        let mut groups = group(&mut pool, &formula.model, &Target { value, shape, span }, &by)?;
        if out.style == Style::Scalar {
            groups = with_sum_apart(&mut pool, groups);
        }
        let inputs = formula.model.inputs.iter().map(|i| (i.name.clone(), i.var, i.shape.rows.len())).collect::<Vec<_>>();
        let spelling = formula.spelling(&inputs);
        let mut teller = Teller {
            formula,
            request,
            derivative,
            out,
            round,
            pool,
            spelling,
            variables: vec![],
            pieces: vec![],
            values: vec![],
            spans: vec![],
            graph: Graph::default(),
            tensors: vec![],
            substituted: vec![],
        };
        teller.name(&groups, &of, wrt);
        teller.listen()?;
        Ok(teller)
    }

    /// Gives every piece a name and a variable of its own.
    fn name(&mut self, groups: &[Group], of: &str, wrt: Vec<(String, VarId, Shape)>) {
        let mut with: FxHashMap<VarId, Expr> = FxHashMap::default();
        for (name, var, shape) in wrt {
            let mut own = var;
            if !self.formula.model.inputs.iter().any(|i| i.var == var) {
                let (fresh, e) = self.pool.declare(&name, shape.axes(), VarKind::Input);
                self.spelling.rows.insert(fresh, shape.rows.len());
                with.insert(var, e);
                own = fresh;
            }
            self.variables.push(Member { name, var: own, shape });
        }
        let mut taken = self.taken();
        for (k, g) in groups.iter().enumerate() {
            let last = k + 1 == groups.len();
            let value = self.pool.substitute(g.value, &with);
            let name = match &g.name {
                _ if last => of.to_string(),
                Some(name) => name.clone(),
                None => letter(&self.pool, value, &g.shape, &taken),
            };
            taken.push(name.clone());
            let (var, e) = self.pool.declare(&name, g.shape.axes(), VarKind::Vertex);
            self.spelling.rows.insert(var, g.shape.rows.len());
            with.insert(g.symbol, e);
            self.pieces.push(Member { name, var, shape: g.shape.clone() });
            self.values.push(value);
            self.spans.push(g.span);
        }
    }

    /// Names that mean something already.
    pub(super) fn taken(&self) -> Vec<String> {
        let mut taken = self.formula.taken(self.derivative);
        taken.extend(self.out.pieces.iter().map(|p| p.name.clone()));
        taken.extend(self.out.problem.inputs.iter().map(|i| i.0.clone()));
        taken.extend(self.out.differentials.iter().map(|d| d.0.clone()));
        // Letters of indices and differentials.
        taken.extend(["i", "j", "k", "l", "d"].map(String::from));
        taken
    }

    /// Differentiates the pieces and keeps what is said.
    fn listen(&mut self) -> Result<(), Error> {
        let last = self.pieces.len() - 1;
        let definitions = self.pieces[..last].iter().zip(&self.values).map(|(m, value)| (m.var, *value)).collect();
        let mut tape = Tape::new(definitions);
        let before = tape.definitions.len();
        let wrt: Vec<VarId> = self.variables.iter().map(|v| v.var).collect();
        let mut heard = Some(Heard::default());
        let tensors = differentiate_heard(&mut self.pool, &mut tape, self.values[last], &wrt, self.request.elimination, &mut heard)?;
        let adjoints = Tape::new(tape.definitions.split_off(before));
        self.tensors = adjoints.expand_all(&mut self.pool, &tensors);
        let place = |list: &[Member], v: VarId| list.iter().position(|m| m.var == v);
        let mut edges = vec![];
        for local in heard.unwrap_or_default().locals {
            let of = local.of.and_then(|v| place(&self.pieces, v)).unwrap_or(last);
            let by = match place(&self.variables, local.by) {
                Some(k) => Vertex::Variable(k),
                None => Vertex::Piece(place(&self.pieces, local.by).unwrap_or(last)),
            };
            edges.push(Edge { of, by, value: local.value });
        }
        edges.sort_by_key(|e| (std::cmp::Reverse(e.of), e.by));
        self.graph = Graph { edges, pieces: self.pieces.len() };
        self.formula.working().within_limits()
    }

    /// Tells everything.
    pub(super) fn tell(&mut self) -> Result<(), Error> {
        self.announce();
        match self.out.style {
            Style::Scalar => self.scalar(),
            Style::Differential => self.differential(),
        }
    }

    /// The pieces with what they are.
    fn announce(&mut self) {
        let document = parse_document(&self.formula.source).ok();
        for k in 0..self.pieces.len() {
            let value = self.definition(document.as_ref().map(|d| (&d.syntax, d.statements.as_slice())), k);
            let (member, span) = (&self.pieces[k], self.spans[k]);
            self.out.pieces.push(Piece {
                name: member.name.clone(),
                of: type_text(&self.pool.dims, &member.shape),
                value,
                span: (span != Span::default()).then_some(span),
                given: self.formula.model.definitions.iter().any(|d| d.name == member.name),
                round: self.round,
            });
        }
    }

    /// What a piece is: as the user wrote it, with names for the pieces in it; else as it is notated.
    fn definition(&mut self, document: Option<(&Syntax, &[Statement])>, k: usize) -> NodeId {
        if let Some((syntax, statements)) = document
            && let Some(root) = spanned(syntax, self.spans[k])
            && let Some(node) = self.as_written(syntax, statements, root, k)
        {
            return node;
        }
        let face = Face::split(self.pool.rank(self.values[k]), self.pieces[k].shape.rows.len());
        self.write_as_is(self.values[k], &face)
    }

    /// The user's own tree, if it says what the piece is.
    fn as_written(&mut self, syntax: &Syntax, statements: &[Statement], root: NodeId, k: usize) -> Option<NodeId> {
        let own = self.spans[k];
        let functions = |f: &str| statements.iter().any(|s| matches!(s, Statement::Function { name, .. } if name == f));
        if syntax.under(root).iter().any(|id| matches!(syntax.kind(*id), Kind::Call(f, _) if functions(f))) {
            return None;
        }
        let places: Vec<(NodeId, String)> = (0..k)
            .filter_map(|p| (self.spans[p] != own).then(|| Some((spanned(syntax, self.spans[p])?, self.pieces[p].name.clone())))?)
            .collect();
        let mut replace = |out: &mut Syntax, id: NodeId| {
            let found = places.iter().find(|(place, _)| id != root && syntax.same(id, syntax, *place));
            found.map(|(_, name)| out.name(name))
        };
        let node = self.out.syntax.graft_with(syntax, root, &mut replace);
        self.means(node, self.values[k], k).then_some(node)
    }

    /// Whether a tree over inputs and the pieces before `k` is this value.
    fn means(&self, node: NodeId, value: Expr, k: usize) -> bool {
        self.reads_as(node, value, &self.pieces[k].shape, &self.declarations(k))
    }

    /// Whether the text of a tree, read with these declarations, is this value.
    pub(super) fn reads_as(&self, node: NodeId, value: Expr, shape: &Shape, declarations: &str) -> bool {
        let text = format!("{declarations}{}", plain(&self.out.syntax, node));
        let options = Options { strict: true, sizes: self.pool.dims.names().to_vec(), ..Options::default() };
        let Ok(read) = Formula::parse_with(&text, &options) else { return false };
        let Ok((_, again, own)) = read.target(None) else { return false };
        if (own.rows.len(), own.cols.len()) != (shape.rows.len(), shape.cols.len()) {
            return false;
        }
        let mut pool = read.model.pool.clone();
        let again = read.tape().expand(&mut pool, again);
        let mut same: FxHashMap<VarId, VarId> = FxHashMap::default();
        for v in self.pool.variables_of(value) {
            let name = &self.pool.variable(v).name;
            match read.model.inputs.iter().find(|i| i.name == *name) {
                Some(other) => same.insert(v, other.var),
                None => return false,
            };
        }
        let Some(value) = pool.import(&self.pool, value, &same) else { return false };
        value == again || {
            let all = [value, again].map(|e| simplify::spread(&mut pool, e, simplify::TERMS));
            all[0].is_some() && all[0] == all[1]
        }
    }

    /// Inputs and the pieces before `k`, one a line.
    pub(super) fn declarations(&self, k: usize) -> String {
        let mut lines = String::new();
        let inputs = self.formula.model.inputs.iter().map(|i| (&i.name, &i.shape));
        let defined =
            self.variables.iter().filter(|v| !self.formula.model.inputs.iter().any(|i| i.name == v.name)).map(|v| (&v.name, &v.shape));
        let pieces = self.pieces[..k].iter().map(|p| (&p.name, &p.shape));
        for (name, shape) in inputs.chain(defined).chain(pieces) {
            lines.push_str(&format!("{name} : {}\n", type_text(&self.pool.dims, shape)));
        }
        lines
    }

    // Writing.

    pub(super) fn member(&self, v: Vertex) -> &Member {
        match v {
            Vertex::Variable(k) => &self.variables[k],
            Vertex::Piece(k) => &self.pieces[k],
        }
    }

    pub(super) fn symbol(&mut self, name: &str) -> NodeId {
        self.out.syntax.name(name)
    }

    fn graft(&mut self, (syntax, root): (Syntax, NodeId)) -> NodeId {
        self.out.syntax.graft(&syntax, root)
    }

    /// An expression with this face, not simplified.
    pub(super) fn write_as_is(&mut self, e: Expr, face: &Face) -> NodeId {
        let rank = self.pool.rank(e);
        let groups: Vec<Vec<usize>> = (0..rank).map(|a| vec![a]).collect();
        let written =
            notate(&mut self.pool, e, face, &self.spelling).or_else(|| notate_indexed(&mut self.pool, e, &groups, &self.spelling));
        match written {
            Some(tree) => self.graft(tree),
            None => self.out.syntax.name("?"),
        }
    }

    /// The face of a derivative in the layout that is asked for.
    pub(super) fn laid(&self, of: &Shape, by: &Shape) -> Laid {
        let plain = Request { want: Want::Derivative, structure: None, ..self.request.clone() };
        face(of, std::slice::from_ref(by), &plain)
    }

    /// A derivative, simplified to what prints shortest.
    pub(super) fn write(&mut self, e: Expr, of: &Shape, by: &Shape) -> Option<Written> {
        let laid = self.laid(of, by);
        self.write_laid(e, laid)
    }

    pub(super) fn write_laid(&mut self, e: Expr, laid: Laid) -> Option<Written> {
        let found = simplify::candidates(&mut self.pool, e, &[], &mut vec![]);
        let (_, tensor, syntax, root) = shortest(&mut self.pool, &found, &laid, &self.spelling)?;
        let node = self.out.syntax.graft(&syntax, root);
        let axes = self.pool.axes(tensor).to_vec();
        let pick = |side: &[usize]| side.iter().map(|a| axes[*a]).collect::<Vec<_>>();
        let shape = if laid.matrix {
            shape_text(&self.pool, &Shape::new(pick(&laid.face.rows), pick(&laid.face.cols)))
        } else {
            axes_text(&self.pool, &laid.groups.iter().map(|g| pick(g)).collect::<Vec<_>>())
        };
        let order = if laid.matrix {
            laid.face.rows.iter().chain(&laid.face.cols).copied().collect()
        } else {
            laid.groups.iter().flatten().copied().collect()
        };
        let structure = structure::structure(&mut self.pool, tensor, &laid.face, &[]);
        let named = ["identity", "scaled identity", "diagonal", "zero", "block-diagonal"].contains(&structure.name().as_str());
        let pattern = (named && shape.iter().all(|s| s != "1")).then(|| structure.name());
        Some(Written { tensor, node, order, shape, pattern })
    }

    /// Rows and columns of a value as text.
    pub(super) fn shape_of(&self, shape: &Shape) -> Vec<String> {
        shape_text(&self.pool, shape)
    }

    /// Whether derivatives in denominator layout are written, the transposes of those in numerator layout.
    pub(super) fn denominator(&self) -> bool {
        self.request.layout == Layout::Denominator
    }

    /// Conditions that stand within a piece.
    pub(super) fn requires(&self, piece: usize) -> Vec<usize> {
        let span = self.spans[piece];
        let within = |s: Span| s != Span::default() && span.start <= s.start && s.end <= span.end;
        // Of nested pieces the smallest.
        let smallest = |s: Span| {
            !self.spans.iter().enumerate().any(|(k, other)| {
                k != piece
                    && *other != Span::default()
                    && other.start <= s.start
                    && s.end <= other.end
                    && other.end - other.start < span.end - span.start
            })
        };
        let all = self.out.conditions.iter().enumerate();
        all.filter(|(_, c)| !c.proved && self.round == 0 && within(c.span) && smallest(c.span)).map(|(k, _)| k).collect()
    }

    // Steps.

    pub(super) fn step(&mut self, parent: Option<usize>, level: Depth, doing: Doing, rules: &[&str]) -> usize {
        let id = self.out.steps.len();
        self.out.steps.push(Step {
            id,
            parent,
            level,
            doing,
            rules: rules.iter().map(|r| r.to_string()).collect(),
            heading: None,
            line: None,
            note: None,
            requires: vec![],
            because: vec![],
            span: None,
            audit: Audit::Open,
        });
        id
    }

    pub(super) fn heading(&mut self, level: Depth, doing: Doing, text: &str) -> usize {
        let id = self.step(None, level, doing, &[]);
        self.out.steps[id].heading = Some(text.to_string());
        self.out.steps[id].audit = Audit::Structural;
        id
    }

    pub(super) fn line(&mut self, parent: Option<usize>, level: Depth, doing: Doing, rules: &[&str], line: Line) -> usize {
        let id = self.step(parent, level, doing, rules);
        if line.tested.is_none() {
            self.out.steps[id].audit = Audit::Structural;
        }
        self.out.steps[id].line = Some(line);
        id
    }

    /// `∂of/∂by`
    pub(super) fn partial_side(&mut self, of: &str, by: &str) -> Side {
        let (of, by) = (self.symbol(of), self.symbol(by));
        Side::Partial(of, vec![by])
    }

    pub(super) fn note(&mut self, id: usize, text: impl Into<String>) {
        self.out.steps[id].note = Some(text.into());
    }

    // What is not a derivative by the entries of a variable.

    /// From the gradients by all entries to those on the space of structured matrices.
    pub(super) fn project(&mut self, structured: &Derivative, structure: &str) {
        let Some(row) = PROPERTIES.iter().find(|p| p.name == structure && !p.project.is_empty()) else { return };
        let heading = self.heading(Depth::Outline, Doing::Rewrite, &format!("Project onto {structure} matrices"));
        let note = format!("the derivative above takes the entries as independent; those of a {structure} matrix are not");
        self.note(heading, note);
        for (k, part) in structured.parts.iter().enumerate() {
            let Some(left) = self.projected(k, row) else { continue };
            let right = self.out.syntax.graft(&part.syntax, part.root);
            self.line(
                Some(heading),
                Depth::Outline,
                Doing::Rewrite,
                &["structured.projection"],
                Line {
                    shape: part.shape_text.clone(),
                    pattern: (part.structure.name() != "dense").then(|| part.structure.name()),
                    tested: Some((Meaning::Value(left), Meaning::Value(right))),
                    ..Line::equal(Side::Tree(left), Side::Tree(right))
                },
            );
        }
    }

    /// The projection of the gradient by variable `k`, in the layout that is asked for.
    fn projected(&mut self, k: usize, row: &Property) -> Option<NodeId> {
        let (vec, turned) = (self.request.form == Form::Vec, !self.denominator());
        // The transpose of a projection onto symmetric matrices is that of the transpose.
        let alike = row.name == "symmetric" || row.implies.contains(&"symmetric");
        let natural = !vec && (alike || !turned);
        let gradient = if natural {
            let part = &self.derivative.parts[k];
            self.out.syntax.graft(&part.syntax, part.root)
        } else {
            let plain = Request {
                want: Want::Derivative,
                form: Form::Natural,
                layout: Layout::Denominator,
                structure: None,
                ..self.request.clone()
            };
            let laid = face(&Shape::scalar(), std::slice::from_ref(&self.variables[k].shape), &plain);
            let whole = self.whole(k)?;
            self.write_laid(whole, laid)?.node
        };
        let (formula, root) = parse_expression(row.project).ok()?;
        let mut replace = |_: &mut Syntax, id: NodeId| matches!(formula.kind(id), Kind::Name(name) if name == "G").then_some(gradient);
        let made = self.out.syntax.graft_with(&formula, root, &mut replace);
        let made = if vec { self.out.syntax.call("vec", vec![made]) } else { made };
        Some(if natural || !turned { made } else { self.out.syntax.transpose(made) })
    }

    /// Where the gradient becomes a formula of its own.
    pub(super) fn announce_second(&mut self, gradient: &Part, name: &str) {
        let id = self.heading(Depth::Outline, Doing::Note, "Derive again");
        self.out.steps[id].rules = vec!["hessian.jacobian-of-gradient".to_string()];
        let what = if gradient.shape.is_scalar() || gradient.shape.cols.is_empty() { "gradient, a column" } else { "first derivative" };
        self.note(id, format!("{name} is the {what}; the second derivative is its Jacobian"));
        if self.pieces.len() == 1 {
            let (symbol, tree) = (self.symbol(name), self.out.syntax.graft(&gradient.syntax, gradient.root));
            let line = Line {
                relation: Relation::Defined,
                shape: gradient.shape_text.clone(),
                ..Line::equal(Side::Tree(symbol), Side::Tree(tree))
            };
            self.line(Some(id), Depth::Outline, Doing::Name, &["name.piece"], line);
        }
    }

    /// The second derivative as `derive` gives it.
    pub(super) fn conclude_second(&mut self, part: &Part, jacobian: &Part, name: &str) {
        let tree = self.out.syntax.graft(&part.syntax, part.root);
        let again = super::same(part, &jacobian.syntax, jacobian.root);
        let of = self.symbol(&self.out.problem.of.clone());
        let by: Vec<NodeId> = part.wrt.iter().map(|w| self.out.syntax.name(w)).collect();
        let heading = self.heading(Depth::Outline, Doing::Rewrite, "Second derivative");
        // The axes of the second derivative are those of the first, then those of the variable.
        let order: Vec<usize> = if part.indexed {
            (0..self.derivative.pool.rank(jacobian.tensor)).collect()
        } else {
            part.face.rows.iter().chain(&part.face.cols).copied().collect()
        };
        let y = part.wrt.last().cloned().unwrap_or_default();
        let rules: &[&str] = if again { &["hessian.jacobian-of-gradient"] } else { &["hessian.jacobian-of-gradient", "simplify"] };
        self.line(
            Some(heading),
            Depth::Outline,
            Doing::Rewrite,
            rules,
            Line {
                shape: part.shape_text.clone(),
                pattern: (part.structure.name() != "dense").then(|| part.structure.name()),
                tested: Some((Meaning::Partial { of: name.to_string(), by: y, local: false, order }, Meaning::Value(tree))),
                ..Line::equal(Side::Partial(of, by), Side::Tree(tree))
            },
        );
    }
}

/// The outermost operation that was written there.
pub(super) fn spanned(syntax: &Syntax, span: Span) -> Option<NodeId> {
    if span == Span::default() {
        return None;
    }
    let operation = |id: NodeId| !matches!(syntax.kind(id), Kind::Name(_) | Kind::Number(_));
    let all: Vec<NodeId> = syntax.ids().filter(|id| syntax.span(*id) == span).collect();
    all.iter().rev().find(|id| operation(**id)).or(all.last()).copied()
}

/// A letter for a piece: z for what is affine, u, v, … for others, upper case for matrices.
fn letter(pool: &Pool, value: Expr, shape: &Shape, taken: &[String]) -> String {
    use crate::tensor::Node;
    let matrix = !shape.rows.is_empty() && !shape.cols.is_empty();
    let affine = match pool.node(value) {
        Node::Map(..) | Node::Apply(..) => false,
        // A difference of a constant and a piece is a residual: v, r.
        Node::Sum(terms, _) => terms.iter().any(|(_, t)| is_contraction(pool, *t)),
        _ => is_contraction(pool, value),
    };
    let letters: &[&str] = match (affine, matrix) {
        (true, false) => &["z", "t", "s", "u", "v", "q", "h"],
        (false, false) => &["u", "v", "t", "s", "q", "h", "r"],
        (true, true) => &["Z", "T", "S", "U", "V", "Q", "H"],
        (false, true) => &["U", "V", "T", "S", "Q", "H", "R"],
    };
    let free = |name: &String| !taken.contains(name);
    let plain = letters.iter().map(|l| l.to_string());
    let numbered = (1..).map(|k| format!("{}_{k}", letters[0]));
    plain.chain(numbered).find(free).unwrap_or_default()
}

/// A product of several factors with something summed: `X*w`.
fn is_contraction(pool: &Pool, e: Expr) -> bool {
    matches!(pool.node(e), crate::tensor::Node::Product { factors, out, sizes } if factors.len() > 1 && (0..sizes.len()).any(|l| !out.contains(&(l as crate::tensor::Label))))
}
