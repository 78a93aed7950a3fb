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
