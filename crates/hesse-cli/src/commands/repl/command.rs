//! The commands of a session: one row each, for `:help`, for completion and for what is done.

use super::session::{Session, say};
use crate::commands::help;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::options::{Format, HelpOptions};
use crate::screen::Screen;
use crate::source::{Original, Source};
use clap::ValueEnum;
use hesse::syntax::suggest::nearest;
use hesse::syntax::token::{Lexeme, tokens};
use hesse::{Diagnostic, Span, Want};
use std::fs::OpenOptions;
use std::io::Write;
use std::rc::Rc;

/// A command.
pub struct Command {
    /// Its name, without the colon.
    pub name: &'static str,
    /// What may stand behind it.
    pub takes: &'static str,
    /// What it does.
    pub says: &'static str,
    run: fn(&mut Session, &Argument, &mut Screen) -> Result<Exit, Failure>,
}

/// The commands.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "wrt",
        takes: "NAMES",
        says: "the variables to differentiate by; `auto`: every `param` of a formula, or all of it",
        run: wrt,
    },
    Command { name: "layout", takes: "numerator | denominator", says: "the layout of results", run: layout },
    Command { name: "format", takes: "report | plain | unicode | latex | mathml", says: "the notation of results", run: format },
    Command { name: "style", takes: "auto | scalar | differential", says: "how :explain argues", run: style },
    Command { name: "depth", takes: "outline | normal | full", says: "how much :explain shows", run: depth },
    Command { name: "grad", takes: FORMULA, says: "the gradient of a scalar", run: grad },
    Command { name: "jacobian", takes: FORMULA, says: "the Jacobian of a row or column", run: jacobian },
    Command { name: "hessian", takes: FORMULA, says: "the second derivative of a scalar", run: hessian },
    Command { name: "explain", takes: FORMULA, says: "the derivation, step by step", run: explain },
    Command {
        name: "check",
        takes: "CLAIM",
        says: "whether a formula is the derivative of the last one; of several NAME=CLAIM",
        run: check,
    },
    Command { name: "eval", takes: "NAME=VALUE …", says: "numbers: the last formula and its derivative at a point", run: eval },
    Command { name: "to", takes: "plain | unicode | latex | mathml", says: "the last result, once, in a notation", run: to },
    Command { name: "shapes", takes: "", says: "the shapes of inputs and definitions", run: shapes },
    Command { name: "show", takes: "", says: "the declarations and definitions", run: show },
    Command { name: "load", takes: "FILE", says: "take those of a file", run: load },
    Command { name: "save", takes: "FILE", says: "write them to a new file; `:save! FILE` overwrites", run: save },
    Command { name: "clear", takes: "[NAME]", says: "forget all of them, or what is said of a name", run: clear },
    Command { name: "undo", takes: "", says: "go back to those before the last change", run: undo },
    Command { name: "help", takes: "[TOPIC]", says: "this list, or what `hesse help TOPIC` says", run: help },
    Command { name: "quit", takes: "", says: "end the session, as Ctrl-D; also :q", run: quit },
];

const FORMULA: &str = "[FORMULA]";

/// What stands behind a command.
struct Argument {
    line: Rc<Original>,
    at: usize,
}

impl Argument {
    fn text(&self) -> &str {
        self.line.text[self.at..].trim()
    }
    /// An error about the argument.
    fn refused(&self, message: String, help: String) -> Failure {
        let start = self.at + (self.line.text.len() - self.at - self.line.text[self.at..].trim_start().len());
        placed(&self.line, start..start + self.text().len(), message, help)
    }
    /// One of the values of an option; `None` if there is no argument.
    fn chosen<T: ValueEnum>(&self, hidden: &[&str]) -> Result<Option<T>, Failure> {
        if self.text().is_empty() {
            return Ok(None);
        }
        let known = || T::value_variants().iter().map(name).filter(|name| !hidden.contains(&name.as_str()));
        let found = T::value_variants().iter().find(|v| known().any(|k| k == name(*v)) && name(*v) == self.text());
        let names: Vec<String> = known().collect();
        let help = nearest(self.text(), names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        let help = help.unwrap_or_else(|| format!("one of: {}", names.join(", ")));
        found.cloned().map(Some).ok_or_else(|| self.refused(format!("`{}` is none of the values", self.text()), help))
    }
}

/// How a value is written.
fn name<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map_or(String::new(), |v| v.get_name().to_string())
}

fn placed(line: &Rc<Original>, range: std::ops::Range<usize>, message: String, help: String) -> Failure {
    let mut source = Source::default();
    source.add_part(line, 0, &line.text);
    Failure::within(&source)(Diagnostic::error("E402", Span::new(range.start, range.end), message).help(help).into())
}

