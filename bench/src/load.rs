//! HTTP load on loopback, small enough to share the machine with what it measures: keep-alive connections over plain
//! TCP, closed loop (as fast as answers come) or open loop (at a fixed rate, each latency from when the request was
//! due, so that a stall is not hidden by the requests that waited for it).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What one request asks: made from its number.
pub type Request = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// What came back over a whole run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Latencies of all answers.
    pub latencies: Vec<Duration>,
    /// How long the run took.
    pub took: Duration,
    /// Answers by status class 2xx, 3xx, 4xx, 5xx (places 2–5).
    pub by_class: [u64; 6],
    /// What `keep` took out of the answers' heads.
    pub kept: Vec<String>,
    /// Connections that broke.
    pub broken: u64,
}

impl Outcome {
    /// Answers a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    /// The latency that this share of answers stayed under (0.99: p99).
    #[must_use]
    pub fn percentile(&mut self, share: f64) -> Duration {
        self.latencies.sort_unstable();
        let place = ((self.latencies.len() as f64 * share).ceil() as usize).saturating_sub(1);
        self.latencies.get(place).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.kept.extend(other.kept);
        self.broken += other.broken;
        for (sum, more) in self.by_class.iter_mut().zip(other.by_class) {
            *sum += more;
        }
    }
}

/// How requests are paced.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection asks again as soon as it has its answer.
    Closed,
    /// So many requests a second over all connections, whatever the answers do.
    Open(f64),
}

/// A run: so many connections for so long. `keep` takes out of an answer's head what the caller wants to have.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    pace: Pace,
    request: Request,
    keep: fn(&str) -> Option<String>,
) -> Outcome {
    let (start, next) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(client(address, start, time, pace, request.clone(), next.clone(), keep)))
        .collect();
    let mut sum = Outcome::default();
    for client in clients {
        match client.await {
            Ok(outcome) => sum.add(outcome),
            Err(_) => sum.broken += 1,
        }
    }
    sum.took = start.elapsed().min(time);
    sum
}

async fn client(
    address: SocketAddr,
    start: Instant,
    time: Duration,
    pace: Pace,
    request: Request,
    next: Arc<AtomicU64>,
    keep: fn(&str) -> Option<String>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let Ok(mut stream) = TcpStream::connect(address).await else {
        outcome.broken = 1;
        return outcome;
    };
    stream.set_nodelay(true).ok();
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = match pace {
            Pace::Closed => Instant::now(),
            Pace::Open(rate) => start + Duration::from_secs_f64(number as f64 / rate),
        };
        if due.duration_since(start) >= time {
            return outcome;
        }
        tokio::time::sleep_until(due.into()).await;
        if stream.write_all(&request(number)).await.is_err() {
            outcome.broken += 1;
            return outcome;
        }
        let Some((class, head)) = answer(&mut stream, &mut buffer).await else {
            outcome.broken += 1;
            return outcome;
        };
        outcome.latencies.push(due.elapsed());
        outcome.by_class[class.min(5)] += 1;
        outcome.kept.extend(keep(&head));
    }
}

/// Reads one answer; its status class and its head. `None` where the connection ended before it was whole.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(usize, String)> {
    buffer.clear();
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let class = head.split(' ').nth(1)?.chars().next()?.to_digit(10)? as usize;
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let whole = |buffer: &[u8]| match field("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => buffer.len() >= head_end + length,
        None if field("transfer-encoding").is_some() => buffer.ends_with(b"0\r\n\r\n"),
        None => true,
    };
    while !whole(buffer) {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some((class, head))
}

/// One GET, with these further header lines; the whole answer.
pub async fn get(address: SocketAddr, path: &str, headers: &str) -> std::io::Result<String> {
    exchange(address, format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n")).await
}

/// One request as it goes over the wire, which must ask for the connection to close; the whole answer.
pub async fn exchange(address: SocketAddr, request: String) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
