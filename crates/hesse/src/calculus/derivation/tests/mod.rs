//! Derivations written down by hand, as every format draws them.

mod build;

use super::page::View;
use super::text::Setting;
use super::{Audit, Depth, Derivation};
use build::{batch, dot, elementwise, hostile, neuron};

const WIDE: Setting = Setting { width: 110, ascii: false };

fn view(depth: Depth) -> View {
    View { depth, ..View::default() }
}

fn drawn(derivation: &Derivation, depth: Depth, setting: Setting) -> String {
    derivation.page(&view(depth)).unwrap().text(setting)
}

/// Compares with a golden text beside this file; `BLESS=1` rewrites it.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/calculus/derivation/tests").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{name} is now\n{text}");
}

#[test]
fn texts() {
    golden("elementwise.txt", &drawn(&elementwise(), Depth::Full, WIDE));
    golden("dot.txt", &drawn(&dot(), Depth::Normal, WIDE));
    golden("dot-full.txt", &drawn(&dot(), Depth::Full, WIDE));
    golden("neuron.txt", &drawn(&neuron(), Depth::Normal, WIDE));
    golden("neuron-outline.txt", &drawn(&neuron(), Depth::Outline, WIDE));
    golden("batch.txt", &drawn(&batch(), Depth::Normal, WIDE));
    golden("batch-narrow.txt", &drawn(&batch(), Depth::Normal, Setting { width: 60, ..WIDE }));
    golden("neuron-ascii.txt", &drawn(&neuron(), Depth::Full, Setting { ascii: true, ..WIDE }));
}

#[test]
fn markup() {
    let page = |d: &Derivation, depth| d.page(&view(depth)).unwrap().markdown();
    golden("neuron.md", &page(&neuron(), Depth::Full));
    golden("dot.tex", &dot().page(&view(Depth::Full)).unwrap().latex());
    golden("hostile.tex", &hostile().page(&view(Depth::Full)).unwrap().latex());
    golden("hostile.md", &page(&hostile(), Depth::Full));
    golden("hostile.txt", &drawn(&hostile(), Depth::Full, WIDE));
}

/// All derivations that are written down here.
fn all() -> [Derivation; 5] {
    [elementwise(), dot(), neuron(), batch(), hostile()]
}

#[test]
fn no_words_are_markup() {
    let d = hostile();
    let html = d.page(&view(Depth::Full)).unwrap().html();
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; $x$") && !html.contains("<script") && !html.contains("<b>"));
    assert!(html.contains("<mrow><mi mathvariant=\"normal\">d</mi><mi>α</mi></mrow>"), "{html}");
    let latex = d.page(&view(Depth::Full)).unwrap().latex();
    for part in
        [r"\$x\$", r"\textbackslash{}input\{x\} \% \#\_", r"\textbackslash{}end\{document\} 100\% [U+2602]", r"\mathrm{d}\alpha", r"a_{b}"]
    {
        assert!(latex.contains(part), "{part}: {latex}");
    }
    assert_eq!(latex.matches(r"\end{document}").count(), 1);
    let markdown = d.page(&view(Depth::Full)).unwrap().markdown();
    assert!(markdown.contains(r"\*\*bold\*\* &lt;b&gt;no&lt;/b&gt; \_x\_ \$y\$"), "{markdown}");
}

/// Every element of a page is closed, in order; attributes hold no markup; nothing is loaded and nothing runs.
#[test]
fn pages_are_well_formed() {
    for d in all() {
        for depth in [Depth::Outline, Depth::Normal, Depth::Full] {
            let html = d.page(&view(depth)).unwrap().html();
            let (head, body) = html.split_once("</style>").unwrap();
            assert!(!head.contains("url(") && !head.contains("@import"));
            for word in ["<script", "src=", "href=\"http", "onclick", "javascript:"] {
                assert!(!html.contains(word), "{word}");
            }
            let mut open: Vec<&str> = vec![];
            for tag in body.split('<').skip(1).map(|s| s.split_once('>').unwrap().0) {
                let name = tag.split(' ').next().unwrap();
                match name.strip_prefix('/') {
                    Some("head" | "html") => {}
                    Some(name) => assert_eq!(open.pop(), Some(name)),
                    None if tag.ends_with('/') => {}
                    None => open.push(name),
                }
            }
            assert!(open.is_empty(), "{open:?}");
            let mut ids: Vec<&str> = html.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
            for target in html.split("href=\"#").skip(1).map(|s| s.split('"').next().unwrap()) {
                assert!(ids.contains(&target), "{target}");
            }
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "every place has a name of its own");
        }
    }
}

#[test]
fn details_are_open_where_they_are_shown() {
    let opened = |depth| dot().page(&view(depth)).unwrap().html().matches("<details open").count();
    assert_eq!((opened(Depth::Outline), opened(Depth::Normal), opened(Depth::Full)), (0, 4, 6));
}