/// The word behind the colon of a text that begins with one, and where it begins and ends.
fn word(text: &str) -> Option<(&str, usize, usize)> {
    let start = text.find(':').filter(|&k| text[..k].chars().all(|c| c.is_whitespace() || c == '\u{FEFF}'))? + 1;
    let rest = &text[start..];
    let end = start + rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some((&text[start..end], start, end))
}

/// The command that a text begins with.
pub fn find(text: &str) -> Option<&'static Command> {
    let (word, ..) = word(text)?;
    let name = if word == "q" { "quit" } else { word };
    COMMANDS.iter().find(|row| row.name == name)
}

/// The part of an input that is a formula or statements: what may go on in the next line. None of it for most commands.
pub fn formula(text: &str) -> &str {
    match (word(text), find(text)) {
        (Some((.., end)), Some(row)) if row.takes == FORMULA => &text[end..],
        (Some(_), _) => "",
        (None, _) => text,
    }
}

/// Does what a command says.
pub fn run(session: &mut Session, line: &Rc<Original>, screen: &mut Screen) -> Result<Exit, Failure> {
    let Some((word, start, end)) = word(&line.text) else { return Ok(Exit::OK) };
    let Some(row) = find(&line.text) else {
        let near = nearest(word, COMMANDS.iter().map(|row| row.name));
        let help = near.map_or(":help lists the commands".to_string(), |near| format!("did you mean `:{near}`?"));
        return Err(placed(line, start - 1..end, format!("there is no command `:{word}`"), help));
    };
    let argument = Argument { line: line.clone(), at: end };
    if row.takes.is_empty() && !argument.text().is_empty() {
        return Err(argument.refused(format!("`:{}` takes nothing", row.name), format!("write  :{}", row.name)));
    }
    (row.run)(session, &argument, screen)
}

fn wrt(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let names = &mut session.settings.request.wrt;
    match argument.text() {
        "" => {
            let text = if names.is_empty() { "auto".to_string() } else { names.join(", ") };
            say(screen, "wrt", &text)?;
        }
        "auto" => names.clear(),
        text => *names = list(text).ok_or_else(|| argument.refused("these are not names".into(), "write  :wrt w, b".into()))?,
    }
    Ok(Exit::OK)
}

/// Names between commas, each once.
fn list(text: &str) -> Option<Vec<String>> {
    let mut names = vec![];
    let mut separated = true;
    for token in tokens(text).ok()?.tokens {
        match token.lexeme {
            Lexeme::Name(name) if separated => {
                if !names.contains(&name) {
                    names.push(name);
                }
                separated = false;
            }
            Lexeme::Comma if !separated => separated = true,
            Lexeme::End if !separated => return Some(names),
            _ => return None,
        }
    }
    None
}

fn layout(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    set(session.settings.request.layout.get_or_insert_default(), argument, screen, "layout")
}

fn style(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    set(&mut session.style, argument, screen, "style")
}

fn depth(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    set(&mut session.depth, argument, screen, "depth")
}

/// Sets what the argument says; without one says how it is set.
fn set<T: ValueEnum>(setting: &mut T, argument: &Argument, screen: &mut Screen, topic: &str) -> Result<Exit, Failure> {
    match argument.chosen(&[])? {
        Some(value) => *setting = value,
        None => say(screen, topic, &name(setting))?,
    }
    Ok(Exit::OK)
}

/// The name of the format that is a report for people.
const REPORT: &str = "report";

fn format(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let format = &mut session.settings.format;
    if argument.text() == REPORT {
        *format = None;
    } else if let Some(chosen) = argument.chosen(&[&name(&Format::Json)])? {
        *format = Some(chosen);
    } else {
        say(screen, "format", &format.as_ref().map_or(REPORT.to_string(), name))?;
    }
    Ok(Exit::OK)
}

fn to(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    match argument.chosen(&[&name(&Format::Json)])? {
        Some(format) => session.convert(format, screen),
        None => Err(argument.refused("the notation is missing".into(), "write  :to latex".into())),
    }
}

fn grad(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    derive(session, argument, Want::Gradient, screen)
}

fn jacobian(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    derive(session, argument, Want::Jacobian, screen)
}

fn hessian(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    derive(session, argument, Want::Hessian, screen)
}

fn derive(session: &mut Session, argument: &Argument, want: Want, screen: &mut Screen) -> Result<Exit, Failure> {
    let subject = session.subject(&argument.line, argument.at)?;
    session.derive(subject, want, &session.settings.clone(), screen)
}

fn explain(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let subject = session.subject(&argument.line, argument.at)?;
    session.explain(subject, screen)
}

fn check(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let subject = session.last()?;
    match argument.text() {
        "" => Err(argument.refused("the claim is missing".into(), "write  :check 2*x'".into())),
        claim => session.check(&subject, claim, screen),
    }
}

fn eval(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let subject = session.last()?;
    let bind = assignments(argument.text());
    if let Some(odd) = bind.iter().find(|part| !part.contains('=')) {
        return Err(argument.refused(format!("`{odd}` gives no name a value"), "write  :eval w=[1;2] X=X.npy b=0.5".into()));
    }
    session.eval(&subject, bind, screen)
}

