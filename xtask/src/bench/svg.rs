//! Pictures in SVG, readable on light and on dark pages, the same bytes for the same figures.

use std::fmt::Write;

/// A picture under way.
pub struct Picture {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands on its point.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// Begins there.
    Start,
    /// Is centred there.
    Middle,
    /// Ends there.
    End,
}

/// How many colours of series there are.
pub const COLOURS: usize = 8;

/// Text, lines and series; every colour for a light page, then for a dark one.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#24292f}.small{font-size:10px}.title{font-size:14px;font-weight:600}\
.grid{stroke:#d0d7de;stroke-width:1}.axis{stroke:#57606a;stroke-width:1}.bar{stroke:#0969da;stroke-width:3}.unit{stroke:#57606a;stroke-dasharray:3 3}\
.met{fill:#1a7f37;stroke:#1a7f37}.tie{fill:#9a6700;stroke:#9a6700}.missed{fill:#cf222e;stroke:#cf222e}\
.s{fill:none;stroke-width:1.8}.s0{stroke:#0969da}.s1{stroke:#bc4c00}.s2{stroke:#1a7f37}.s3{stroke:#8250df}.s4{stroke:#bf3989}.s5{stroke:#57606a}.s6{stroke:#7d4e00}.s7{stroke:#0a7ea4}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}.axis,.unit{stroke:#8b949e}.bar{stroke:#58a6ff}\
.met{fill:#3fb950;stroke:#3fb950}.tie{fill:#d29922;stroke:#d29922}.missed{fill:#ff7b72;stroke:#ff7b72}\
.s0{stroke:#58a6ff}.s1{stroke:#f0883e}.s2{stroke:#3fb950}.s3{stroke:#bc8cff}.s4{stroke:#f778ba}.s5{stroke:#8b949e}.s6{stroke:#d4a72c}.s7{stroke:#39c5cf}}";

impl Picture {
    /// An empty picture.
    pub fn new(width: f64, height: f64) -> Self {
        Picture { width, height, body: String::new() }
    }
    /// A line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let _ = writeln!(self.body, r#"<line class="{class}" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}"/>"#, from.0, from.1, to.0, to.1);
    }
    /// A line through points.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|p| format!("{:.1},{:.1}", p.0, p.1)).collect();
        let _ = writeln!(self.body, r#"<polyline class="{class}" points="{}"/>"#, points.join(" "));
    }
    /// A dot.
    pub fn dot(&mut self, class: &str, at: (f64, f64), radius: f64) {
        let _ = writeln!(self.body, r#"<circle class="{class}" cx="{:.1}" cy="{:.1}" r="{radius}"/>"#, at.0, at.1);
    }
    /// A text.
    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(self.body, r#"<text class="{class}" x="{:.1}" y="{:.1}" text-anchor="{anchor}">{text}</text>"#, at.0, at.1);
    }
    /// The file.
    pub fn finish(self, title: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n{}</svg>\n",
            self.body
        )
    }
}

/// A logarithmic axis.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Log {
    /// From the power of ten at or below the smallest to that at or above the largest, drawn from `from` to `to`.
    pub fn new(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Log {
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        for v in values.filter(|v| *v > 0.0 && v.is_finite()) {
            (low, high) = (low.min(v.log10()), high.max(v.log10()));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        Log { low: low.floor(), high: high.ceil().max(low.floor() + 1.0), from, to }
    }
    /// Where a value is.
    pub fn at(&self, value: f64) -> f64 {
        self.from + (value.log10() - self.low) / (self.high - self.low) * (self.to - self.from)
    }
    /// The powers of ten of the axis.
    pub fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        (self.low as i32..=self.high as i32).map(|k| 10f64.powi(k))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_whole_powers() {
        let axis = Log::new([0.5, 300.0, f64::NAN, 0.0].into_iter(), 0.0, 400.0);
        assert_eq!(axis.ticks().collect::<Vec<_>>(), [0.1, 1.0, 10.0, 100.0, 1000.0]);
        assert!((axis.at(10.0) - 200.0).abs() < 1e-9);
        assert_eq!(Log::new([10.0].into_iter(), 0.0, 1.0).ticks().count(), 2);
        assert_eq!(Log::new([].into_iter(), 0.0, 1.0).ticks().count(), 2);
    }

    #[test]
    fn a_picture_is_well_formed() {
        let mut p = Picture::new(100.0, 50.0);
        p.text("small", (1.0, 2.0), Anchor::End, "a < b & c");
        p.dot("met", (3.0, 4.0), 2.0);
        p.path("s s0", &[(0.0, 0.0), (1.0, 1.0)]);
        p.line("grid", (0.0, 0.0), (1.0, 0.0));
        let text = p.finish("t");
        assert!(text.contains("a &lt; b &amp; c"));
        assert_eq!(text.matches("<text").count(), text.matches("</text>").count());
        assert!(text.contains("prefers-color-scheme:dark") && text.ends_with("</svg>\n"));
        assert!((0..COLOURS).all(|k| STYLE.matches(&format!(".s{k}{{stroke")).count() == 2));
    }
}
