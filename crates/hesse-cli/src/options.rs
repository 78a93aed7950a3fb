//! The command line: one list of verbs and flags that feeds the parser, the help, the man page and the completions.

mod runs;

pub use runs::{BenchOptions, DoctorOptions};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use hesse::{Depth, Elimination, Layout, Style};

/// Matrix calculus: derivatives of formulas over scalars, vectors and matrices, checked on random numbers.
#[derive(Debug, Parser)]
#[command(name = "hesse", version, disable_help_subcommand = true, arg_required_else_help = true, max_term_width = 110)]
#[command(after_help = "Examples:
  hesse grad -e \"norm2(A*x - b)^2\" --wrt x
  hesse hessian neuron.hesse --wrt w --format latex
  hesse eval neuron.hesse --data train.csv --columns X=age..s6 --bind y=target,w=zeros,b=0
  hesse help language

Exit codes: 0 ok, 1 check failed, 2 usage, 3 input, 4 not supported, 5 numeric, 6 limit, 70 internal error, 130 interrupted.

Environment:
  HESSE_MAX_NODES, HESSE_MAX_WORK       limits of a derivation: nodes of expressions, units of work
  HESSE_MAX_BYTES, HESSE_MAX_ELEMENTS   limits of what is read from a file
  HESSE_HISTORY                         the file of the history of `hesse repl`; empty for none
  NO_COLOR, CLICOLOR_FORCE, TERM        colours")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// How to show it.
    #[command(flatten)]
    pub screen: ScreenOptions,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Gradient of a scalar
    Grad(DeriveOptions),
    /// Jacobian of a row or column by a vector
    Jacobian(DeriveOptions),
    /// Second derivative of a scalar
    Hessian(DeriveOptions),
    /// Derivative of anything by anything, its form chosen by the shapes
    Derive(DeriveOptions),
    /// Cotangent times Jacobian
    Vjp(DeriveOptions),
    /// Jacobian times a direction
    Jvp(DeriveOptions),
    /// Hessian times a direction
    Hvp(DeriveOptions),
    /// Show step by step how a derivative comes about, each line tested on random numbers
    Explain(Box<ExplainOptions>),
    /// Test derivatives on random numbers, or judge somebody else's
    Check(CheckOptions),
    /// Compute values and derivatives from data
    Eval(EvalOptions),
    /// Find where numbers stop being finite, and what is close to it
    Doctor(DoctorOptions),
    /// Time the compiled value and gradient, beside other tools if asked
    Bench(BenchOptions),
    /// Talk: declare, define, derive, line by line
    Repl(ReplOptions),
    /// Show every stage between the formula and its derivative
    Stages(StagesOptions),
    /// Answer JSON requests, one a line
    Batch(BatchOptions),
    /// Rewrite files in canonical form
    Fmt(FmtOptions),
    /// Explain a code (E201), a function (softplus), a rule (`rule chain.vector`), `functions`, `rules`, `codes`, `language` or a verb
    Help(HelpOptions),
    /// Print the schemas of the JSON that is read and written
    Schema,
    /// Print a completion script
    Completions(CompletionsOptions),
    /// Print the manual page
    Man(ManOptions),
}

impl Cli {
    /// How to show it; `--format json` is the same as `--json`.
    pub fn screen(&self) -> ScreenOptions {
        let format = match &self.verb {
            Verb::Grad(o) | Verb::Jacobian(o) | Verb::Hessian(o) | Verb::Derive(o) | Verb::Vjp(o) | Verb::Jvp(o) | Verb::Hvp(o) => o.format,
            _ => None,
        };
        let explained = matches!(&self.verb, Verb::Explain(o) if o.format == ExplainFormat::Json);
        ScreenOptions { json: self.screen.json || explained || format == Some(Format::Json), ..self.screen.clone() }
    }
}