/// `w = [1 2; 3 4]  b=0` as `w = [1 2; 3 4]` and `b=0`: spaces separate where they are not in brackets or beside `=`.
fn assignments(text: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    let (mut depth, mut apart) = (0usize, true);
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (c == ',' || c.is_whitespace()) {
            apart = true;
            continue;
        }
        let beside = |out: &[String]| c == '=' || out.last().is_some_and(|last| last.ends_with('='));
        if apart && !beside(&out) {
            out.push(String::new());
        }
        apart = false;
        match out.last_mut() {
            Some(last) => last.push(c),
            None => out.push(c.into()),
        }
    }
    out
}

fn shapes(session: &mut Session, _: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    session.shapes(screen)
}

fn show(session: &mut Session, _: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let text = session.written();
    if !text.is_empty() {
        say(screen, "show", &text)?;
    }
    Ok(Exit::OK)
}

fn load(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    match argument.text() {
        "" => Err(argument.refused("the file is missing".into(), "write  :load FILE".into())),
        file => session.load(file, screen),
    }
}

fn save(session: &mut Session, argument: &Argument, _: &mut Screen) -> Result<Exit, Failure> {
    let (file, over) = match argument.text().strip_prefix('!') {
        Some(file) => (file.trim_start(), true),
        None => (argument.text(), false),
    };
    if file.is_empty() {
        return Err(argument.refused("the file is missing".into(), "write  :save FILE".into()));
    }
    let mut open = OpenOptions::new();
    let open = if over { open.write(true).create(true).truncate(true) } else { open.write(true).create_new(true) };
    let written = open.open(file).and_then(|mut opened| opened.write_all(session.written().as_bytes()));
    written.map(|()| Exit::OK).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => {
            argument.refused(format!("{file} is there already"), format!("another name, or  :save! {file}  to overwrite it"))
        }
        _ => Diagnostic::error("E701", Span::default(), format!("{file} cannot be written: {cause}")).into(),
    })
}

fn clear(session: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    match (argument.text(), list(argument.text()).as_deref()) {
        ("", _) => session.clear("", screen),
        (_, Some([name])) => session.clear(name, screen),
        _ => Err(argument.refused("this is not a name".into(), "write  :clear z".into())),
    }
}

fn undo(session: &mut Session, _: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    session.undo(screen)
}

fn help(_: &mut Session, argument: &Argument, screen: &mut Screen) -> Result<Exit, Failure> {
    let topic = argument.text();
    if !topic.is_empty() {
        let (topic, id) = topic.split_once(' ').map_or((topic, None), |(topic, id)| (topic, Some(id.trim().to_string())));
        return help::run(&HelpOptions { topic: Some(topic.to_string()), id }, screen);
    }
    say(screen, "commands", &list_of_commands())?;
    Ok(Exit::OK)
}

/// What `:help` prints.
pub fn list_of_commands() -> String {
    let rows = help::lines(COMMANDS.iter().map(|row| (format!(":{} {}", row.name, row.takes), row.says.to_string())));
    format!(
        "{rows}\nWithout a FORMULA a command is about the last one. `:help language` shows what can be written, `:help functions` the functions."
    )
}

fn quit(session: &mut Session, _: &Argument, _: &mut Screen) -> Result<Exit, Failure> {
    session.over = true;
    Ok(Exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_a_colon() {
        assert_eq!(word("  :wrt w"), Some(("wrt", 3, 6)));
        assert_eq!(word("x :wrt"), None);
        assert!(find(":q").is_some_and(|row| row.name == "quit"));
        assert!(find(":save! f").is_some_and(|row| row.name == "save"));
        assert!(find(":sav").is_none() && find("x").is_none());
        assert_eq!(formula(":grad sum(x"), " sum(x");
        assert_eq!(formula(":load a(b"), "");
        assert_eq!(formula("a : scalar"), "a : scalar");
    }

    #[test]
    fn lists_and_bindings() {
        assert_eq!(list("w, λ,w"), Some(vec!["w".into(), "lambda".into()]));
        for wrong in ["", "w b", "w,", ",w", "2", "w'"] {
            assert_eq!(list(wrong), None, "{wrong}");
        }
        assert_eq!(assignments("w = [1 2; 3 4]  b=0,c= zeros"), ["w=[1 2; 3 4]", "b=0", "c=zeros"]);
        assert_eq!(assignments(""), Vec::<String>::new());
        assert_eq!(assignments("a b=1"), ["a", "b=1"]);
    }

    #[test]
    fn every_command_is_in_the_list() {
        let list = list_of_commands();
        for row in COMMANDS {
            assert!(list.contains(&format!(":{}", row.name)) && list.contains(row.says), "{}", row.name);
        }
    }
}
