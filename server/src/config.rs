//! What the environment says: one struct, which `--help` and the README's table describe.

use clap::Args;
use std::path::{Path, PathBuf};

/// The settings of every command. Each is an environment variable, and an option for those who prefer that.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Config {
    /// Postgres; without it the private cluster that `make run` keeps in var/postgres.
    #[arg(long, env, global = true, hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,

    /// Where people and browsers reach this server; https makes cookies Secure [default: http://<site address>]
    #[arg(long, env, global = true, value_name = "URL")]
    public_url: Option<String>,

    /// The mail server, such as smtps://user:password@mail.example; without it mail lies in the admin's outbox.
    #[arg(long, env, global = true, hide_env_values = true, value_name = "URL")]
    smtp_url: Option<String>,

    /// Who mail is from.
    #[arg(long, env, global = true, default_value = "Tributary <tributary@localhost>", value_name = "ADDRESS")]
    pub mail_from: String,

    /// What encrypts payout details and second factors and keys hashes, 32 characters or more.
    #[arg(long = "secret", env = "TRIBUTARY_SECRET", global = true, hide_env_values = true, value_name = "TEXT")]
    pub secret: Option<String>,

    /// Demo mode: the demo shop at /shop, and the demo's sign-ins.
    #[arg(long = "demo-mode", env = "TRIBUTARY_DEMO", global = true, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_name = "BOOL")]
    pub demo: bool,

    /// The header in which a trusted proxy passes the visitor's address, such as x-forwarded-for: its last entry counts.
    #[arg(long, env, global = true, value_name = "HEADER")]
    pub client_ip_header: Option<http::HeaderName>,

    /// The header in which a trusted proxy passes the visitor's country, such as cf-ipcountry; without it countries are unknown.
    #[arg(long, env, global = true, value_name = "HEADER")]
    pub country_header: Option<http::HeaderName>,

    /// Where uploaded files lie: s3://bucket/folder (with the AWS_… variables) or file:///folder; without it var/files.
    #[arg(long, env, global = true, value_name = "URL")]
    files_url: Option<String>,

    /// How many connections to Postgres one process opens at most.
    #[arg(long, env, global = true, default_value_t = 20, value_name = "N")]
    pub database_connections: u32,

    /// How log lines are written.
    #[arg(long, env, global = true, value_enum, default_value_t = LogFormat::Pretty)]
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// The address of the database: `DATABASE_URL`, else that of the private cluster, here or beside the executable.
    ///
    /// # Errors
    /// One sentence that says how to name a database.
    pub fn database_url(&self) -> Result<String, String> {
        if let Some(url) = self.database_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            return Ok(url.to_owned());
        }
        places()
            .find_map(|folder| std::fs::read_to_string(folder.join("var/postgres/url")).ok())
            .map(|url| url.trim().to_owned())
            .ok_or_else(|| "no database: set DATABASE_URL or run `make run`, which keeps one in var/postgres".into())
    }

    /// What hashes and encrypts: from `TRIBUTARY_SECRET`, else from var/secret, which is made at the first start.
    ///
    /// # Errors
    /// `Internal` where the secret is too short, or the file can't be read or made.
    pub fn secrets(&self) -> engine::Result<engine::secrets::Secrets> {
        let configured = self.secret.as_deref().filter(|secret| !secret.trim().is_empty());
        let folder = places().find(|folder| folder.join("var").is_dir()).unwrap_or_default();
        engine::secrets::Secrets::load(configured, &folder.join("var/secret"))
    }

    /// Where uploaded files lie: as `FILES_URL` says, else in var/files, which is made where it is missing.
    ///
    /// # Errors
    /// `Internal` where the address is wrong, or the folder can't be made.
    pub fn files(&self) -> engine::Result<engine::files::Store> {
        if let Some(url) = self.files_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            return engine::files::Store::open(url, std::env::vars());
        }
        let folder = places().find(|folder| folder.join("var").is_dir()).unwrap_or_default();
        engine::files::Store::folder(&folder.join("var/files"))
    }

    /// The mail server; an empty setting counts as none.
    #[must_use]
    pub fn smtp_url(&self) -> Option<&str> {
        self.smtp_url.as_deref().map(str::trim).filter(|url| !url.is_empty())
    }

    /// Where browsers reach this server, without a slash at the end.
    #[must_use]
    pub fn public_url(&self, site_addr: std::net::SocketAddr) -> String {
        match self.public_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{site_addr}"),
        }
    }
}

/// Where var/ is looked for: here, beside the executable, and in the folder above that.
fn places() -> impl Iterator<Item = PathBuf> {
    let executable = executable_folder();
    [Some(PathBuf::new()), executable.clone(), executable.map(|folder| folder.join(".."))].into_iter().flatten()
}

/// The folder of the running executable.
fn executable_folder() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(Path::to_path_buf)
}

/// What is served, where, from which site folder: from Leptos.toml here, else beside the executable.
///
/// # Errors
/// What is wrong with the file, or that there is none.
pub fn leptos_options() -> Result<leptos::config::LeptosOptions, String> {
    let file = [Some(PathBuf::from(".")), executable_folder()]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("Leptos.toml"))
        .find(|file| file.is_file())
        .ok_or("Leptos.toml is neither here nor beside the executable: run `make build`")?;
    let mut options = leptos::config::get_configuration(file.to_str())
        .map_err(|error| format!("{}: {error}", file.display()))?
        .leptos_options;
    if let Some(folder) = file.parent() {
        let root = folder.join(&*options.site_root);
        options.site_root = root.to_string_lossy().into();
    }
    // The build hashes the package: its folder's name is in pkg/current.
    if let Ok(hash) = std::fs::read_to_string(Path::new(&*options.site_root).join("pkg/current")) {
        options.site_pkg_dir = format!("pkg/{}", hash.trim()).into();
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn options_override_and_trim() {
        let parsed = Command::parse_from([
            "tributary",
            "--database-url= postgres://x/y ",
            "--public-url=https://partners.example/",
            "--demo-mode",
        ]);
        assert_eq!(parsed.config.database_url(), Ok("postgres://x/y".into()));
        assert_eq!(parsed.config.public_url(([127, 0, 0, 1], 3000).into()), "https://partners.example");
        assert!(parsed.config.demo);
    }
}