/// Flags that every verb takes.
#[derive(Clone, Debug, Default, Args)]
pub struct ScreenOptions {
    /// Write one JSON object on standard output, also for errors
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: Color,
    /// Use no signs outside ASCII
    #[arg(long, global = true, help_heading = "Output")]
    pub ascii: bool,
    /// No notes and warnings
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR or TERM=dumb says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where the formula comes from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Input")]
pub struct InputOptions {
    /// Formula files, read as one; `-` is standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// A formula; after FILEs it is the last target
    #[arg(short = 'e', long = "expression", value_name = "EXPR", allow_hyphen_values = true)]
    pub expression: Option<String>,
    /// Declare a variable: "X: matrix(N,n)" (repeat for more)
    #[arg(long = "var", value_name = "DECLARATION")]
    pub vars: Vec<String>,
    /// Refuse what would have to be assumed
    #[arg(long)]
    pub strict: bool,
}

/// What to differentiate, and by what.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Derivative")]
pub struct RequestOptions {
    /// Variables to differentiate by; every `param` if not given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub wrt: Vec<String>,
    /// Second variable of a mixed second derivative
    #[arg(long, value_name = "NAME")]
    pub wrt2: Option<String>,
    /// Definition to differentiate; the last if not given
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// How many times to differentiate (with `derive`; 3 and 4 are printed in index notation)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub nth: u8,
    /// Layout of the result; numerator if not given
    #[arg(long, value_enum)]
    pub layout: Option<LayoutOption>,
    /// As the matrix d vec(F)/d vec(X)', columns stacked
    #[arg(long)]
    pub vec: bool,
    /// Order in which the chain rule is applied; results are equal
    #[arg(long, value_enum, default_value = "auto")]
    pub order: OrderOption,
    /// Derivative on the space of symmetric or diagonal matrices
    #[arg(long, value_enum)]
    pub structure: Option<StructureOption>,
}

/// Options of the verbs that print a derivative.
#[derive(Clone, Debug, Default, Args)]
pub struct DeriveOptions {
    /// The formula.
    #[command(flatten)]
    pub input: InputOptions,
    /// The request.
    #[command(flatten)]
    pub request: RequestOptions,
    /// Notation; without it a report for people
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<Format>,
    /// Write results out in full, without names for what repeats
    #[arg(long, help_heading = "Output")]
    pub inline: bool,
    /// Show which entries can be non-zero, with all sizes K
    #[arg(long, value_name = "K", num_args = 0..=1, default_missing_value = "5", value_parser = clap::value_parser!(u8).range(1..=40), help_heading = "Output")]
    pub picture: Option<u8>,
    /// The test.
    #[command(flatten)]
    pub check: ProbeOptions,
    /// Do not test the result on random numbers
    #[arg(long, conflicts_with = "require_check", help_heading = "Test")]
    pub no_check: bool,
    /// Print times on standard error
    #[arg(long, help_heading = "Output")]
    pub timing: bool,
    /// No empty lines in the report.
    #[arg(skip)]
    pub brief: bool,
}

/// Options of `explain`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  hesse explain -e \"max(0, w'*x + b)\" --wrt w,x,b
  hesse explain neuron.hesse --style differential --depth outline
  hesse explain -e \"w .* x\" --wrt w --why 3
  hesse explain neuron.hesse --format html > neuron.html
  hesse explain neuron.hesse --format latex > neuron.tex && pdflatex neuron.tex

Steps keep their numbers whatever is shown: 2 is a step, 2.3 its third line.")]
pub struct ExplainOptions {
    /// The formula.
    #[command(flatten)]
    pub input: InputOptions,
    /// The request.
    #[command(flatten)]
    pub request: RequestOptions,
    /// How to argue
    #[arg(long, value_enum, default_value = "auto", help_heading = "Output")]
    pub style: StyleOption,
    /// How much of each step
    #[arg(long, value_enum, default_value = "normal", help_heading = "Output")]
    pub depth: DepthOption,
    /// Only this step, in full: 2 or 2.3
    #[arg(long, value_name = "STEP", conflicts_with = "steps", help_heading = "Output")]
    pub why: Option<String>,
    /// Only these steps: 3-5 or 3
    #[arg(long, value_name = "STEPS", help_heading = "Output")]
    pub steps: Option<String>,
    /// Format
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: ExplainFormat,
    /// Columns of the text; those of the terminal if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=1000), help_heading = "Output")]
    pub width: Option<u16>,
    /// The test.
    #[command(flatten)]
    pub check: ProbeOptions,
    /// Do not test the lines on random numbers
    #[arg(long, conflicts_with = "require_check", help_heading = "Test")]
    pub no_check: bool,
}

/// Formats of a derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For the terminal
    Text,
    /// Markdown with math in $$
    Md,
    /// A LaTeX document
    Latex,
    /// One HTML page that needs nothing else
    Html,
    /// The same as --json
    Json,
}