/// Braces and environments of a document are closed in order, dollars come in pairs, and all is ASCII.
#[test]
fn documents_are_balanced() {
    for d in all() {
        let latex = d.page(&view(Depth::Full)).unwrap().latex();
        assert!(latex.is_ascii(), "{latex}");
        let bare = latex.replace(r"\{", "").replace(r"\}", "").replace(r"\$", "");
        assert_eq!(bare.matches('{').count(), bare.matches('}').count());
        assert_eq!(bare.matches('$').count() % 2, 0);
        let mut open: Vec<String> = vec![];
        for part in bare.split('\\').skip(1) {
            let name = || part.split(['{', '}']).nth(1).unwrap_or_default().to_string();
            if part.starts_with("begin{") {
                open.push(name());
            } else if part.starts_with("end{") {
                assert_eq!(open.pop(), Some(name()), "{latex}");
            }
        }
        assert!(open.is_empty(), "{open:?}");
        // Every row of an alignment has its columns.
        for block in bare.split(r"\begin{alignat*}{2}").skip(1).map(|b| b.split(r"\end{alignat*}").next().unwrap()) {
            let blank: String = block.lines().filter(|l| !l.contains('&')).collect();
            assert!(blank.trim().is_empty(), "{block}");
        }
    }
}

#[test]
fn one_step_in_full() {
    let d = dot();
    let only = |why: &[usize]| d.page(&View { why: Some(why.to_vec()), ..View::default() });
    let text = only(&[2, 1]).unwrap().text(WIDE);
    assert!(text.contains("∂u/∂w = diag(x)") && text.contains("⎡ x₁") && !text.contains("∂y/∂u") && !text.contains("Name"), "{text}");
    assert!(only(&[2]).unwrap().text(WIDE).contains("∂y/∂u = 1ᵀ"));
    assert_eq!(only(&[9]).err().unwrap().first().code, "E402");
    let steps = |a, b| d.page(&View { steps: Some((a, b)), ..View::default() });
    let text = steps(3, 4).unwrap().text(WIDE);
    assert!(text.contains("3  Vector chain rule") && text.contains("4  Multiply") && !text.contains("2  Each"), "{text}");
    assert_eq!(steps(7, 9).err().unwrap().first().code, "E402");
    assert_eq!(super::page::number("2.3"), Some(vec![2, 3]));
    assert!([".", "2.", "0", "x", "2.0", ""].iter().all(|t| super::page::number(t).is_none()));
}

#[test]
fn a_line_that_fails_is_always_shown() {
    let mut d = dot();
    let hidden = d.steps.iter().position(|s| s.level == Depth::Full).unwrap();
    d.steps[hidden].audit = Audit::Fails { worst: 0.5, place: "entry 1".into() };
    let page = d.page(&view(Depth::Outline)).unwrap();
    let text = page.text(WIDE);
    assert!(text.contains("uᵢ = wᵢ·xᵢ"), "{text}");
    assert!(text.contains("✗ line 2.1.1 does not hold, error 5.0e-1: entry 1") && !text.contains('✓'), "{text}");
    assert!(page.html().contains("does not hold, error 5.0e-1 entry 1"));
}

#[test]
fn what_was_not_checked_is_never_ok() {
    let mut d = dot();
    let meaning = super::Meaning::Differential("y".into());
    for step in &mut d.steps {
        step.audit = Audit::Open;
        if let Some(line) = &mut step.line {
            line.tested = Some((meaning.clone(), meaning.clone()));
        }
    }
    let text = drawn(&d, Depth::Normal, WIDE);
    assert!(text.ends_with("? not checked\n") && !text.contains('✓'), "{text}");
}

#[test]
fn no_line_is_wider_than_asked() {
    for d in all() {
        for width in [60, 80, 100] {
            for line in drawn(&d, Depth::Full, Setting { width, ascii: false }).lines() {
                // Cases over several lines are not broken.
                assert!(line.chars().count() <= width || line.contains(['⎧', '⎩']), "{width}: {line}");
            }
        }
    }
}

#[test]
fn what_is_said_of_a_section_stands_above_its_lines() {
    let mut d = dot();
    // The lines of the second section below its heading, as the builder has them.
    let heading = d.steps.iter().position(|s| s.heading.as_deref() == Some("Each piece")).unwrap();
    d.steps[heading].note = Some("x is held fixed".into());
    for step in &mut d.steps[heading + 1..heading + 6] {
        step.parent = step.parent.or(Some(heading));
    }
    let page = d.page(&view(Depth::Normal)).unwrap();
    let text = page.text(WIDE);
    assert!(text.contains("\n2  Each piece         x is held fixed\n                      ∂u/∂w = diag(x)"), "{text}");
    assert_eq!(page.sections[1].items.len(), 2);
    assert!(page.html().contains("<p class=\"note\">x is held fixed</p>") && page.latex().contains("\nx is held fixed\n"));
    assert!(page.markdown().contains("\n\nx is held fixed\n\n$$"));
}
