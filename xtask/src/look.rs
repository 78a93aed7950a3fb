//! `cargo xtask look`: pictures of derivations in a browser and on paper, for eyes. Needs a browser, LaTeX and pdftoppm; what is missing
//! is said, and the rest is drawn.

use crate::shell::{self, Done, binaries, cargo, root, succeeds};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Derivations in both styles: a name, and the arguments.
const CASES: &[(&str, &[&str])] = &[
    ("elementwise", &["--var", "w: vector(n)", "--var", "x: vector(n)", "-e", "w .* x"]),
    ("dot", &["--var", "w: vector(n)", "--var", "x: vector(n)", "-e", "w'*x"]),
    ("neuron", &["--var", "w: vector(n)", "--var", "x: vector(n)", "-e", "max(0, w'*x + b)", "--wrt", "w,x,b"]),
    ("batch", &["--var", "X: matrix(N, n)", "--var", "y: vector(N)", "-e", "z = X*w + b; C = sum((y - max(0, z)).^2)/N", "--wrt", "w,b"]),
    ("logdet", &["-e", "log(det(A'*A))", "--wrt", "A"]),
];

const STYLES: [&str; 2] = ["scalar", "differential"];

/// Pages of these widths.
const WIDTHS: [usize; 2] = [1280, 320];

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Draws all cases into `target/look`.
pub fn run() -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    let folder = root().join("target/look");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let browser = BROWSERS.into_iter().find(|name| succeeds(Command::new(name).arg("--version")));
    let latex = succeeds(Command::new("pdflatex").arg("--version"));
    let pages = succeeds(Command::new("pdftoppm").arg("-v"));
    for (there, what) in [
        (browser.is_some(), "Chromium: no pictures of pages"),
        (latex, "pdflatex: no documents"),
        (pages, "pdftoppm: no pictures of documents"),
    ] {
        if !there {
            println!("there is no {what}");
        }
    }
    for (name, arguments) in CASES {
        for style in STYLES {
            let stem = format!("{name}-{style}");
            let explained = |format: &str| {
                let mut command = Command::new(binaries().join("hesse"));
                command.arg("explain").args(*arguments).args(["--style", style, "--depth", "full", "--quiet", "--format", format]);
                command.output().map_err(|e| format!("hesse: {e}"))
            };
            let html = explained("html")?;
            if html.stdout.is_empty() {
                println!("{stem}: {}", String::from_utf8_lossy(&html.stderr).lines().next().unwrap_or_default());
                continue;
            }
            write(&folder.join(format!("{stem}.html")), &html.stdout)?;
            write(&folder.join(format!("{stem}.txt")), &explained("text")?.stdout)?;
            write(&folder.join(format!("{stem}.md")), &explained("md")?.stdout)?;
            write(&folder.join(format!("{stem}.tex")), &explained("latex")?.stdout)?;
            if let Some(browser) = browser {
                photograph(browser, &folder, &stem)?;
            }
            if latex {
                typeset(&folder, &stem, pages)?;
            }
        }
    }
    println!("{}", folder.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Done {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// Pictures of the page: wide and narrow, light and dark, and as it is printed.
fn photograph(browser: &str, folder: &Path, stem: &str) -> Done {
    let page = format!("file://{}", folder.join(format!("{stem}.html")).display());
    let shot = |arguments: &[String]| {
        let mut command = Command::new(browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]).args(arguments).arg(&page);
        if succeeds(&mut command) { Ok(()) } else { Err(format!("{browser} did not draw {stem}.html")) }
    };
    let to = |what: &str, end: &str| folder.join(format!("{stem}-{what}.{end}")).display().to_string();
    for width in WIDTHS {
        shot(&[format!("--window-size={width},2400"), format!("--screenshot={}", to(&width.to_string(), "png"))])?;
    }
    shot(&[
        "--blink-settings=preferredColorScheme=0".into(),
        "--window-size=1280,2400".into(),
        format!("--screenshot={}", to("dark", "png")),
    ])?;
    shot(&[format!("--print-to-pdf={}", to("print", "pdf"))])
}

/// The document, and a picture of each of its pages.
fn typeset(folder: &Path, stem: &str, pages: bool) -> Done {
    let mut command = Command::new("pdflatex");
    command.args(["-interaction=nonstopmode", "-halt-on-error"]).arg(format!("{stem}.tex")).current_dir(folder);
    if !succeeds(&mut command) {
        return Err(format!("pdflatex refuses {stem}.tex: see {}", folder.join(format!("{stem}.log")).display()));
    }
    let pictures: PathBuf = folder.join(format!("{stem}-tex"));
    if pages && !succeeds(Command::new("pdftoppm").args(["-r", "80", "-png"]).arg(format!("{stem}.pdf")).arg(pictures).current_dir(folder))
    {
        return Err(format!("pdftoppm does not draw {stem}.pdf"));
    }
    Ok(())
}