/// How a derivation argues, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StyleOption {
    /// Differentials where matrices occur, scalars else
    #[default]
    Auto,
    /// Pieces, their scalar equations and Jacobians, the vector chain rule
    Scalar,
    /// Differentials, pushed inward and collected
    Differential,
}

impl StyleOption {
    /// The style, if one was chosen.
    pub fn style(self) -> Option<Style> {
        match self {
            StyleOption::Auto => None,
            StyleOption::Scalar => Some(Style::Scalar),
            StyleOption::Differential => Some(Style::Differential),
        }
    }
}

/// How much of a derivation is shown, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DepthOption {
    /// Names, chain rule, result
    Outline,
    /// The rule of each piece
    #[default]
    Normal,
    /// Down to scalar equations and small matrices entry by entry
    Full,
}

impl From<DepthOption> for Depth {
    fn from(option: DepthOption) -> Depth {
        match option {
            DepthOption::Outline => Depth::Outline,
            DepthOption::Normal => Depth::Normal,
            DepthOption::Full => Depth::Full,
        }
    }
}

/// Options of the numeric test.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Test")]
pub struct ProbeOptions {
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Fail (exit 1) where the test cannot be made
    #[arg(long)]
    pub require_check: bool,
}

/// Options of `check`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  hesse check neuron.hesse --wrt w,b
  hesse check neuron.hesse --wrt w --claim \"2/N*(X*w + b - y)'*X\"
  hesse check neuron.hesse --claim w=\"-2*(v .* (z > 0))'*X/N\" --claim b=\"-2*sum(v)/N\"
  hesse check neuron.hesse --wrt w --claim-file mine.txt --layout denominator
  hesse check neuron.hesse --wrt w --claim-npy grad.npy --bind X=X.npy,y=y.npy,w=w.npy,b=0.1
  hesse check --answers answers.csv --json

A claim is equal (exit 0; either layout is right unless --layout names one) or not (exit 1).")]
pub struct CheckOptions {
    /// The formula.
    #[command(flatten)]
    pub input: InputOptions,
    /// The request.
    #[command(flatten)]
    pub request: RequestOptions,
    /// The test.
    #[command(flatten)]
    pub check: ProbeOptions,
    /// Test the second derivative too
    #[arg(long, help_heading = "Test")]
    pub hessian: bool,
    /// The claims.
    #[command(flatten)]
    pub claims: ClaimOptions,
}

