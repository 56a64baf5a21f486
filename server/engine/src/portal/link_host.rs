//! The program's own host for links: partners get it once it was found to lead here.

use super::{allow, note};
use crate::secrets::{Secrets, Use, hex};
use crate::{Error, Moment, Result};
use domain::accounts::Actor;
use domain::ids::ProgramId;
use domain::portal::{check_link_domain, link_server};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Where a server answers with its installation's mark.
pub const MARK_PATH: &str = "/.well-known/tributary";

/// How long each step of a check may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What this installation answers at [`MARK_PATH`]: made from its secret, which it doesn't tell.
#[must_use]
pub fn mark(secrets: &Secrets) -> String {
    hex(&secrets.keyed_hash(Use::Installation, b"links"))
}

/// Changes the host that the team wants for links, empty for the server's own. Another than the one in use counts once it
/// was checked; until then partners get the server's own. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `link_host`.
pub async fn set_link_host(conn: &mut PgConnection, moment: &Moment, actor: &Actor, host: &str) -> Result<()> {
    allow(actor)?;
    let host = host.trim().to_lowercase();
    check_link_domain(&host).map_err(|words| Error::field("link_host", words))?;
    let changed = sqlx::query!(
        "update portals set link_host = $2, link_host_checked_at = null, link_host_trouble = ''
         where program_id = $1 and link_host <> $2",
        actor.program() as ProgramId,
        host
    )
    .execute(&mut *conn)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    use_host(conn, actor.program(), "").await?;
    note(conn, moment, actor, "portal.link_host", json!({ "host": host })).await
}

/// Looks whether the host that the team wants for links leads here, and takes it into use or out of it; answers which.
/// Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Conflict` where no host is wanted.
pub async fn check_link_host(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    secrets: &Secrets,
    public_url: &str,
) -> Result<bool> {
    allow(actor)?;
    let host = sqlx::query_scalar!("select link_host from portals where program_id = $1", actor.program() as ProgramId)
        .fetch_optional(pool)
        .await?
        .filter(|host| !host.is_empty())
        .ok_or_else(|| Error::Conflict("Save a domain first.".into()))?;
    // Nothing of the database is held meanwhile.
    let trouble = leads_here(&host, public_url, &mark(secrets)).await.err().unwrap_or_default();
    let mut tx = pool.begin().await?;
    settle(&mut tx, moment, actor, &host, &trouble).await?;
    tx.commit().await?;
    Ok(trouble.is_empty())
}

/// Keeps what a check of a host has found, unless the team wants another by now.
pub(super) async fn settle(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    host: &str,
    trouble: &str,
) -> Result<()> {
    let kept = sqlx::query!(
        "update portals set link_host_checked_at = $3, link_host_trouble = $4
         where program_id = $1 and link_host = $2",
        actor.program() as ProgramId,
        host,
        moment.at,
        trouble
    )
    .execute(&mut *conn)
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(());
    }
    use_host(conn, actor.program(), if trouble.is_empty() { host } else { "" }).await?;
    note(conn, moment, actor, "portal.link_host", json!({ "host": host, "leads_here": trouble.is_empty() })).await
}

/// From now on links are shown with this host; empty: the server's own.
async fn use_host(conn: &mut PgConnection, program: ProgramId, host: &str) -> Result<()> {
    sqlx::query!(
        "update programs set link_domain = $2 where id = $1 and link_domain <> $2",
        program as ProgramId,
        host
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Asks the address that partners would get for the mark. What stands in the way is told in words.
async fn leads_here(host: &str, public_url: &str, mark: &str) -> std::result::Result<(), String> {
    let public = url::Url::parse(public_url).map_err(|_| "PUBLIC_URL is no address.".to_owned())?;
    let port = public.port_or_known_default().unwrap_or(80);
    let own = public.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let found = addresses(host, port).await?;
    // A server inside a private network, as in development, may have its links there too.
    let inside = addresses(own, port).await.is_ok_and(|own| own.iter().any(|at| is_private(at.ip())));
    if !inside && found.iter().any(|at| is_private(at.ip())) {
        return Err(format!("{host} leads into a private network."));
    }
    answers(&link_server(public_url, host), host, &found, mark).await
}

async fn addresses(host: &str, port: u16) -> std::result::Result<Vec<SocketAddr>, String> {
    let found: Vec<_> = match tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => found.collect(),
        _ => Vec::new(),
    };
    if found.is_empty() { Err(format!("DNS has no address for {host} yet.")) } else { Ok(found) }
}

/// Asks these addresses alone, whatever DNS says by then.
async fn answers(address: &str, host: &str, found: &[SocketAddr], mark: &str) -> std::result::Result<(), String> {
    // A second time it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .resolve_to_addrs(host, found)
        .build()
        .map_err(|_| "This server can't ask other servers: are there certificates on it?".to_owned())?;
    let mut answer = client.get(format!("{address}{MARK_PATH}")).send().await.map_err(|error| {
        if error.is_timeout() {
            format!("{address} does not answer in time.")
        } else {
            format!("{address} can't be reached: nothing answers there, or its certificate is not for this host.")
        }
    })?;
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > mark.len() {
            break;
        }
    }
    if body == mark.as_bytes() { Ok(()) } else { Err(format!("{address} leads to another server.")) }
}

/// Whether an address is none of the public internet.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || first == 0
                || first >= 240
                // Shared by a provider's customers.
                || first == 100 && (64..128).contains(&second)
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_private(IpAddr::V4(ip)),
            None => {
                ip.is_loopback()
                    || ip.is_unspecified()
                    || ip.is_multicast()
                    || ip.is_unique_local()
                    || ip.is_unicast_link_local()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A server that answers each request with these words.
    fn answering(words: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let address = listener.local_addr().expect("address");
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("connection");
                let read = stream.read(&mut [0; 4096]).expect("request");
                assert!(read > 0);
                let length = words.len();
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{words}")
                    .expect("answer");
            }
        });
        address
    }

    #[tokio::test]
    async fn a_host_leads_here_where_the_mark_is_answered() {
        let host = "go.acme.example";
        let at = answering("the mark");
        let address = format!("http://{host}:{}", at.port());
        assert_eq!(answers(&address, host, &[at], "the mark").await, Ok(()));
        let other = answers(&address, host, &[at], "another mark").await;
        assert!(other.is_err_and(|words| words.contains("another server")));
        let gone = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address");
        let nowhere = answers(&format!("http://{host}:{}", gone.port()), host, &[gone], "the mark").await;
        assert!(nowhere.is_err_and(|words| words.contains("can't be reached")));
    }

    #[test]
    fn private_networks_are_known() {
        for ip in
            ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_private(ip.parse().expect("ip")), "{ip}");
        }
        for ip in ["93.184.216.34", "100.128.0.1", "2606:2800:220:1::1"] {
            assert!(!is_private(ip.parse().expect("ip")), "{ip}");
        }
    }
}
