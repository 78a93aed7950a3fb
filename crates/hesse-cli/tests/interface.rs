//! What holds without any formula: usage, exit codes, colours, help, completions, the manual page.

mod common;

use common::{command, fed, file, hesse, ran};
use std::process::Stdio;

#[test]
fn usage_errors_end_with_2() {
    for arguments in [
        &["grad", "--layout", "sideways", "-e", "x"][..],
        &["frobnicate"],
        &["grad"],
        &[],
        &["grad", "-e", "x", "--no-check", "--require-check"],
        &["fmt"],
        &["man", "frobnicate"],
        &["help", "frobnicate"],
        &["help", "rule", "frobnicate"],
        &["help", "functions", "exp"],
        &["stages", "-e", "x", "--only", "frobnicate"],
        &["eval", "-e", "x", "--bind", "x"],
    ] {
        let r = hesse(arguments);
        assert_eq!(r.code, 2, "{arguments:?}: {}{}", r.out, r.err);
        assert_eq!(r.out, "", "{arguments:?}");
        assert!(!r.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn errors_are_json_on_request() {
    for (arguments, exit, code) in [
        (&["grad", "--json"][..], 2, "E402"),
        (&["grad", "--json", "--layout", "sideways"], 2, "E402"),
        (&["grad", "--format=json", "absent.hesse"], 3, "E701"),
        (&["grad", "absent.hesse", "--format", "json"], 3, "E701"),
    ] {
        let r = hesse(arguments);
        assert_eq!(r.code, exit, "{arguments:?}: {}", r.err);
        let object = r.json();
        assert_eq!(object["schema"], "hesse.error/1");
        assert_eq!(object["ok"], false);
        assert_eq!(object["exit"], exit);
        assert_eq!(object["errors"][0]["code"], code, "{object}");
    }
}

#[test]
fn files_that_cannot_be_read() {
    let r = hesse(&["grad", "absent.hesse"]);
    assert_eq!((r.code, r.out.as_str()), (3, ""));
    assert!(r.err.contains("error[E701]"), "{}", r.err);
    let latin = file("files", "latin.hesse", b"x = 1\n# caf\xe9\n");
    let r = hesse(&["grad", &latin]);
    assert_eq!(r.code, 3);
    assert!(r.err.contains("line 2"), "{}", r.err);
    assert_eq!(hesse(&["eval", "-e", "x", "--bind", "x=absent.npy"]).code, 3);
    assert_eq!(hesse(&["batch", "absent.jsonl"]).code, 3);
}

#[test]
fn colours_follow_the_environment_and_the_flag() {
    let coloured = |configure: &dyn Fn(&mut std::process::Command)| {
        let mut c = command(&["grad", "absent.hesse"]);
        configure(&mut c);
        ran(&mut c).err.contains('\x1b')
    };
    assert!(!coloured(&|_| {}), "no terminal, no colours");
    assert!(coloured(&|c| {
        c.env("CLICOLOR_FORCE", "1");
    }));
    assert!(!coloured(&|c| {
        c.env("NO_COLOR", "1");
    }));
    assert!(!coloured(&|c| {
        c.env("TERM", "dumb");
    }));
    assert!(coloured(&|c| {
        c.arg("--color=always").env("NO_COLOR", "1");
    }));
    assert!(!coloured(&|c| {
        c.arg("--color=never").env("CLICOLOR_FORCE", "1");
    }));
}

#[test]
fn ascii_means_ascii() {
    for arguments in [
        &["help", "language", "--ascii"][..],
        &["help", "functions", "--ascii"],
        &["help", "E607", "--ascii"],
        &["help", "rules", "--ascii"],
        &["grad", "absent.hesse", "--ascii"],
    ] {
        let r = hesse(arguments);
        assert!(r.out.is_ascii() && r.err.is_ascii(), "{arguments:?}: {}{}", r.out, r.err);
    }
}

#[test]
fn help_answers() {
    assert!(hesse(&["--help"]).ok().out.contains("Exit codes"));
    assert!(hesse(&["help"]).ok().out.contains("hesse grad -e"));
    assert!(hesse(&["help", "E201"]).ok().out.starts_with("E201"));
    assert!(hesse(&["help", "functions"]).ok().out.contains("softplus(x)"));
    assert!(hesse(&["help", "softplus"]).ok().out.contains("sigmoid(x)"));
    assert!(hesse(&["help", "grad"]).ok().out.contains("--wrt"));
    assert!(hesse(&["help", "codes"]).ok().out.contains("E201"));
    assert!(hesse(&["grad", "--help"]).ok().out.contains("--wrt"));
    assert!(hesse(&["--version"]).ok().out.starts_with("hesse "));
    assert_eq!(hesse(&["help", "E201", "--json"]).ok().json()["topic"], "E201");
    assert!(hesse(&["help", "rules"]).ok().out.contains("\n  chain.vector  "));
    let rule = hesse(&["help", "rule", "elementwise.mul"]).ok().out;
    for part in ["∂(w ⊙ x)/∂w = diag(x)", "when  ", "because  ", "see  ", "d w .* x / dw = diag(x)"] {
        assert!(rule.contains(part), "{part} in {rule}");
    }
    assert_eq!(hesse(&["help", "rule", "scalar.tanh", "--json"]).ok().json()["topic"], "scalar.tanh");
    for (asked, near) in [("chain.vectr", "chain.vector"), ("elementwise.tanh", "scalar.tanh")] {
        assert!(hesse(&["help", "rule", asked]).err.contains(&format!("did you mean `{near}`?")), "{asked}");
    }
    assert!(hesse(&["schema"]).ok().out.contains("hesse.batch/1"));
}

#[test]
fn every_rule_has_an_ascii_spelling() {
    for lesson in hesse::facts::catalogue::all() {
        let said = hesse(&["help", "rule", &lesson.id, "--ascii"]).ok().out;
        assert!(said.is_ascii() && !said.replace("did you mean", "").contains('?'), "{said}");
    }
}

#[test]
fn completions_and_manual_pages_come_from_the_same_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = hesse(&["completions", shell]).ok().out;
        assert!(script.contains("require-check") && script.contains("jacobian"), "{shell}");
    }
    let page = hesse(&["man"]).ok().out;
    assert!(page.contains(".TH hesse 1") && page.contains("jacobian"), "{page}");
    let page = hesse(&["man", "grad"]).ok().out;
    assert!(page.contains("wrt") && page.contains("layout"), "{page}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = command(&["help", "functions"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn batch_answers_every_line_in_order() {
    let input = "{\n[]\n\n{\"id\":1}\n{\"id\":\"x\",\"vars\":{},\"expr\":7,\"wrt\":\"x\"}\nnull\n";
    let answers = fed(&["batch"], input).ok().json_lines();
    let ids: Vec<_> = answers.iter().map(|a| a["id"].to_string()).collect();
    assert_eq!(ids, ["null", "null", "1", "\"x\"", "null"]);
    for a in &answers {
        assert_eq!((a["ok"].clone(), a["schema"].as_str()), (false.into(), Some("hesse.batch/1")));
        assert_eq!(a["error"]["code"], "E402", "{a}");
        assert!(a["error"]["span"].is_null() && a["error"]["help"].is_string(), "{a}");
    }
}
