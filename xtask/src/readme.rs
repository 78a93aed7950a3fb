//! The commands of the README and of the manual (`docs/manual`). In a fence marked `console`, a line that starts with `$ ` is a command, run in the root of the
//! repository with this build's `hesse` first in the path; the lines below it, up to the next command, are what it prints
//! (standard output and standard error as a terminal shows them). A command without lines below it may print anything. A line
//! `...` stands for any lines. Every command must succeed, unless what is shown is an error, or the next command is `echo $?`.

use crate::shell::{self, Done, binaries, cargo, command, root};
use std::fs;
use std::process::Output;

/// A folder of pages besides the README.
const MANUAL: &str = "docs/manual";

/// What to do where a page and hesse differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Say so.
    Compare,
    /// Rewrite the page.
    Bless,
}

/// Runs every command of every page.
pub fn run(mode: Mode) -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    let (mut commands, mut complaints) = (0, vec![]);
    for name in pages()? {
        commands += page(&name, mode, &mut complaints)?;
    }
    for complaint in &complaints {
        print!("{complaint}");
    }
    if complaints.is_empty() { Ok(()) } else { Err(format!("{} of {commands} commands", complaints.len())) }
}

/// The pages with commands, from the root of the repository.
fn pages() -> Result<Vec<String>, String> {
    let folder = fs::read_dir(root().join(MANUAL)).map_err(|e| format!("{MANUAL}: {e}"))?;
    let files = folder.flatten().filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(".md"));
    let mut pages: Vec<String> = files.map(|name| format!("{MANUAL}/{name}")).collect();
    pages.push("README.md".into());
    pages.sort();
    Ok(pages)
}

/// Runs every command of a page; gives their number.
fn page(name: &str, mode: Mode, complaints: &mut Vec<String>) -> Result<usize, String> {
    let path = root().join(name);
    let text = fs::read_to_string(&path).map_err(|e| format!("{name}: {e}"))?;
    let lines: Vec<&str> = text.lines().collect();
    let commands = commands(&lines);
    let mut status = 0;
    let mut blessed: Vec<String> = vec![];
    let mut copied = 0;
    for (k, c) in commands.iter().enumerate() {
        if c.text.split_whitespace().any(|word| word == "xtask") {
            return Err(format!("{name}:{}: `{}` would never end; put it in a fence marked `sh`", c.line, c.text));
        }
        println!("{name}:{}: {}", c.line, c.text);
        let output = execute(&c.text, status)?;
        status = output.status.code().unwrap_or(-1);
        let asked_for = commands.get(k + 1).is_some_and(|next| next.text == "echo $?");
        let printed = printed(&output);
        let got: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
        let shows_error = !c.expected.is_empty() && printed.starts_with("error");
        if status != 0 && !asked_for && !shows_error {
            complaints.push(format!("{name}:{}: `{}` ended with exit code {status}\n{printed}", c.line, c.text));
        } else if !c.expected.is_empty() && !matches(&c.expected, &got) {
            if mode == Mode::Bless {
                blessed.extend(lines[copied..c.body].iter().map(|l| l.to_string()));
                blessed.extend(got.iter().map(|l| l.to_string()));
                copied = c.body + c.expected.len();
            } else {
                complaints.push(format!("{name}:{}: `{}` prints something else:\n{printed}", c.line, c.text));
            }
        }
    }
    if copied > 0 {
        blessed.extend(lines[copied..].iter().map(|l| l.to_string()));
        fs::write(&path, blessed.join("\n") + "\n").map_err(|e| format!("{name}: {e}"))?;
        println!("{name} was rewritten; read the difference");
    }
    Ok(commands.len())
}

/// A command of a page.
struct Shown<'a> {
    /// Line number, from 1.
    line: usize,
    /// The command; a line that ends with `\` goes on in the next.
    text: String,
    /// Position of the first line of its output.
    body: usize,
    /// What it prints.
    expected: Vec<&'a str>,
}