/// Derivatives that somebody else found.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Claim")]
pub struct ClaimOptions {
    /// A formula to judge as the derivative; of several variables NAME=FORMULA (repeat for more)
    #[arg(long = "claim", value_name = "FORMULA", allow_hyphen_values = true)]
    pub claim: Vec<String>,
    /// A file that holds the claim, perhaps after definitions, one a line; `-` is standard input; NAME=FILE of several variables
    #[arg(long = "claim-file", value_name = "FILE")]
    pub claim_files: Vec<String>,
    /// Values of the derivative at the point of --bind: .npy, or .npz with an array for each variable
    #[arg(long = "claim-npy", value_name = "FILE")]
    pub claim_arrays: Vec<String>,
    /// Relative error up to which values agree; 1e-6 if not given, 1e-3 for single precision
    #[arg(long, value_name = "X")]
    pub rtol: Option<f64>,
    /// A table of answers to judge: columns id, formula, wrt, claim; optional kind, layout, vars
    #[arg(long, value_name = "CSV", conflicts_with_all = ["claim", "claim_files", "claim_arrays", "files", "expression"])]
    pub answers: Option<std::path::PathBuf>,
    /// Values for --claim-npy: NAME=file.npy, file.npz:array, file.csv:age..s6, 0.5, [1;2;3], zeros, ones, or a column of --data
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true, help_heading = "Data")]
    pub bind: Vec<String>,
    /// A table whose columns --bind and --columns name
    #[arg(long, value_name = "TABLE", help_heading = "Data")]
    pub data: Option<std::path::PathBuf>,
    /// Matrices from columns of the table: X=age..s6
    #[arg(long, value_name = "NAME=COLUMNS,…", help_heading = "Data")]
    pub columns: Vec<String>,
}

impl ClaimOptions {
    /// Whether there is something to judge.
    pub fn any(&self) -> bool {
        !(self.claim.is_empty() && self.claim_files.is_empty() && self.claim_arrays.is_empty())
    }
}

/// Digits of the entries of arrays.
pub const DIGITS: usize = 6;

/// Options of `eval`.
#[derive(Clone, Debug, Args)]
pub struct EvalOptions {
    /// The formula.
    #[command(flatten)]
    pub input: InputOptions,
    /// The request.
    #[command(flatten)]
    pub request: RequestOptions,
    /// Values: NAME=file.npy, file.npz:array, file.csv:age..s6, 0.5, [1;2;3], zeros, ones, or a column of --data
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true, help_heading = "Data")]
    pub bind: Vec<String>,
    /// A table whose columns --bind and --columns name
    #[arg(long, value_name = "TABLE", help_heading = "Data")]
    pub data: Option<std::path::PathBuf>,
    /// Matrices from columns of the table: X=age..s6
    #[arg(long, value_name = "NAME=COLUMNS,…", help_heading = "Data")]
    pub columns: Vec<String>,
    /// What to print: definitions, `grad`, `hessian`; the target and its gradients if not given
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
    pub show: Vec<String>,
    /// Digits of the entries of arrays; 0 for all
    #[arg(long, value_name = "N", default_value_t = DIGITS, help_heading = "Output")]
    pub digits: usize,
    /// Whether NaN and infinity are printed or refused (exit 5)
    #[arg(long, value_enum, default_value = "keep", help_heading = "Output")]
    pub nan: NanOption,
    /// Say which stable forms were computed, and the condition numbers of what is inverted
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// Options of `repl`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "A formula is answered with its derivative; declarations and definitions are kept, and what comes later uses them. \
A line goes on in the next one while a bracket is open, after an operator, and after `\\` at its end. `:help` lists the commands.

  hesse> X : matrix(N,n)
  hesse> z = X*w + b
  z: vector(N)
  hesse> :wrt w
  hesse> sum(z.^2)
  shapes   X: matrix(N, n)   (declared)
           w: vector(n)   b: scalar   (assumed)
  ∂f/∂w  =  2·(X·w + b)ᵀ·X   1×n   numerator layout
  check    ok — 8 points × 4 directions, worst relative error 3.2e-11 (limit 1e-07), 0 kink crossings
  hesse> :to latex
  2\\,(X\\,w + b)^{\\top}\\,X

On a terminal lines are edited, Tab completes names, and the history is kept in $XDG_STATE_HOME/hesse/history. \
From a pipe there is no prompt, an error does not end the session, and the exit code is that of the worst one."
)]
pub struct ReplOptions {
    /// Files whose declarations and definitions are there from the start
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Variables to differentiate by, as :wrt
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub wrt: Vec<String>,
    /// Layout of results, as :layout
    #[arg(long, value_enum, default_value = "numerator")]
    pub layout: LayoutOption,
    /// Read and write no file of history
    #[arg(long)]
    pub no_history: bool,
}

