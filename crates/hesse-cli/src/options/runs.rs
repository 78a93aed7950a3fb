//! Flags of the verbs that look at how a formula runs.

use super::{InputOptions, RequestOptions};
use crate::bench::functions::Peer;
use clap::Args;
use clap::builder::TypedValueParser;

/// Options of `doctor`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  hesse doctor neuron.hesse --bind X=X.npy,y=y.npy,w=zeros,b=0
  hesse doctor -e \"sum(log(p))\" --bind \"p=[0.5;0;0.5]\"
  hesse doctor -e \"f = b'*inv(A)*b\" --bind \"A=[1,1;1,1],b=[1;2]\" --show f,grad,hessian --json

Exit codes: 0 all results are finite, 1 one is not; as for every verb otherwise.")]
pub struct DoctorOptions {
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
    /// What to examine: definitions, `f` for the target, `grad`, `hessian`; the target and its gradients if not given
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
    pub show: Vec<String>,
}

/// Options of `bench`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  hesse bench neuron.hesse --sizes N=1e4,n=100
  hesse bench neuron.hesse --sizes N=1e5,n=100 --against numpy,jax --threads 1,2
  hesse bench neuron.hesse --sizes N=1e4,n=100 --against torch --python ~/env/bin/python --json

Inputs are random, with the declared properties. All contestants compute the value and the gradient and take turns; a ratio is \
printed only where results agree to 1e-9. Without --python the peers are installed by pip into a virtual environment in the \
cache folder of the user (XDG_CACHE_HOME), when they are first asked for.")]
pub struct BenchOptions {
    /// The formula.
    #[command(flatten)]
    pub input: InputOptions,
    /// The request.
    #[command(flatten)]
    pub request: RequestOptions,
    /// Numbers of the sizes: N=1e4,n=100
    #[arg(long, value_name = "NAME=N,…", help_heading = "Data")]
    pub sizes: Vec<String>,
    /// Seed of the random inputs
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Data")]
    pub seed: u64,
    /// Compute the Hessian too
    #[arg(long, help_heading = "Derivative")]
    pub hessian: bool,
    /// Tools to time beside
    #[arg(long, value_enum, value_name = "PEERS", value_delimiter = ',', help_heading = "Peers")]
    pub against: Vec<Peer>,
    /// A Python that has the tools
    #[arg(long, value_name = "PATH", help_heading = "Peers")]
    pub python: Option<std::path::PathBuf>,
    /// Numbers of threads
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024).map(usize::from), help_heading = "Run")]
    pub threads: Vec<usize>,
    /// Seconds for each contestant
    #[arg(long, value_name = "S", default_value_t = 1.0, help_heading = "Run")]
    pub seconds: f64,
}
