//! The command line.

use clap::{Args, Parser, Subcommand};
use domain::accounts::{Actor, Scope};
use domain::integrations::NewApiKey;
use engine::accounts::setup::{NewOwner, create_admin};
use engine::{Error, Moment, Result, demo, integrations, ledger, programs};
use server::config::Config;
use server::{logging, serve};
use sqlx::Postgres;
use sqlx::migrate::MigrateDatabase;
use std::process::ExitCode;

/// Tributary runs partner programs: links, clicks, referrals, commissions and payouts, on one ledger.
///
/// Without a command it serves. Every command finds the same database: DATABASE_URL, else the private cluster that
/// `make run` keeps in var/postgres.
#[derive(Parser)]
#[command(name = "tributary", version, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

const AFTER: &str = "Leptos.toml, here or beside the executable, says what is served from which folder; its settings are \
    overridden by LEPTOS_SITE_ADDR (where to listen, 127.0.0.1:3000) and its like. RUST_LOG chooses what is logged.";

#[derive(Subcommand)]
enum Command {
    /// Serve pages, API and short links, and work on jobs.
    Serve,
    /// Bring the database to this version; make it where it is missing.
    Migrate,
    /// Build two programs with people and a year of history, and print their sign-ins.
    Demo(Demo),
    /// The team.
    #[command(subcommand)]
    Admin(Admin),
    /// Keys for the API.
    #[command(subcommand)]
    ApiKey(ApiKey),
    /// Prove every invariant of the ledger over the whole database; fails at the first that does not hold.
    VerifyLedger,
}

#[derive(Args)]
struct Demo {
    /// Partners in the first program.
    #[arg(long, default_value_t = 60)]
    partners: u32,
    /// Months of history.
    #[arg(long, default_value_t = 12)]
    months: u32,
    /// Clicks in the first program.
    #[arg(long, default_value_t = 20_000)]
    clicks: u64,
}

#[derive(Subcommand)]
enum Admin {
    /// Create an owner, and the organization where there is none of that name. Prints the password if it made one.
    Create {
        /// The e-mail to sign in with.
        #[arg(long)]
        email: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// The organization's name.
        #[arg(long)]
        organization: String,
        /// The password, 10 characters or more; one is made where it is not given.
        #[arg(long, env = "TRIBUTARY_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
}

#[derive(Subcommand)]
enum ApiKey {
    /// Make a key and print it: the key alone, this once.
    Create {
        /// The program, by its name in addresses.
        #[arg(long)]
        program: String,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// What it may do: track, read, manage; or submit, for one partner's leads.
        #[arg(long, visible_alias = "scope", value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// With submit: the code of the partner whose leads it submits.
        #[arg(long)]
        partner: Option<String>,
    },
}

/// Rendering a page allocates a lot: a third of its time was spent in the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.config.log_format);
    // Four at least: rendering waits for itself on fewer.
    let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(Error::internal(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tributary: {}", words(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let config = &cli.config;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(config).await,
        Command::Migrate => migrate(config).await,
        Command::Demo(options) => build_demo(config, &options).await,
        Command::Admin(Admin::Create { email, name, organization, password }) => {
            let pool = serve::command_pool(config).await?;
            let moment = Moment::now();
            let made = password.is_none().then(|| moment.token()[..20].to_owned());
            let password = password.or(made.clone()).unwrap_or_default();
            create_admin(&pool, &moment, &NewOwner { name, email, password, organization }).await?;
            if let Some(password) = made {
                println!("{password}");
            }
            Ok(())
        }
        Command::ApiKey(ApiKey::Create { program, name, scopes, partner }) => {
            let pool = serve::command_pool(config).await?;
            let program = programs::by_slug(&mut *pool.acquire().await?, &program).await?;
            let actor = Actor::System { program: program.id };
            let input = NewApiKey { name, scopes, partner_code: partner.unwrap_or_default() };
            let made = integrations::api_keys::create(&pool, &Moment::now(), &actor, &input).await?;
            println!("{}", made.key);
            Ok(())
        }
        Command::VerifyLedger => {
            let pool = serve::command_pool(config).await?;
            let broken = ledger::verify(&pool).await?;
            match broken.first() {
                None => println!("The ledger is sound."),
                Some(first) => {
                    let examples = first.examples.join(", ");
                    let cause = format!("{} does not hold for {} rows: {examples}", first.invariant, first.count);
                    return Err(Error::internal(cause));
                }
            }
            Ok(())
        }
    }
}

async fn migrate(config: &Config) -> Result<()> {
    let url = config.database_url().map_err(Error::internal)?;
    if !Postgres::database_exists(&url).await? {
        Postgres::create_database(&url).await?;
    }
    engine::migrate(&serve::command_pool(config).await?).await
}

async fn build_demo(config: &Config, options: &Demo) -> Result<()> {
    let pool = serve::command_pool(config).await?;
    let Demo { partners, months, clicks } = *options;
    let options = demo::Options {
        at: Moment::now().at,
        partners,
        months,
        clicks,
        seed: 1,
        public_url: serve::public_url(config)?,
        files: config.files()?,
    };
    match demo::build(&pool, &config.secrets()?, &options).await? {
        demo::Outcome::AlreadyThere => println!("The demo is there already."),
        demo::Outcome::Built { clicks, sales, commissions } => {
            println!("The demo: {clicks} clicks, {sales} sales, {commissions} commissions.");
        }
    }
    let (admin, partner, password) = (demo::ADMIN, demo::PARTNER, demo::PASSWORD);
    println!("Sign in as {admin} (admin) or {partner} (partner), password {password}.");
    if !config.demo {
        println!("Serve it with TRIBUTARY_DEMO=true: without that nobody signs in by this password.");
    }
    Ok(())
}

/// An error in words for whoever typed the command.
fn words(error: &Error) -> String {
    match error {
        Error::NotFound(what) => format!("there is no such {what}"),
        Error::Invalid(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
            fields.join("; ")
        }
        Error::Internal(cause) => cause.clone(),
        Error::Database(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "42P01") => {
            "the database has no tables yet: run `tributary migrate`".into()
        }
        Error::Database(error) => format!("the database: {error}"),
        other => other.to_string(),
    }
}