/// Options of `stages`.
#[derive(Clone, Debug, Args)]
pub struct StagesOptions {
    /// The formula.
    #[command(flatten)]
    pub input: InputOptions,
    /// The request.
    #[command(flatten)]
    pub request: RequestOptions,
    /// Show these stages only
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
    pub only: Vec<String>,
}

/// Options of `batch`.
#[derive(Clone, Debug, Args)]
pub struct BatchOptions {
    /// Requests, one a line (`hesse schema` describes them); `-` or nothing is standard input
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Add the time of each derivation (`derive_us`)
    #[arg(long)]
    pub timing: bool,
    /// Seed of the random numbers of checks
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// Options of `fmt`.
#[derive(Clone, Debug, Args)]
pub struct FmtOptions {
    /// Files to rewrite in place; `-` rewrites standard input to standard output
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// A formula to print in canonical form
    #[arg(short = 'e', long = "expression", value_name = "EXPR", allow_hyphen_values = true)]
    pub expression: Option<String>,
    /// Change nothing; exit 1 if a file is not in canonical form
    #[arg(long)]
    pub check: bool,
}

/// Options of `help`.
#[derive(Clone, Debug, Args)]
pub struct HelpOptions {
    /// A code, a function, `rule` and an id, `functions`, `rules`, `codes`, `language` or a verb
    pub topic: Option<String>,
    /// After `rule`: the id of a rule, as a derivation cites it (chain.vector)
    pub id: Option<String>,
}

/// Options of `completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsOptions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Options of `man`.
#[derive(Clone, Debug, Args)]
pub struct ManOptions {
    /// A verb; without it the page of `hesse`
    pub verb: Option<String>,
}

/// Notations of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The input language; it can be read back, each result by itself
    Plain,
    /// Mathematical signs
    Unicode,
    /// LaTeX
    Latex,
    /// MathML Core
    Mathml,
    /// The same as --json
    Json,
}

/// Layouts by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LayoutOption {
    /// Rows are functions, columns variables; the gradient of a scalar is a row
    #[default]
    Numerator,
    /// The transpose; the gradient of a scalar has the shape of the variable
    Denominator,
}

impl From<LayoutOption> for Layout {
    fn from(option: LayoutOption) -> Layout {
        match option {
            LayoutOption::Numerator => Layout::Numerator,
            LayoutOption::Denominator => Layout::Denominator,
        }
    }
}

/// Orders of elimination by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OrderOption {
    /// Reverse for scalars, else the cheapest next
    #[default]
    Auto,
    /// From the variables
    Forward,
    /// From the target
    Reverse,
    /// The cheapest next
    Cross,
}

impl From<OrderOption> for Elimination {
    fn from(option: OrderOption) -> Elimination {
        match option {
            OrderOption::Auto => Elimination::Automatic,
            OrderOption::Forward => Elimination::Forward,
            OrderOption::Reverse => Elimination::Reverse,
            OrderOption::Cross => Elimination::CrossCountry,
        }
    }
}

/// Structures by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StructureOption {
    /// Entries (i,j) and (j,i) are one variable
    Symmetric,
    /// Entries off the diagonal are zero
    Diagonal,
}

impl StructureOption {
    /// The name of the property.
    pub fn name(self) -> &'static str {
        match self {
            StructureOption::Symmetric => "symmetric",
            StructureOption::Diagonal => "diagonal",
        }
    }
}

/// What to do with numbers that are not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum NanOption {
    /// Print them, with a note
    #[default]
    Keep,
    /// Refuse them
    Error,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_list_of_flags_is_consistent() {
        Cli::command().debug_assert();
    }
}
