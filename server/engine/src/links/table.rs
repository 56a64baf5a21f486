use crate::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{EnrollmentId, LinkId, ProgramId};
use domain::links::{Utm, own_query};
use domain::partners::EnrollmentStatus;
use domain::programs::ClickModel;
use domain::text::code_key;
use futures_util::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use sqlx::types::Json;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use uuid::Uuid;

/// Beyond so many changed links or partners at once, the program is read again as a whole.
const MOST_CHANGES: usize = 200;

/// All programs' links in memory: answers a short link without a query. About 200 bytes a link.
#[derive(Debug, Default)]
pub struct LinkTable {
    programs: RwLock<HashMap<ProgramId, ProgramLinks>>,
    slugs: RwLock<HashMap<String, ProgramId>>,
}

#[derive(Debug)]
struct ProgramLinks {
    rules: Arc<ProgramRules>,
    /// By code, present or past, as a key.
    codes: HashMap<Box<str>, LinkId>,
    links: HashMap<LinkId, Link>,
    /// Many links lead to the same place: it is kept once.
    destinations: HashSet<Arc<str>>,
}

#[derive(Debug)]
struct Link {
    enrollment: EnrollmentId,
    destination: Arc<str>,
    campaign: Option<Arc<Campaign>>,
    status: EnrollmentStatus,
    disabled: bool,
}

/// What few links have: a mark and a campaign of the partner's own.
#[derive(Debug, Default)]
pub struct Campaign {
    /// The sub-id that clicks have which bring none.
    pub sub_id: String,
    /// What is added to the destination's query.
    pub query: String,
}

/// What the short link and the snippet need of a program.
#[derive(Clone, Debug)]
pub struct ProgramRules {
    /// Its id.
    pub id: ProgramId,
    /// Its name in addresses.
    pub slug: String,
    /// Its time zone.
    pub zone: chrono_tz::Tz,
    /// The window in days, for which the cookie is kept.
    pub window_days: i32,
    /// First or last click.
    pub click_model: ClickModel,
    /// Whether nothing may be set or stored about a visitor before consent.
    pub consent_required: bool,
    /// The program's website, an absolute address.
    pub website: String,
    /// Hosts besides the website's own, where links may lead and the snippet may run.
    pub allowed_hosts: Vec<String>,
    /// The host under which links are shown; empty: the server's own.
    pub link_domain: String,
}

impl ProgramRules {
    /// The day of an instant in the program's time zone.
    #[must_use]
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

/// A short link that was found.
#[derive(Clone, Debug)]
pub struct ShortLink {
    /// Its program.
    pub program: Arc<ProgramRules>,
    /// The link.
    pub link: LinkId,
    /// Whose it is.
    pub enrollment: EnrollmentId,
    /// The partner's standing.
    pub status: EnrollmentStatus,
    /// Where it leads.
    pub destination: Arc<str>,
    /// Its own mark and campaign, where it has them.
    pub campaign: Option<Arc<Campaign>>,
}

impl ShortLink {
    /// Whether clicks are recorded: of partners who earn, or who are paused; others' visitors only land.
    #[must_use]
    pub fn records(&self) -> bool {
        matches!(self.status, EnrollmentStatus::Active | EnrollmentStatus::Paused)
    }
}

/// A code of a link, as it is read.
struct Row {
    code_key: String,
    link_id: LinkId,
    enrollment_id: EnrollmentId,
    destination: String,
    sub_id: String,
    utm: Json<Utm>,
    disabled: bool,
    status: EnrollmentStatus,
}

impl ProgramLinks {
    fn put(&mut self, row: Row) {
        let destination = match self.destinations.get(row.destination.as_str()) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = row.destination.into();
                self.destinations.insert(new.clone());
                new
            }
        };
        self.codes.insert(row.code_key.into(), row.link_id);
        let query = own_query(&row.sub_id, &row.utm);
        let campaign = (!query.is_empty()).then(|| Arc::new(Campaign { sub_id: row.sub_id, query }));
        let Row { enrollment_id: enrollment, status, disabled, .. } = row;
        self.links.insert(row.link_id, Link { enrollment, destination, campaign, status, disabled });
    }

    /// Takes out those links that have no code any more: those of a partner that was erased.
    fn forget(&mut self, changed: &[Uuid], rows: &[Row]) {
        let there: HashSet<LinkId> = rows.iter().map(|row| row.link_id).collect();
        let gone = changed.iter().copied().map(LinkId).filter(|link| !there.contains(link));
        let gone = gone.filter(|link| self.links.remove(link).is_some()).count();
        if gone > 0 {
            let Self { codes, links, .. } = self;
            codes.retain(|_, link| links.contains_key(link));
        }
    }
}