fn commands<'a>(lines: &[&'a str]) -> Vec<Shown<'a>> {
    let mut out: Vec<Shown> = vec![];
    let (mut inside, mut open) = (false, false);
    for (k, &line) in lines.iter().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
            open = false;
        } else if !inside {
        } else if let Some(text) = line.strip_prefix("$ ") {
            out.push(Shown { line: k + 1, text: text.to_string(), body: k + 1, expected: vec![] });
            open = true;
        } else if let Some(last) = out.last_mut().filter(|_| open) {
            match last.text.strip_suffix('\\') {
                Some(text) if last.expected.is_empty() => {
                    last.text = format!("{text}{}", line.trim_start());
                    last.body = k + 1;
                }
                _ => last.expected.push(line),
            }
        }
    }
    out
}

/// Runs a command after one that ended with `status`.
fn execute(text: &str, status: i32) -> Result<Output, String> {
    let path = format!("{}:{}", binaries().display(), std::env::var("PATH").unwrap_or_default());
    let script = format!("exec 2>&1\n(exit {status})\n{text}");
    command("bash", &["-c", &script]).env("PATH", path).env("TERM", "dumb").output().map_err(|e| format!("bash: {e}"))
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether lines are the expected ones, `...` standing for any. Empty lines at the end do not count.
fn matches(expected: &[&str], got: &[&str]) -> bool {
    match expected {
        [] => got.iter().all(|line| line.is_empty()),
        ["..."] => true,
        ["...", rest @ ..] => (0..=got.len()).any(|k| matches(rest, &got[k..])),
        [first, rest @ ..] => match got {
            [line, others @ ..] if masked(line) == masked(first.trim_end()) => matches(rest, others),
            _ => first.is_empty() && got.is_empty() && matches(rest, got),
        },
    }
}

/// A line without the one figure that may differ from machine to machine: the rounding errors that the numeric check saw.
/// What it says of them (`ok`, the limit, the number of points) still has to be the same.
fn masked(line: &str) -> String {
    const BEFORE: [&str; 2] = ["worst relative error ", " points, worst "];
    match BEFORE.iter().find_map(|before| line.split_once(before).map(|(head, tail)| (head, *before, tail))) {
        Some((head, before, tail)) => format!("{head}{before}…{}", tail.trim_start_matches(|c: char| !c.is_whitespace())),
        None => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_their_outputs() {
        let text = "# Title\n```sh\n$ not run\n```\n```console\n$ hesse a \\\n    b\nout 1\n\nout 2\n$ echo $?\n```\n$ not run\n";
        let lines: Vec<&str> = text.lines().collect();
        let found = commands(&lines);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].text.as_str(), found[0].line, found[0].body), ("hesse a b", 6, 7));
        assert_eq!(found[0].expected, ["out 1", "", "out 2"]);
        assert_eq!((found[1].text.as_str(), found[1].expected.len()), ("echo $?", 0));
    }

    #[test]
    fn lines_that_stand_for_any() {
        assert!(matches(&["a", "...", "d"], &["a", "b", "c", "d"]));
        assert!(matches(&["a", ""], &["a"]));
        assert!(!matches(&["a"], &["a", "b"]));
        assert!(!matches(&["a", "b"], &["a"]));
        assert!(matches(&["..."], &[]));
        assert!(matches(&["at 8 points, worst 2e-16   ⚑"], &["at 8 points, worst 0   ⚑"]));
        assert!(!matches(&["at 8 points, worst 2e-16   ⚑"], &["at 7 points, worst 0   ⚑"]));
    }

    #[test]
    fn a_status_reaches_the_next_command() {
        let output = execute("echo $?", 3).unwrap();
        assert_eq!(printed(&output), "3\n");
        assert_eq!(execute("echo oops >&2; exit 4", 0).unwrap().status.code(), Some(4));
    }
}
