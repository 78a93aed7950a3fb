//! From the flags to what the engine is asked for.

use crate::options::RequestOptions;
use hesse::{Form, Request, Want};

/// The request of the flags.
pub fn request(options: &RequestOptions, want: Want) -> Request {
    Request {
        target: options.target.clone(),
        wrt: options.wrt.iter().map(|name| name.trim().to_string()).collect(),
        wrt2: options.wrt2.clone(),
        want,
        order: options.nth.into(),
        layout: options.layout.unwrap_or_default().into(),
        form: if options.vec { Form::Vec } else { Form::Natural },
        structure: options.structure.map(|s| s.name().to_string()),
        elimination: options.order.into(),
    }
}