impl LinkTable {
    /// Reads all programs' links.
    ///
    /// # Errors
    /// `Database`.
    pub async fn load(pool: &PgPool) -> Result<Self> {
        let table = Self::default();
        table.reload(pool).await?;
        Ok(table)
    }

    /// Keeps the table fresh until the future is dropped: listens for changes, and reads everything again after the
    /// connection was lost.
    pub async fn run_listener(self: Arc<Self>, pool: PgPool) {
        loop {
            if let Err(error) = self.listen(&pool).await {
                tracing::warn!(%error, "the link table is not kept fresh; trying again");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn listen(&self, pool: &PgPool) -> Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("links").await?;
        // What changed before we listened.
        self.reload(pool).await?;
        loop {
            // `None`: the connection was lost and made again; what was told in between is lost.
            let Some(notice) = listener.try_recv().await? else {
                self.reload(pool).await?;
                continue;
            };
            let mut changes = Changes::default();
            changes.add(notice.payload());
            while let Some(notice) = listener.next_buffered() {
                changes.add(notice.payload());
            }
            self.refresh(pool, changes).await?;
        }
    }

    /// Reads all programs again.
    async fn reload(&self, pool: &PgPool) -> Result<()> {
        let programs = sqlx::query_scalar!(r#"select id as "id: ProgramId" from programs"#).fetch_all(pool).await?;
        for program in programs {
            self.reload_program(pool, program).await?;
        }
        Ok(())
    }

    async fn refresh(&self, pool: &PgPool, changes: Changes) -> Result<()> {
        for (program, Change { whole, links, partners }) in changes.programs {
            if whole || links.len() + partners.len() > MOST_CHANGES || self.rules(program).is_none() {
                self.reload_program(pool, program).await?;
                continue;
            }
            let links: Vec<Uuid> = links.into_iter().collect();
            let partners: Vec<Uuid> = partners.into_iter().collect();
            let rows = sqlx::query_as!(
                Row,
                r#"select c.code_key, l.id as "link_id: LinkId", l.enrollment_id as "enrollment_id: EnrollmentId",
                          l.destination, l.sub_id, l.utm as "utm: Json<Utm>",
                          l.disabled_at is not null as "disabled!", e.status as "status: EnrollmentStatus"
                   from links l
                   join link_codes c on c.program_id = l.program_id and c.link_id = l.id
                   join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
                   where l.program_id = $1 and (l.id = any($2) or l.enrollment_id = any($3))"#,
                program as ProgramId,
                &links,
                &partners
            )
            .fetch_all(pool)
            .await?;
            if let Some(known) = self.programs.write().unwrap_or_else(PoisonError::into_inner).get_mut(&program) {
                known.forget(&links, &rows);
                rows.into_iter().for_each(|row| known.put(row));
            }
        }
        Ok(())
    }

    async fn reload_program(&self, pool: &PgPool, program: ProgramId) -> Result<()> {
        let row = sqlx::query!(
            r#"select slug, time_zone, window_days, click_model as "click_model: ClickModel", consent_required, website,
                      allowed_hosts, link_domain
               from programs where id = $1"#,
            program as ProgramId
        )
        .fetch_one(pool)
        .await?;
        let rules = Arc::new(ProgramRules {
            id: program,
            slug: row.slug.clone(),
            zone: row.time_zone.parse().map_err(Error::internal)?,
            window_days: row.window_days,
            click_model: row.click_model,
            consent_required: row.consent_required,
            website: row.website,
            allowed_hosts: row.allowed_hosts,
            link_domain: row.link_domain,
        });
        let mut links =
            ProgramLinks { rules, codes: HashMap::new(), links: HashMap::new(), destinations: HashSet::new() };
        // One after the other: all rows of a large program beside its table would take more memory than the table.
        let mut rows = sqlx::query_as!(
            Row,
            r#"select c.code_key, l.id as "link_id: LinkId", l.enrollment_id as "enrollment_id: EnrollmentId",
                      l.destination, l.sub_id, l.utm as "utm: Json<Utm>",
                          l.disabled_at is not null as "disabled!", e.status as "status: EnrollmentStatus"
               from link_codes c
               join links l on l.program_id = c.program_id and l.id = c.link_id
               join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
               where c.program_id = $1"#,
            program as ProgramId
        )
        .fetch(pool);
        while let Some(row) = rows.try_next().await? {
            links.put(row);
        }
        drop(rows);
        self.programs.write().unwrap_or_else(PoisonError::into_inner).insert(program, links);
        let mut slugs = self.slugs.write().unwrap_or_else(PoisonError::into_inner);
        slugs.retain(|_, known| *known != program);
        slugs.insert(row.slug, program);
        Ok(())
    }

    /// The link of a code, present or past, whatever the case; `None` where there is none or it is switched off.
    #[must_use]
    pub fn find(&self, program_slug: &str, code: &str) -> Option<ShortLink> {
        let program = self.id(program_slug)?;
        let programs = self.programs.read().unwrap_or_else(PoisonError::into_inner);
        let program = programs.get(&program)?;
        let id = *program.codes.get(code_key(code).as_str())?;
        let link = program.links.get(&id).filter(|link| !link.disabled)?;
        Some(ShortLink {
            program: program.rules.clone(),
            link: id,
            enrollment: link.enrollment,
            status: link.status,
            destination: link.destination.clone(),
            campaign: link.campaign.clone(),
        })
    }

    /// A program by its name in addresses.
    #[must_use]
    pub fn program(&self, slug: &str) -> Option<Arc<ProgramRules>> {
        self.rules(self.id(slug)?)
    }

    fn id(&self, slug: &str) -> Option<ProgramId> {
        self.slugs.read().unwrap_or_else(PoisonError::into_inner).get(slug).copied()
    }

    fn rules(&self, program: ProgramId) -> Option<Arc<ProgramRules>> {
        let programs = self.programs.read().unwrap_or_else(PoisonError::into_inner);
        programs.get(&program).map(|known| known.rules.clone())
    }
}

/// What was told to have changed.
#[derive(Default)]
struct Changes {
    programs: HashMap<ProgramId, Change>,
}

#[derive(Default)]
struct Change {
    whole: bool,
    links: HashSet<Uuid>,
    partners: HashSet<Uuid>,
}

impl Changes {
    /// Adds a notice: `{program}`, `{program} link {id}` or `{program} partner {id}`. Anything else was not ours.
    fn add(&mut self, notice: &str) {
        let mut words = notice.split(' ');
        let Some(program) = words.next().and_then(|id| id.parse().ok()) else { return };
        let change = self.programs.entry(program).or_default();
        match (words.next(), words.next().and_then(|id| id.parse().ok())) {
            (Some("link"), Some(link)) => drop(change.links.insert(link)),
            (Some("partner"), Some(partner)) => drop(change.partners.insert(partner)),
            _ => change.whole = true,
        }
    }
}
