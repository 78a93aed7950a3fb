//! Index notation taken apart: the parts of the body, their tensors as arguments of one term.

use super::{Lower, Marks};
use crate::calculus::term::{Constant, Contraction, Op, Part, Slot, TermId};
use crate::diagnostic::{Diagnostic, Span};
use crate::facts::functions;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};

impl Lower<'_, '_> {
    /// Index notation: the parts of the body, their tensors as arguments.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn contraction(
        &mut self,
        syntax: &Syntax,
        body: NodeId,
        out: &[Vec<String>],
        span: Span,
        at: &[Option<TermId>],
        marks: &Marks,
    ) -> TermId {
        let mut c = Contraction::default();
        let mut args: Vec<TermId> = vec![];
        let mut part: Vec<Option<usize>> = vec![None; body.index() + 1];
        fn letter(c: &mut Contraction, name: &str) -> usize {
            c.letters.iter().position(|l| l == name).unwrap_or_else(|| {
                c.letters.push(name.to_string());
                c.letters.len() - 1
            })
        }
        fn argument(args: &mut Vec<TermId>, t: TermId) -> usize {
            args.iter().position(|&a| a == t).unwrap_or_else(|| {
                args.push(t);
                args.len() - 1
            })
        }
        let get = |part: &Vec<Option<usize>>, n: NodeId| part.get(n.index()).copied().flatten();
        for (id, names) in within(syntax, body, marks) {
            let place = syntax.span(id);
            let p = match syntax.kind(id) {
                Kind::Number(text) => Part::Number(text.clone()),
                Kind::Negate(a) => match get(&part, *a) {
                    Some(a) => Part::Sum(vec![(true, a)]),
                    None => return self.terms.add(Op::Poison, vec![], span),
                },
                Kind::Binary(op, a, b) => {
                    let (Some(a), Some(b)) = (get(&part, *a), get(&part, *b)) else { return self.terms.add(Op::Poison, vec![], span) };
                    let map = |f: &str, x: Vec<usize>| functions::find(f).map(|f| Part::Map(f, x));
                    let p = match op {
                        Operator::Plus | Operator::DotPlus => Some(Part::Sum(vec![(false, a), (false, b)])),
                        Operator::Minus | Operator::DotMinus => Some(Part::Sum(vec![(false, a), (true, b)])),
                        Operator::Times | Operator::DotTimes => Some(Part::Product(vec![a, b])),
                        Operator::Over | Operator::DotOver => Some(Part::Quotient(a, b)),
                        Operator::Power | Operator::DotPower => Some(Part::Power(a, b)),
                        Operator::Greater => map("gt", vec![a, b]),
                        Operator::Less => map("gt", vec![b, a]),
                        Operator::GreaterEqual => map("ge", vec![a, b]),
                        Operator::LessEqual => map("ge", vec![b, a]),
                        Operator::Equal => map("eq", vec![a, b]),
                        Operator::NotEqual => map("eq", vec![a, b]).map(|m| {
                            c.parts.push(m);
                            Part::Not(c.parts.len() - 1)
                        }),
                        Operator::Under => None,
                    };
                    match p {
                        Some(p) => p,
                        None => {
                            return self.poison(
                                Diagnostic::error("E102", place, "`\\` has no meaning in index notation")
                                    .because("index notation has entries, not matrices")
                                    .help("write inv(A)[i,j]*b[j]"),
                            );
                        }
                    }
                }
                Kind::Call(f, nodes) if !marks.value[id.index()] => {
                    let children: Option<Vec<usize>> = nodes.iter().map(|n| get(&part, *n)).collect();
                    let Some(children) = children else { return self.terms.add(Op::Poison, vec![], span) };
                    if f == "sqrt" && children.len() == 1 {
                        c.parts.push(Part::Number("0.5".into()));
                        Part::Power(children[0], c.parts.len() - 1)
                    } else {
                        let Some(g) = functions::find(f) else { return self.terms.add(Op::Poison, vec![], span) };
                        if g.row().of.len() != children.len() {
                            return self.arity(f, &g.row().of.join(", "), children.len(), place);
                        }
                        Part::Map(g, children)
                    }
                }
                Kind::Index(base, subs) => {
                    let mut slots = vec![];
                    for s in subs {
                        match s {
                            Subscript::At(n) => match syntax.kind(*n) {
                                Kind::Name(l) => slots.push(Slot::Letter(letter(&mut c, &names.of(l)))),
                                _ => match self.constant_position(syntax, *n) {
                                    Ok(d) => slots.push(Slot::At(d)),
                                    Err(d) => return self.poison(d),
                                },
                            },
                            Subscript::Stack(letters) => {
                                let own = letters.iter().filter_map(|n| if let Kind::Name(l) = syntax.kind(*n) { Some(l) } else { None });
                                slots.push(Slot::Stack(own.map(|l| letter(&mut c, &names.of(l))).collect()));
                            }
                            Subscript::All | Subscript::Range(..) => {
                                return self.poison(
                                    Diagnostic::error("E102", place, "a range has no meaning in index notation")
                                        .because("every axis has an index letter there")
                                        .help("write a letter for each axis: A[i,j]"),
                                );
                            }
                        }
                    }
                    match at.get(base.index()).copied().flatten() {
                        Some(t) => Part::Tensor(argument(&mut args, t), slots),
                        None => match self.constant(syntax, *base, slots.len(), place) {
                            Ok(k) => Part::Constant(k, slots),
                            Err(d) => return self.poison(d),
                        },
                    }
                }
                Kind::Contraction(inner, groups) => {
                    let Some(inner) = get(&part, *inner) else { return self.terms.add(Op::Poison, vec![], span) };
                    let kept: Vec<usize> = groups.iter().flatten().map(|l| letter(&mut c, &names.of(l))).collect();
                    if kept.iter().enumerate().any(|(k, l)| kept[..k].contains(l)) {
                        return self.poison(
                            Diagnostic::error("E102", place, "a letter twice in a result within index notation")
                                .because("its letters are those of what stands around it")
                                .help("put the value on a diagonal with eye[i,j]"),
                        );
                    }
                    Part::Close(inner, kept)
                }
                _ => match at.get(id.index()).copied().flatten() {
                    Some(t) => Part::Scalar(argument(&mut args, t)),
                    None => return self.terms.add(Op::Poison, vec![], span),
                },
            };
            c.parts.push(p);
            part[id.index()] = Some(c.parts.len() - 1);
        }
        for group in out {
            let letters = group.iter().map(|l| letter(&mut c, l)).collect();
            c.out.push(letters);
        }
        self.terms.contractions.push(c);
        let k = self.terms.contractions.len() - 1;
        self.add(Op::Contract(vec![k]), args, span)
    }

    fn constant(&mut self, syntax: &Syntax, base: NodeId, slots: usize, span: Span) -> Result<Constant, Diagnostic> {
        let name = constant(syntax, base).unwrap_or("");
        let argument = match syntax.kind(base) {
            Kind::Call(_, args) if args.len() == 1 => Some(self.constant_position(syntax, args[0])?),
            _ => None,
        };
        match (name, argument, slots) {
            ("eye", None, 2) => Ok(Constant::Eye),
            ("ones", None, _) => Ok(Constant::Ones),
            ("zeros", None, _) => Ok(Constant::Zeros),
            ("lower", None, 2) => Ok(Constant::Lower),
            ("unit", Some(k), 1) => Ok(Constant::Unit(k)),
            ("shift", Some(k), 2) => Ok(Constant::Shift(k)),
            _ => Err(Diagnostic::error("E102", span, format!("`{name}` does not take this form in index notation"))
                .because("its constants are eye[i,j], ones[i], zeros[i], lower[i,j], unit(k)[i] and shift(k)[i,j]")
                .help("write one of these forms")),
        }
    }
}

