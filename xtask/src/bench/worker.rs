//! A worker: one process for one workload, one peer, one number of threads (the protocol is in `bench/README.md`).

use super::json::Json;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// A running worker.
pub struct Worker {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

/// What a worker answers to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Figures.
    Done(Json),
    /// It does not do this; why.
    Skipped(String),
    /// It could not; why. It goes on.
    Failed(String),
    /// It said nothing in time, or ended: it is no longer there.
    Gone(String),
}

impl Worker {
    /// Starts a command; its first answer says that it is ready.
    pub fn start(command: &mut Command) -> Result<Worker, String> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().map_err(|e| format!("cannot be started: {e}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Err("has no pipes".into()) };
        let (send, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Worker { child, input, answers })
    }

    /// Waits for an answer.
    pub fn answer(&mut self, seconds: f64) -> Answer {
        let line = match self.answers.recv_timeout(Duration::from_secs_f64(seconds)) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Answer::Gone(format!("no answer within {seconds} s")),
            Err(RecvTimeoutError::Disconnected) => {
                let end = self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
                return Answer::Gone(format!("ended: {end}"));
            }
        };
        match Json::parse(&line) {
            Ok(json) => match (json.text("error"), json.text("skip")) {
                (Some(why), _) => Answer::Failed(first_line(why)),
                (_, Some(why)) => Answer::Skipped(why.to_string()),
                _ => Answer::Done(json),
            },
            Err(why) => Answer::Gone(why),
        }
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, words: &[&str], seconds: f64) -> Answer {
        match writeln!(self.input, "{}", words.join("\t")).and_then(|()| self.input.flush()) {
            Ok(()) => self.answer(seconds),
            Err(_) => self.answer(1.0),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that ended by itself is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is said of a failure in one line.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or("").trim();
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Worker {
        Worker::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn answers_by_kind() {
        let script = r#"
            read a; printf '{"got": "%s"}\n' "$a"
            read a; printf '%s\n' '{"skip": "too large"}'
            read a; printf '%s\n' '{"error": "no\nreally"}'
            read a; exit 3"#;
        let mut w = shell(script);
        assert_eq!(w.ask(&["time", "0.1"], 5.0), Answer::Done(Json::object(vec![("got", Json::from_text("time\t0.1"))])));
        assert_eq!(w.ask(&["x"], 5.0), Answer::Skipped("too large".into()));
        assert_eq!(w.ask(&["x"], 5.0), Answer::Failed("no".into()));
        assert!(matches!(w.ask(&["x"], 5.0), Answer::Gone(why) if why.contains('3')));
    }

    #[test]
    fn silence_and_noise() {
        let mut w = shell("read a; sleep 60");
        assert_eq!(w.ask(&["x"], 0.05), Answer::Gone("no answer within 0.05 s".into()));
        let mut w = shell("echo Traceback");
        assert!(matches!(w.answer(5.0), Answer::Gone(_)));
        assert!(Worker::start(&mut Command::new("/no/such/program")).is_err());
    }
}
