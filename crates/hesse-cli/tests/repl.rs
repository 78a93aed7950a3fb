//! Sessions of `hesse repl` from a pipe: what is typed and what is printed, standard output and standard error.

mod common;

use common::{Ran, command, fed, file};
use std::io::Write;
use std::process::Stdio;

/// A session of lines.
fn session(lines: &[&str]) -> Ran {
    fed(&["repl"], &lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// The lines of a session that succeeds, without those of the check.
fn answers(lines: &[&str]) -> Vec<String> {
    let r = session(lines).ok();
    r.out.lines().filter(|line| !line.starts_with("check ")).map(|line| line.split("   ").next().unwrap_or_default().to_string()).collect()
}

/// A session fed as bytes.
fn bytes(input: &[u8]) -> Ran {
    let mut child = command(&["repl"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_formula_is_answered_as_derive_answers_it() {
    let r = session(&["X : matrix(N, n)", "", "# by the weights", ":wrt w", "sum((y - X*w).^2)"]).ok();
    let lines: Vec<&str> = r.out.lines().collect();
    assert_eq!(lines[0], "shapes   X: matrix(N, n)   (declared)");
    assert_eq!(lines[1], "         y: vector(N)   w: vector(n)   (assumed)");
    assert_eq!(lines[2], "∂f/∂w  =  2·(X·w − y)ᵀ·X   1×n   numerator layout");
    assert!(lines[3].starts_with("check    ok — 8 points × 4 directions"), "{}", r.out);
    assert_eq!((lines.len(), r.err.as_str()), (4, ""));
}

#[test]
fn what_is_said_accumulates() {
    let lines = ["x : vector(n)", "A : matrix(n, n); assume A symmetric", "f(t) = t.^2", "q = x'*A*x", ":wrt x", "q", "sum(f(x)) + q"];
    let answers = answers(&lines);
    assert_eq!(answers[0], "q: scalar");
    assert_eq!(answers[2], "∂q/∂x  =  2·xᵀ·A");
    assert_eq!(answers[4], "∂f/∂x  =  (2·(x + A·x))ᵀ");
}

#[test]
fn a_redefinition_replaces_what_was_there() {
    let out = answers(&["z = 2*x", "C = sum(z)", ":format plain", "C", "z = x.^2", "C", "y = 3*x", "z = y", "C", ":show"]);
    let expected = ["z: vector(n)", "C: scalar", "2*ones(n)'", "z: vector(n)", "2*x'", "y: vector(n)", "z: vector(n)", "3*ones(n)'"];
    assert_eq!(out[..8], expected);
    assert_eq!(out[8..], ["y = 3*x", "z = y", "C = sum(z)"]);
}

#[test]
fn an_error_does_not_end_the_session_and_is_not_kept() {
    let r = session(&["A : matrix(m, n)", "x : vector(m)", "z = A*x", ":show", "sum(foo(x))", "2x", "sum(x)"]);
    assert_eq!(r.code, 3);
    assert!(r.out.starts_with("A : matrix(m, n)\nx : vector(m)\nshapes   x: vector(m)   (declared)\n∂f/∂x  =  1ᵀ"), "{}", r.out);
    for text in ["<stdin>:3:5", "3 │ z = A*x", "A is m×n  (declared on line 1)", "<stdin>:5:5", "<stdin>:6:1", "E104"] {
        assert!(r.err.contains(text), "{text}: {}", r.err);
    }
}

#[test]
fn carets_point_into_earlier_lines() {
    let r = session(&["A : matrix(m, n)", "a = 1; y = A*x", "x : vector(m)", "f(t) = bar(t)", ":grad f(x)", "c = a", ":show"]);
    for text in ["<stdin>:2:12", "2 │ a = 1; y = A*x\n", "x is m×1  (declared on line 3)", "4 │ f(t) = bar(t)\n", "<stdin>:4:8"] {
        assert!(r.err.contains(text), "{text}: {}", r.err);
    }
    let r = session(&["a = 1", "z = 2*x", ":hessian", ":hessian  x + z"]);
    assert!(r.err.contains("<stdin>:2:") && r.err.contains("<stdin>:4:11"), "{}", r.err);
}

#[test]
fn what_does_not_type_is_not_kept() {
    let r = session(&["A : matrix(m, n)", "a = 1; y = A*x", "x : vector(m)", "f(t) = bar(t)", "c = a", ":show"]);
    assert!(r.out.ends_with("c: scalar\nA : matrix(m, n)\na = 1\ny = A*x\nf(t) = bar(t)\nc = a\n"), "{}", r.out);
}

#[test]
fn lines_go_on() {
    let out = answers(&[
        ":format plain",
        "sum(",
        "  i = 1:n,   # an index",
        "  x[i]^2",
        ")",
        "z = x +",
        "",
        "  1",
        "x \\",
        "  + z",
        ":grad sum(z +",
        "z)",
    ]);
    assert_eq!(out, ["2*x'", "z: vector(n)", "2*eye(n)", "2*ones(n)'"]);
}

#[test]
fn a_forgotten_bracket_does_not_swallow_the_rest() {
    let r = session(&["a = (1 + ", "b = 2", "c = (b", ":show", "sum(x"]);
    assert_eq!(r.code, 3);
    assert_eq!(r.out, "b: scalar\nb = 2\n");
    assert_eq!(r.err.matches("E106").count(), 3, "{}", r.err);
}

#[test]
fn a_file_is_loaded_or_pasted() {
    let text = "data X : matrix(N, n) # rows\ndata y : vector(N)\nparam w : vector(n)\n\nz = X*w\nC = sum((y -\n  z).^2)/N\n";
    let neuron = file("repl", "neuron.hesse", text);
    let loaded = session(&[&format!(":load {neuron}"), ":to plain", ":grad", ":to plain"]);
    assert_eq!(loaded.code, 2, "there is nothing to convert at first");
    let lines: Vec<&str> = loaded.out.lines().collect();
    assert_eq!(lines[..3], ["z: vector(N)", "C: scalar", "shapes   X: matrix(N, n)   y: vector(N)   w: vector(n)   (declared)"]);
    assert_eq!(lines.last(), Some(&"2*(X*w - y)'*X/N"));
    let pasted = fed(&["repl"], &format!("{text}:grad\n:to plain")).ok();
    assert_eq!(pasted.out, loaded.out);
    let given = fed(&["repl", &neuron], ":grad\n:to plain\n").ok();
    assert_eq!(given.out, loaded.out);
}

#[test]
fn a_file_is_loaded_whole_or_not_at_all() {
    let wrong = file("repl", "wrong.hesse", "a = 1\nb = a + foo(a)\n");
    let twice = file("repl", "twice.hesse", "a = 1\n\na = 2\n");
    let r = session(&[&format!(":load {wrong}"), &format!(":load {twice}"), ":load absent.hesse", ":load", ":show", "x^2"]);
    assert_eq!(r.code, 3);
    assert!(r.out.starts_with("shapes   x: scalar"), "{}", r.out);
    for text in ["wrong.hesse:2:9", "twice.hesse:3:1", "E108", "absent.hesse cannot be read: ", ":load FILE"] {
        assert!(r.err.contains(text), "{text}: {}", r.err);
    }
}

#[test]
fn results_are_converted_once_and_formats_stay() {
    let out =
        answers(&["x^2", ":to latex", ":to plain", ":to mathml", ":format", ":format latex", "x^3", ":format", ":format report", "x"]);
    assert_eq!(out[2..4], ["2\\,x", "2*x"]);
    assert!(out[4].starts_with("<math "), "{}", out[4]);
    assert_eq!(out[5..8], ["report", "3\\,x^{2}", "latex"]);
    assert_eq!(out[9], "∂f/∂x  =  I");
}

#[test]
fn settings_say_how_they_are_set() {
    let lines =
        [":wrt", ":wrt λ, b", ":wrt", ":wrt auto", ":wrt", ":layout", ":layout denominator", ":layout", ":style", ":depth full", ":depth"];
    assert_eq!(answers(&lines), ["auto", "lambda, b", "auto", "numerator", "denominator", "auto", "full"]);
    let r = fed(&["repl", "--wrt", "x,y", "--layout", "denominator"], ":wrt\nsum(w.*x)*y\n").ok();
    assert!(r.out.starts_with("x, y\n") && r.out.contains("denominator layout"), "{}", r.out);
}

#[test]
fn commands_are_about_the_last_formula() {
    let out = answers(&[":wrt x", "sum(x.^3)", ":hessian", ":jacobian x.^2", ":grad x'*x", ":eval x=[1; 2]", "z = sum(x)", ":grad"]);
    let formulas: Vec<&String> = out.iter().filter(|line| line.starts_with('∂')).collect();
    assert!(formulas[1].starts_with("∂²f/∂x∂xᵀ  =  6·diag(x)"), "{formulas:?}");
    assert_eq!(formulas[2..], ["∂f/∂x  =  2·diag(x)", "∂f/∂x  =  2·xᵀ", "∂f/∂x = [2 4]", "∂z/∂x  =  1ᵀ"]);
    assert!(out.contains(&"f = 5".to_string()));
}

#[test]
fn the_text_is_shown_saved_cleared_and_restored() {
    let path = file("repl", "saved.hesse", "");
    std::fs::remove_file(&path).unwrap();
    let [save, force] = [format!(":save {path}"), format!(":save! {path}")];
    let r = session(&[
        "data X, Y:matrix(m,n)",
        "z = X-Y",
        &save,
        ":clear Y",
        ":show",
        ":undo",
        &save,
        "w=z",
        &force,
        ":clear",
        ":show",
        ":undo",
        ":show",
    ]);
    assert_eq!(r.code, 2, "{}", r.err);
    assert!(r.err.contains("saved.hesse is there already") && r.err.matches("error").count() == 1, "{}", r.err);
    let all = "data X : matrix(m, n)\ndata Y : matrix(m, n)\nz = X - Y\nw = z\n";
    assert_eq!(r.out, format!("z: matrix(m, n)\ndata X : matrix(m, n)\nz = X - Y\nw: matrix(m, n)\n{all}"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), all);
    let r = session(&[":clear q", ":undo"]);
    assert_eq!((r.code, r.err.matches("E402").count()), (2, 2));
}

#[test]
fn shapes_that_change_are_said() {
    let r = session(&["z = X*w", ":shapes", "sum(w*z)"]).ok();
    assert!(r.out.starts_with("z: vector(m)\nshapes   X: matrix(m, n)   w: vector(n)   (assumed)\ndefined  z: vector(m)\n"), "{}", r.out);
    assert!(r.err.contains("note     `w` is now read as scalar; a declaration would settle it"), "{}", r.err);
}

#[test]
fn only_what_a_formula_depends_on_is_reported() {
    let r = session(&["p = log(a)/N", "C = X*w", "softplus(q)", "p"]).ok();
    assert!(r.out.contains("shapes   q: vector(n)   (assumed)\n"), "{}", r.out);
    assert_eq!(r.err.matches("needs a > 0").count(), 1, "{}", r.err);
    // The size of `w` follows from what is said elsewhere.
    let r = session(&["v = w + ones(3)", "sum(w)"]).ok();
    assert!(r.out.contains("w: vector(3)   ") && r.out.contains("1×3"), "{}", r.out);
}

#[test]
fn derive_lines_are_answered() {
    let out = answers(&["C = sum(x.^2)", "derive hessian(C) wrt x", "derive grad(C) wrt x layout denominator"]);
    assert!(out.iter().any(|line| line.starts_with("∂²C/∂x∂xᵀ  =  2·I")), "{out:?}");
    assert!(out.iter().any(|line| line == "∂C/∂x  =  2·x"), "{out:?}");
}

#[test]
fn commands_that_do_not_exist() {
    let r = session(&[
        ":layuot",
        ":frobnicate",
        ":",
        ":layout sideways",
        ":to",
        ":to latx",
        ":wrt 2",
        ":show all",
        ":eval x",
        ":grad a = 1",
        ":hessian",
    ]);
    assert_eq!((r.code, r.out.as_str()), (2, ""));
    assert_eq!(r.err.matches("error[E402]").count(), 11, "{}", r.err);
    assert!(r.err.contains("1 │ :layuot\n  │ ━━━━━━━\n") || r.err.contains(" :layuot\n"), "{}", r.err);
    for text in ["did you mean `:layout`?", ":help lists the commands", "did you mean `latex`?", "write  :to latex", "write  :wrt w, b"] {
        assert!(r.err.contains(text), "{text}: {}", r.err);
    }
}

#[test]
fn help_lists_commands_and_knows_the_topics_of_help() {
    let r = session(&[":help", ":help E201", ":help softplus"]).ok();
    for text in [":wrt NAMES", ":to plain | unicode | latex | mathml", ":quit", "E201: shapes do not fit", "sigmoid(x)"] {
        assert!(r.out.contains(text), "{text}: {}", r.out);
    }
    assert_eq!(session(&[":help frobnicate"]).code, 2);
}

#[test]
fn it_ends_at_quit_or_at_the_end_of_the_input() {
    for quit in [":quit", ":q", "  :quit  "] {
        let r = session(&["a = 1", quit, "foo(x)"]);
        assert_eq!((r.code, r.out.as_str(), r.err.as_str()), (0, "a: scalar\n", ""), "{quit}");
    }
    assert_eq!(session(&[]).ok().out, "");
    let r = fed(&["repl"], "a = 1\nb = 2*a");
    assert_eq!((r.code, r.out.as_str()), (0, "a: scalar\nb: scalar\n"), "no end of the last line");
}

#[test]
fn the_exit_code_is_that_of_the_worst_error() {
    for (line, code) in [(":frob", 2), ("2x", 3), ("prod(i = 1:n, x[i])", 4), (&"(".repeat(300), 6)] {
        let r = session(&[line, "sum(x)", ":frob", "a = 1"]);
        assert_eq!(r.code, code.max(2), "{line}");
        assert!(r.out.ends_with("a: scalar\n"), "{line}: {}", r.out);
    }
}

#[test]
fn ends_of_lines_and_odd_bytes() {
    let r = bytes(b"\xef\xbb\xbfz = x +\r\n 1\r\nsum(z)\r\n");
    assert_eq!((r.code, r.err.as_str()), (0, ""));
    assert!(r.out.contains("∂f/∂x  =  1ᵀ"), "{}", r.out);
    let r = bytes(b"a = 1\nx\0y\n\xff\xfe\nb = (\n\xff\nc = a\n");
    assert_eq!((r.code, r.out.as_str()), (3, "a: scalar\nc: scalar\n"));
    for text in ["U+0000", "<stdin>:2:2", "not UTF-8 text (line 3)", "<stdin>:4:5", "not UTF-8 text (line 5)"] {
        assert!(r.err.contains(text), "{text}: {}", r.err);
    }
}

#[test]
fn long_lines_and_many_lines() {
    let long = "x+".repeat(500_000);
    let r = session(&[&long, "a = 1", &"(".repeat(1_000_000), "b = 1"]);
    assert_eq!((r.code, r.out.as_str()), (6, "a: scalar\nb: scalar\n"));
    assert!(r.err.contains("E601") && r.err.len() < 5000, "{}", r.err.len());
    let r = session(&vec!["("; 2500]);
    assert_eq!((r.code, r.err.matches("error[").count()), (6, 3));
    let r = session(&[&(0..200).map(|k| format!("a{k} = {k}\n")).collect::<String>(), "a7 + a199*x"]).ok();
    assert!(r.out.contains("∂f/∂x  =  199·I"), "{}", r.out);
}

#[test]
fn a_claim_is_judged_against_the_last_formula() {
    let lines = ["A : matrix(m, n)", "x : vector(n)", "b : vector(m)", ":wrt x", "norm2(A*x - b)^2"];
    let right = session(&[&lines[..], &[":check 2*(A*x - b)'*A"]].concat()).ok();
    assert!(right.out.lines().last().is_some_and(|line| line.starts_with("✓  equal to ∂f/∂x")), "{}", right.out);
    let wrong = session(&[&lines[..], &[":check x = (A*x - b)'*A", ":check 2*(A*x", ":check"]].concat());
    assert!(wrong.out.contains("✗  not equal to ∂f/∂x") && wrong.out.contains("1/2 times"), "{}", wrong.out);
    assert!(wrong.err.contains("E106") && wrong.err.contains("the claim is missing"), "{}", wrong.err);
    let early = session(&[":check 1"]);
    assert!(early.code == 2 && early.err.contains("there is no formula yet"), "{}", early.err);
}

#[test]
fn json_is_one_object_a_line() {
    let lines = "z = X*w\n:wrt w\nsum(z)\nfoo(x)\n:to latex\n:show\n:shapes\n:help\n";
    let r = fed(&["repl", "--json"], lines);
    assert_eq!(r.code, 3);
    let schemas: Vec<String> = r.json_lines().iter().map(|o| o["schema"].as_str().unwrap_or_default().to_string()).collect();
    let text = "hesse.text/1";
    assert_eq!(schemas, [text, "hesse.derivative/1", "hesse.error/1", text, text, text, text]);
    assert_eq!(r.json_lines()[2]["errors"][0]["labels"][0]["line"], 4);
}

#[test]
fn a_pipe_leaves_no_history() {
    let state = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("repl-state");
    let mut c = command(&["repl"]);
    c.env("XDG_STATE_HOME", &state).env("HESSE_HISTORY", state.join("history")).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = c.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"x^2\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!state.exists());
}

#[test]
fn a_closed_pipe_ends_the_session() {
    let mut child = command(&["repl"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    // The session may be gone before everything is written.
    let _ = child.stdin.take().unwrap().write_all("x^2\n".repeat(20).as_bytes());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