/// What the letters of a place are called. A result within index notation, `exp(A[i,k]*B[k,j] -> [i,j])`, keeps the letters that it names;
/// the others are its own, whatever the same letter means around it.
#[derive(Clone, Default)]
struct Letters {
    kept: Vec<(String, String)>,
    suffix: String,
}

impl Letters {
    fn of(&self, letter: &str) -> String {
        let kept = self.kept.iter().find(|k| k.0 == letter);
        kept.map_or_else(|| format!("{letter}{}", self.suffix), |k| k.1.clone())
    }
}

/// The parts of a body, children before parents, each with the letters around it.
fn within(syntax: &Syntax, body: NodeId, marks: &Marks) -> Vec<(NodeId, Letters)> {
    let (mut found, mut pending) = (vec![], vec![(body, Letters::default())]);
    while let Some((id, letters)) = pending.pop() {
        if !marks.part[id.index()] {
            continue;
        }
        match syntax.kind(id) {
            Kind::Contraction(inner, groups) => {
                let kept = groups.iter().flatten().map(|l| (l.clone(), letters.of(l))).collect();
                // No name has a quote in it.
                pending.push((*inner, Letters { kept, suffix: format!("'{}", id.index()) }));
            }
            Kind::Index(..) => {}
            _ if marks.value[id.index()] => {}
            _ => pending.extend(syntax.children(id).into_iter().map(|c| (c, letters.clone()))),
        }
        found.push((id, letters));
    }
    found.sort_by_key(|f| f.0);
    found
}

/// The name of a constant of index notation.
pub fn constant(syntax: &Syntax, base: NodeId) -> Option<&str> {
    match syntax.kind(base) {
        Kind::Name(n) if matches!(n.as_str(), "eye" | "ones" | "zeros" | "lower") => Some(n),
        Kind::Call(f, args) if matches!(f.as_str(), "unit" | "shift") && args.len() == 1 => Some(f),
        _ => None,
    }
}
